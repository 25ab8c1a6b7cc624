"""How many dimensions each layer fills."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from jaxrepsim.report.figure import Drawing, framed, over_layers
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results, names, over_known
from jaxrepsim.report.section import PURE, Section, Variable
from jaxrepsim.report.style import MUTED, Column, category_style
from jaxrepsim.report.tables import Cell, cells, long_table

_AXES_HEIGHT = {"single": 2.0, "double": 2.4}
_NUMBERS = ("participation_ratio", "effective_rank")
VARIABLES: dict[str, Variable] = {
    "participation_ratio": Variable(
        ("layer", "network"),
        "participation ratio",
        "(Σ σ²)² / Σ σ⁴ of the singular values σ of the network's activations, nothing centred.",
        PURE,
    ),
    "effective_rank": Variable(
        ("layer", "network"),
        "effective rank",
        "Exponential of the entropy −Σ p ln p of p = σ / Σ σ, σ the singular values of the network's activations, "
        "nothing centred.",
        PURE,
    ),
}


class DimensionalityRow(NamedTuple):
    """One layer, over networks."""

    layer: str
    units: int
    participation_ratio: Cell
    effective_rank: Cell


def _rows(results: Results) -> list[DimensionalityRow]:
    columns = [cells(over_known(results[f"dimensionality/{name}"].values)) for name in _NUMBERS]
    units = results["similarity/units"].values.tolist()
    return [DimensionalityRow(*row) for row in zip(names(results, "layer"), units, *columns, strict=True)]


def _context(results: Results) -> dict[str, Any]:
    return {"rows": _rows(results)}


def _table(results: Results) -> DataFrame:
    return long_table(results["dimensionality"].to_dataset()[[*_NUMBERS]], ["layer", "network"], "effective_rank")


def _sentences(results: Results) -> list[str]:
    mean = over_known(results["dimensionality/participation_ratio"].values).mean
    if np.isnan(mean).all():
        return []
    layers = names(results, "layer")
    low, high = int(np.nanargmin(mean)), int(np.nanargmax(mean))
    if low == high:
        return [f"The participation ratio is {mean[high]:.3g} in {layers[high]}."]
    return [
        f"The participation ratio, the number of dimensions that activations fill, is highest in {layers[high]} "
        f"({mean[high]:.3g}) and lowest in {layers[low]} ({mean[low]:.3g})."
    ]


def _draw(results: Results, column: Column) -> Figure:
    labels = layer_labels(names(results, "layer"), column)
    depth = np.arange(len(labels.names), dtype=float)
    units = results["similarity/units"].values
    looks = [category_style(index) for index in range(len(_NUMBERS))]
    handles = [
        Line2D([], [], label=VARIABLES[name].long_name, **look) for name, look in zip(_NUMBERS, looks, strict=True)
    ]
    handles.append(Line2D([], [], color=MUTED, linestyle="none", marker="_", markersize=8, label="units"))
    with framed(column, _AXES_HEIGHT[column] + labels.height + 0.4, handles) as figure:
        axes = figure.add_subplot()
        for name, look in zip(_NUMBERS, looks, strict=True):
            spread = over_known(results[f"dimensionality/{name}"].values)
            axes.vlines(depth, spread.low, spread.high, color=look["color"], linewidth=1.2)
            axes.plot(depth, spread.mean, clip_on=False, zorder=3, **look)
        axes.plot(depth, units, color=MUTED, linestyle="none", marker="_", markersize=8)
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylabel("dimensions")
        over_layers(axes, labels)
    return figure


def _caption(results: Results) -> str:
    bars = " Bars run from the smallest network to the largest." if results.sizes["network"] > 1 else ""
    return (
        "Participation ratio and effective rank against depth, the mean over networks, beside the number of units."
        f"{bars} The further they lie below the number of units, the fewer dimensions the layer fills."
    )


SECTION = Section(
    name="dimensionality",
    title="Dimensionality",
    file=__file__,
    variables=VARIABLES,
    context=_context,
    sentences=_sentences,
    figures=(
        Drawing(
            "dimensionality",
            "Dimensions that layers fill",
            _draw,
            _caption,
            "Line chart against depth: participation ratio and effective rank, beside the number of units. The numbers "
            "are in the table of dimensionality.",
            lambda results: bool(results["dimensionality/effective_rank"].notnull().any()),
        ),
    ),
    tables={"dimensionality": _table},
)
