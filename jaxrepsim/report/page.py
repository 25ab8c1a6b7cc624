"""The report page: one HTML file that needs nothing else."""

import math
import os
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from xarray import Dataset

from jaxrepsim.files import write_text
from jaxrepsim.report.alignment_tables import OneToManyRow, many_to_many_rows, one_to_many_rows
from jaxrepsim.report.configuration import settings
from jaxrepsim.report.figures import FAMILIES, Family
from jaxrepsim.report.findings import details, headline
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.panels import some_layers
from jaxrepsim.report.schema import GROUPS, check, holds, provenance
from jaxrepsim.report.stability import stability_rows
from jaxrepsim.report.style import FAINT, INK, MUTED, PAPER, Column, dark_colors
from jaxrepsim.report.summaries import epsilon_labels, headline_epsilon, names, plural, rounded
from jaxrepsim.report.svg import custom_property, inline
from jaxrepsim.report.tables import FEW_SAMPLES, Cell, layer_rows, minimal_rows, network_rows
from jaxrepsim.report.theory_tables import ChanceRow, DecompositionRow, chance_rows, decomposition_rows, joint_rows
from jaxrepsim.report.unit_tables import one_to_one_rows, together_rows

_COLUMNS: tuple[Column, ...] = ("double", "single")


def build(results: Dataset, path: str | os.PathLike[str], files: Sequence[str | os.PathLike[str]] = ()) -> None:
    """Writes the report of a comparison as one self-contained HTML file; the same results give the same bytes.

    The page holds its style sheet and its figures, runs no script and asks for nothing over the network. It follows the
    reader's light or dark scheme, and shows figures of one column on a narrow screen.

    Args:
        results: The Dataset.
        path: The file, by convention `report.html`.
        files: What the page links to, by the way from its own folder: files of the results, and of figures, which are
            linked beside the figure that has their name.

    Raises:
        InputError: The Dataset is not one of match results, or its attributes cannot be read.
    """
    check(results)
    environment = Environment(
        loader=PackageLoader("jaxrepsim.report", "."),
        autoescape=True,  # names come from users' files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "duration": _duration,
        "interval": _interval,
        "plural": plural,
        "rounded": rounded,
        "short": _short,
        "unbroken": _unbroken,
    }
    environment.globals["zip"] = zip
    write_text(path, environment.get_template("template.html").render(_context(results) | _links(path, files)))


def _context(results: Dataset) -> dict[str, Any]:
    about = provenance(results)
    found, every = {"headline": headline(results), "details": details(results)}, results.sizes["layer"]
    results = some_layers(results)
    layers = names(results, "layer")
    colors = dark_colors(results.sizes["epsilon"], len(layers))
    return found | {
        "about": about,
        "every_layer": every,
        "layers": layer_rows(results),
        "networks": network_rows(results),
        "minimal": minimal_rows(results),
        "pairs": names(results, "pair"),
        "epsilons": epsilon_labels(results),
        "redraws": results.sizes["redraw"],
        "settings": settings(results),
        "groups": {name: _rows(name, results) for name in GROUPS if holds(results, name)},
        "aligned": any(holds(results, group) for group in ("one_to_one", "sparse", "clusters")),
        "together": together_rows(results),
        "together_epsilon": headline_epsilon(results),
        "figures": {family.name: _figure(family, results, colors) for family in FAMILIES if family.present(results)},
        "shortened": any(layer_labels(layers, column).names != layers for column in _COLUMNS),
        "few_samples": FEW_SAMPLES,
        "light": {"ink": INK, "muted": MUTED, "faint": FAINT, "paper": PAPER},
        "dark": {"ink": colors[INK], "muted": colors[MUTED], "faint": colors[FAINT], "paper": colors[PAPER]},
        "figure_colors": {custom_property(light): dark for light, dark in colors.items()},
    }


def _links(page: str | os.PathLike[str], files: Sequence[str | os.PathLike[str]]) -> dict[str, Any]:
    """Links to the files of each figure, by its name, and to the other files: pairs of text and address."""
    figures: dict[str, list[tuple[str, str]]] = {}
    others = []
    for file in files:
        way = Path(os.path.relpath(file, Path(page).parent)).as_posix()
        if any(family.name == Path(file).stem for family in FAMILIES):
            figures.setdefault(Path(file).stem, []).append((Path(file).suffix.lstrip(".").upper(), quote(way)))
        else:
            others.append((way, quote(way)))
    return {"figure_files": figures, "files": others}


def _rows(group: str, results: Dataset) -> Sequence[Any]:
    """The table of an optional group; none where figures say it all."""
    match group:
        case "decomposition":
            return _by_layer(decomposition_rows(results))
        case "chance":
            return _by_layer(chance_rows(results))
        case "joint":
            return joint_rows(results)
        case "stability":
            return stability_rows(results)
        case "one_to_one":
            return one_to_one_rows(results)
        case "sparse":
            return _by_layer(one_to_many_rows(results))
        case "clusters":
            return many_to_many_rows(results)
    return []


def _by_layer(rows: Sequence[DecompositionRow | ChanceRow | OneToManyRow]) -> list[dict[str, Any]]:
    return [{"layer": layer, "rows": list(part)} for layer, part in groupby(rows, lambda row: row.layer)]


def _figure(family: Family, results: Dataset, colors: dict[str, str]) -> dict[str, str | dict[str, Markup]]:
    drawings = {column: inline(family.draw(results, column), f"{family.name}-{column}-", colors) for column in _COLUMNS}
    return {"caption": family.caption(results), "description": family.description, "drawings": drawings}


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
