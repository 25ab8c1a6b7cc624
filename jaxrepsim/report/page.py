"""The report page: one HTML file that needs nothing else, and one loop over its sections."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from xarray import DataTree

from jaxrepsim.files import write_text
from jaxrepsim.report.configuration import settings
from jaxrepsim.report.doubtful import FEW_SAMPLES
from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.figure import Drawing
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results, names, plural, rounded, some_layers
from jaxrepsim.report.schema import check, provenance
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import SECTIONS
from jaxrepsim.report.sections.similarity.sentences import headline
from jaxrepsim.report.style import FAINT, INK, MUTED, PAPER, Column, dark_colors
from jaxrepsim.report.svg import custom_property, inline
from jaxrepsim.report.tables import Cell

_COLUMNS: tuple[Column, ...] = ("double", "single")


def build(
    results: DataTree,
    path: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]] = (),
    sections: Sequence[Section] = SECTIONS,
    figures: Mapping[str, Figure] | None = None,
) -> None:
    """Writes the report of a comparison as one self-contained HTML file; the same results give the same bytes.

    The page holds its style sheet and its figures, runs no script and asks for nothing over the network. It follows the
    reader's light or dark scheme, and shows figures of one column on a narrow screen.

    Args:
        results: The tree of results; see `jaxrepsim.report.schema`.
        path: The file, by convention `report.html`.
        files: What the page links to, by the way from its own folder: files of the results, and of figures, which are
            linked beside the figure that has their name.
        sections: What it shows, in this order, as far as the results hold it.
        figures: Those of two columns, where `jaxrepsim.report.draw` has drawn them already.

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
    filters = (_breakable, _duration, _interval, plural, rounded, _short, _unbroken)
    environment.filters |= {function.__name__.removeprefix("_"): function for function in filters}
    environment.globals["zip"] = zip
    here = [section for section in sections if section.is_in(checked)]
    drawn = some_layers(checked)
    known = _said(checked, here) | _known(drawn, sections) | _links(path, files, here)
    html = [(section, _section(environment, section, drawn, known, figures or {})) for section in here]
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


def _section(
    environment: Environment,
    section: Section,
    results: Results,
    known: Mapping[str, Any],
    wide: Mapping[str, Figure],
) -> Markup:
    figures = {drawing.name: _drawn(drawing, results, wide) for drawing in section.drawings(results)}
    return _rendered(environment, section.template, {**known, "figures": figures, **section.context(results)})


def _rendered(environment: Environment, template: Path, known: Mapping[str, Any]) -> Markup:
    return Markup(environment.from_string(template.read_text(encoding="utf-8")).render(known))


def _drawn(drawing: Drawing, results: Results, wide: Mapping[str, Figure]) -> dict[str, Any]:
    colors = dark_colors(results.sizes["epsilon"], results.sizes["layer"])
    columns = {}
    for column in _COLUMNS:
        figure = wide.get(drawing.name) if column == "double" else None
        figure = drawing.figure(results, column) if figure is None else figure
        columns[column] = inline(figure, f"{drawing.name}-{column}-", colors)
    return {
        "title": drawing.title,
        "caption": drawing.caption(results),
        "description": drawing.description,
        "columns": columns,
    }


def _links(
    page: str | os.PathLike[str], files: Sequence[str | os.PathLike[str]], sections: Sequence[Section]
) -> dict[str, Any]:
    """Links to the files of each figure, by its name, and to the other files: pairs of text and address."""
    drawings = {drawing.name for section in sections for drawing in section.figures}
    of_figures: dict[str, list[tuple[str, str]]] = {}
    of_results = []
    for file in files:
        way = Path(os.path.relpath(file, Path(page).parent)).as_posix()
        if Path(file).stem in drawings and Path(file).suffix != ".csv":
            of_figures.setdefault(Path(file).stem, []).append((Path(file).suffix.lstrip(".").upper(), quote(way)))
        else:
            of_results.append((way, quote(way)))
    return {"figure_files": of_figures, "files": of_results}


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _interval(cell: Cell) -> str:
    """From the lowest to the highest; a dash beside a sign such as > or − would not read."""
    low, high = rounded(cell.low), rounded(cell.high)
    if low == high:
        return low
    return f"{low}–{high}" if low[0].isdigit() and high[0].isdigit() else f"{low} to {high}"


def _short(value: float) -> str:
    """A number with three digits that count, ∞, or a dash where there is none."""
    if math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{float(f'{value:.3g}'):,g}"


def _breakable(name: str) -> Markup:
    """Lets a long name wrap where its parts meet."""
    return Markup("<wbr>").join(re.split(r"(?<=[./_-])", name))


def _unbroken(text: str) -> str:
    """Keeps `ε = 0.5` on one line."""
    return text.replace("ε = ", "ε\u00a0=\u00a0")
