"""The report page: one HTML file that needs nothing else, and one loop over its sections."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from xarray import DataTree

from jaxrepsim.files import write_text
from jaxrepsim.report.configuration import settings
from jaxrepsim.report.doubtful import FEW_SAMPLES
from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.figure import Drawing
from jaxrepsim.report.files import write_figure
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.readings import readings
from jaxrepsim.report.results import Results, names, of_chance, plural, rounded, short, some_layers
from jaxrepsim.report.schema import check, provenance
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import SECTIONS
from jaxrepsim.report.sections.similarity.sentences import headline
from jaxrepsim.report.style import FAINT, INK, MUTED, PAPER, Column, dark_colors
from jaxrepsim.report.svg import custom_property, drawn, inline
from jaxrepsim.report.tables import Cell

_COLUMNS: tuple[Column, ...] = ("double", "single")


def build(
    results: DataTree,
    path: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]] = (),
    sections: Sequence[Section] = SECTIONS,
    figures: str | os.PathLike[str] | None = None,
) -> None:
    """Writes the report of a comparison as one self-contained HTML file; the same results give the same bytes.

    The page holds its style sheet and its figures, runs no script and asks for nothing over the network. It follows the
    reader's light or dark scheme, and shows figures of one column on a narrow screen. The values that figures show are
    told where a reader points at them, and listed below them, for those who do not point.

    Args:
        results: The tree of results; see `jaxrepsim.report.schema`.
        path: The file, by convention `report.html`.
        files: What the page links to, by the way from its own folder, as far as it is there.
        sections: What it shows, in this order, as far as the results hold it.
        figures: A folder to which each figure is also written, as `write_figures` does, and linked below it.

    Raises:
        InputError: The tree is not one of match results, or its attributes cannot be read.
    """
    checked = check(results, sections)
    environment = Environment(
        loader=PackageLoader("jaxrepsim.report", "."),
        autoescape=True,  # names come from users' files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (_breakable, _duration, _interval, of_chance, plural, rounded, short, _unbroken)
    environment.filters |= {function.__name__.removeprefix("_"): function for function in filters}
    environment.globals["zip"] = zip
    here = [section for section in sections if section.is_in(checked)]
    shown = some_layers(checked)
    links = [_link(path, file) for file in map(Path, files) if file.exists()]
    known = _said(checked, here) | _known(shown, sections) | {"files": links}
    html = []
    for section in here:
        drawings = {drawing.name: _drawn(drawing, shown, path, figures) for drawing in section.drawings(shown)}
        context = {**known, "figures": drawings, **section.context(shown)}
        html.append((section, _rendered(environment, section.template, context)))
    methods = [_rendered(environment, section.method, known) for section in here if section.method.exists()]
    page = known | {"sections": html, "methods": methods}
    write_text(path, environment.get_template("template.html").render(page))


def _said(results: Results, sections: Sequence[Section]) -> dict[str, Any]:
    """What is counted from all layers, of which figures and tables show some."""
    sentences = [sentence for section in sections for sentence in section.sentences(results)]
    return {"headline": headline(results), "sentences": sentences, "every_layer": results.sizes["layer"]}


def _known(results: Results, sections: Sequence[Section]) -> dict[str, Any]:
    """What all templates read besides."""
    layers = names(results, "layer")
    colors = dark_colors(results.sizes["epsilon"], len(layers))
    return {
        "about": provenance(results),
        "layers": layers,
        "networks": names(results, "network"),
        "pairs": names(results, "pair"),
        "epsilons": epsilon_labels(results),
        "redraws": results["similarity"].sizes["redraw"],
        "settings": settings(results, sections),
        "shortened": any(layer_labels(layers, column).names != layers for column in _COLUMNS),
        "few_samples": FEW_SAMPLES,
        "light": {"ink": INK, "muted": MUTED, "faint": FAINT, "paper": PAPER},
        "dark": {"ink": colors[INK], "muted": colors[MUTED], "faint": colors[FAINT], "paper": colors[PAPER]},
        "figure_colors": {custom_property(light): dark for light, dark in colors.items()},
    }


def _rendered(environment: Environment, template: Path, known: Mapping[str, Any]) -> Markup:
    return Markup(environment.from_string(template.read_text(encoding="utf-8")).render(known))


def _drawn(
    drawing: Drawing, results: Results, page: str | os.PathLike[str], folder: str | os.PathLike[str] | None
) -> dict[str, Any]:
    colors = dark_colors(results.sizes["epsilon"], results.sizes["layer"])
    wide, narrow = (drawing.figure(results, column) for column in _COLUMNS)
    files = write_figure(wide, folder, drawing.name) if folder else []
    svgs = files[0].read_bytes() if files else drawn(wide), drawn(narrow)
    tables = readings(wide)
    areas = ([area for table in tables for area in table.areas], [])
    columns = {
        column: inline(svg, f"{drawing.name}-{column}-", colors, pointed)
        for column, svg, pointed in zip(_COLUMNS, svgs, areas, strict=True)
    }
    return {
        "title": drawing.title,
        "caption": drawing.caption(results),
        "description": drawing.description,
        "columns": columns,
        "readings": tables,
        "files": [(file.suffix.lstrip(".").upper(), _link(page, file)[1]) for file in files],
    }


def _link(page: str | os.PathLike[str], file: Path) -> tuple[str, str]:
    """The way from the page to a file, as text and as an address."""
    way = Path(os.path.relpath(file, Path(page).parent)).as_posix()
    return way, quote(way)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "<0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _interval(cell: Cell) -> str:
    """From the lowest to the highest, empty where both are the mean; a dash beside a sign would not read."""
    low, high = rounded(cell.low), rounded(cell.high)
    if low == high == rounded(cell.mean):
        return ""
    return f"{low}–{high}" if low[0].isdigit() and high[0].isdigit() else f"{low} to {high}"


def _breakable(name: str) -> Markup:
    """Lets a long name wrap where its parts meet, and no number."""
    return Markup("<wbr>").join(re.split(r"(?<=[/_-])|(?<=[.])(?![0-9])", name))


def _unbroken(text: str) -> str:
    """Keeps `ε = 0.5` on one line."""
    return text.replace("ε = ", "ε\u00a0=\u00a0")
