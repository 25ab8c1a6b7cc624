"""The directive `drawing`: a figure of the report, drawn from kept results while the site is built, with its caption.

One column of a paper wide on a narrow screen, two on others, as on the report page.
"""

from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from jaxrepsim import Comparison
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.report import SECTIONS, check
from jaxrepsim.report.figure import Drawing

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "digits" / "results" / "results.nc"

NETWORKS = Drawing(
    "networks",
    "Distances between networks",
    lambda results, column: Comparison(results).plot.networks(column=column),
    lambda results: "Distances between all networks: a matrix in the order of a dendrogram, and a map.",
    "A heat map of networks against networks, and a map with a point for each network.",
)
"""Of `Comparison.plot`; the report has no such figure."""
DRAWINGS = {drawing.name: drawing for section in SECTIONS for drawing in section.figures} | {"networks": NETWORKS}


@cache
def _results():
    return check(read_netcdf(RESULTS))


class DrawingDirective(SphinxDirective):
    """Takes the name of a figure, which is that of its files in a run folder."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        drawing = DRAWINGS[self.arguments[0]]
        folder = Path(self.env.app.outdir) / "_images" / "drawings"
        folder.mkdir(parents=True, exist_ok=True)
        for column in ("single", "double"):
            drawing.figure(_results(), column).savefig(folder / f"{drawing.name}-{column}.png", dpi=144)
        self.env.note_dependency(str(RESULTS))
        image = "../" * self.env.docname.count("/") + f"_images/drawings/{drawing.name}"
        html = (
            f'<figure class="drawing"><picture><source media="(max-width: 600px)" srcset="{image}-single.png">'
            f'<img src="{image}-double.png" alt="{escape(drawing.description)}"></picture>'
            f"<figcaption>{escape(drawing.caption(_results()))}</figcaption></figure>"
        )
        return [nodes.raw("", html, format="html")]


def setup(app):
    app.add_directive("drawing", DrawingDirective)
    return {"parallel_read_safe": True}
