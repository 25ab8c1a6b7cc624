"""How many dimensions each layer fills."""

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.figure import Drawing, layer_axes
from jaxrepsim.report.results import Results, computed, names, over_known
from jaxrepsim.report.section import PURE, Alike, Section, Variable
from jaxrepsim.report.style import MUTED, Column, category_style, legend_line
from jaxrepsim.report.tables import Rows, cells, long_table, page_rows

_AXES_HEIGHT = {"single": 1.95, "double": 2.35}
_NUMBERS = ("participation_ratio", "effective_rank")
VARIABLES: dict[str, Variable] = {
    **Alike(("layer", "network"), PURE).named(
        participation_ratio="participation ratio: (Σ σ²)² / Σ σ⁴ of the singular values σ of the network's "
        "activations, nothing centred.",
        effective_rank="effective rank: Exponential of the entropy −Σ p ln p of p = σ / Σ σ, σ the singular values of "
        "the network's activations, nothing centred.",
    ),
}


def _rows(results: Results) -> Rows:
    """One row per layer; of either number the mean, the smallest and the largest of all networks."""
    columns = {name: cells(over_known(results[f"dimensionality/{name}"].values)) for name in _NUMBERS}
    return page_rows({"layer": names(results, "layer"), "units": results["similarity/units"].values, **columns})


def _table(results: Results) -> DataFrame:
    return long_table(results["dimensionality"].to_dataset()[[*_NUMBERS]], ["layer", "network"], "effective_rank")


def _sentences(results: Results) -> list[str]:
    mean = over_known(results["dimensionality/participation_ratio"].values).mean
    if np.isnan(mean).all():
        return []
    layers = cited(results)
    low, high = int(np.nanargmin(mean)), int(np.nanargmax(mean))
    if low == high:
        return [f"The participation ratio is {mean[high]:.3g} in {layers[high]}."]
    return [
        f"The participation ratio, the number of dimensions that activations fill, is highest in {layers[high]} "
        f"({mean[high]:.3g}) and lowest in {layers[low]} ({mean[low]:.3g})."
    ]


def _draw(results: Results, column: Column) -> Figure:
    depth = np.arange(results.sizes["layer"], dtype=float)
    looks = {name: category_style(index) for index, name in enumerate(_NUMBERS)}
    dash = {"color": MUTED, "linestyle": "none", "marker": "_", "markersize": 8}
    handles = [legend_line(label=VARIABLES[name].long_name, **look) for name, look in looks.items()]
    handles.append(legend_line(label="units", **dash))
    with layer_axes(results, column, [_AXES_HEIGHT[column]], handles) as (figure, (axes,)):
        for name, look in looks.items():
            spread = over_known(results[f"dimensionality/{name}"].values)
            axes.vlines(depth, spread.low, spread.high, color=look["color"], linewidth=1.2)
            axes.plot(depth, spread.mean, clip_on=False, zorder=3, label=VARIABLES[name].long_name, **look)
        axes.plot(depth, results["similarity/units"].values, label="units", **dash)
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylabel("dimensions")
    return figure


def _caption(results: Results) -> str:
    bars = " Bars run from the smallest network to the largest." if results.sizes["network"] > 1 else ""
    return (
        "Participation ratio and effective rank against depth, the mean over networks, beside the number of units."
        f"{bars} The further they lie below the number of units, the fewer dimensions the layer fills."
    )


SECTION = Section(
    title="Dimensionality",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": _rows(results)},
    sentences=_sentences,
    figures=(
        Drawing(
            "dimensionality",
            "Dimensions that layers fill",
            _draw,
            _caption,
            "Line chart against depth: participation ratio and effective rank, beside the number of units. The numbers "
            "are in the table of dimensionality.",
            lambda results: computed(results, "dimensionality/effective_rank"),
        ),
    ),
    tables={"dimensionality": _table},
)
