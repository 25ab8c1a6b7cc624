"""Which clusters hold units of both networks: shares of clusters and of units, against depth."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from xarray import Dataset

from jaxrepsim.report.clusters import Kind, clustered, mixing
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, Column, new_figure, paper_style
from jaxrepsim.report.summaries import Spread, names, over_known

_LOOKS: dict[Kind, tuple[str, str, str, float]] = {
    "cluster": ("spectral", ACCENT, "o", -0.14),
    "tree": ("tree", "#d55e00", "s", 0.14),
}


def mixing_by_depth(results: Dataset, column: Column = "double") -> Figure:
    """Draws the share of clusters that mix both networks, and the share of units that are in one, of each layer.

    Points are means over pairs, and bars run from the lowest to the highest pair.

    Args:
        results: The Dataset, with the group `clusters`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No layer was clustered.
    """
    if not clustered(results):
        raise ValueError("these results hold no clusters, so they cannot be drawn")
    layers = layer_labels(names(results, "layer"), column)
    with paper_style():
        figure = new_figure(column, 2 * 1.15 + layers.height + 0.65)
        upper, lower = figure.subplots(2, 1, sharex=True)
        for kind in _LOOKS:
            counts = mixing(results, kind)
            _points(upper, kind, over_known(counts.share))
            _points(lower, kind, over_known(counts.unit_share))
        for kind in _LOOKS:
            _by_chance(upper, kind, over_known(results[f"mixed_by_chance_{kind}"].values))
        for axes, title in ((upper, "clusters that mix both networks"), (lower, "units in mixed clusters")):
            axes.set_title(title, loc="left", pad=3)
            axes.set(ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            mark_layers(axes, layers, written=axes is lower)
        lower.set_xlabel("layer, from input to output")
        handles = [
            Line2D([], [], color=color, marker=marker, markeredgecolor=PAPER, label=label)
            for label, color, marker, _ in _LOOKS.values()
        ]
        handles.append(Line2D([], [], color=MUTED, marker="_", markersize=9, linestyle="none", label="by chance"))
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    pairs = results.sizes["pair"]
    over = "" if pairs == 1 else f" Points are means over {pairs} pairs, bars run from the lowest to the highest."
    missing = " A layer without points was not computed." if (results["cluster_count"] < 0).any() else ""
    return (
        "Units of both networks of a pair, clustered together by their correlations: the share of clusters that hold "
        "units of both, and the share of all units that are in such a cluster. Spectral: the clusters of the "
        "correlation graph; tree: as many by agglomeration. A cluster of one network alone is something that the other "
        "did not learn, or learned apart. Dashes: the mean share of clusters that would mix both, if units were put at "
        f"random into clusters of the same sizes; large ones nearly always do.{over}{missing}"
    )


def _points(axes: Axes, kind: Kind, values: Spread) -> None:
    _, color, marker, aside = _LOOKS[kind]
    place = np.arange(len(values.mean)) + aside
    size = 3.6 if len(place) <= 40 else 2.2
    known = ~np.isnan(values.mean)
    axes.vlines(place[known], values.low[known], values.high[known], color=color, linewidth=1)
    look = {"color": color, "markersize": size, "markeredgecolor": PAPER, "clip_on": False, "zorder": 3}
    axes.plot(place, values.mean, marker, **look)


def _by_chance(axes: Axes, kind: Kind, values: Spread) -> None:
    place = np.arange(len(values.mean)) + _LOOKS[kind][3]
    size = 9 if len(place) <= 40 else 4
    axes.plot(place, values.mean, "_", color=MUTED, markersize=size, clip_on=False, zorder=2)
