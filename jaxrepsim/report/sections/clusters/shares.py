"""Which clusters hold units of both networks: shares of clusters and of units, against depth."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, framed, over_layers
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.results import Results, Spread, names, over_known
from jaxrepsim.report.sections.clusters.mixing import Clustering, clustered, mixing
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, Column

_LOOKS: dict[Clustering, tuple[str, str, str, float]] = {
    "cluster": ("spectral", ACCENT, "o", -0.14),
    "tree": ("tree", "#d55e00", "s", 0.14),
}


def _draw(results: Results, column: Column) -> Figure:
    """The share of clusters that mix both networks, and the share of units that are in one, of each layer.

    Points are means over pairs, and bars run from the lowest to the highest pair.
    """
    labels = layer_labels(names(results, "layer"), column)
    handles = [
        Line2D([], [], color=color, marker=marker, markeredgecolor=PAPER, label=label)
        for label, color, marker, _ in _LOOKS.values()
    ]
    handles.append(Line2D([], [], color=MUTED, marker="_", markersize=9, linestyle="none", label="by chance"))
    with framed(column, 2 * 1.15 + labels.height + 0.5, handles) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True)
        for clustering in _LOOKS:
            counts = mixing(results, clustering)
            _points(upper, clustering, over_known(counts.share))
            _points(lower, clustering, over_known(counts.unit_share))
        for clustering, (_, _, _, aside) in _LOOKS.items():
            chance = over_known(results[f"clusters/mixed_by_chance_{clustering}"].values).mean
            size = 9 if len(chance) <= 40 else 4
            look = {"color": MUTED, "markersize": size, "clip_on": False, "zorder": 2}
            upper.plot(np.arange(len(chance)) + aside, chance, "_", **look)
        for axes, title in ((upper, "clusters that mix both networks"), (lower, "units in mixed clusters")):
            axes.set_title(title, loc="left", pad=3)
            axes.set(ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        mark_layers(upper, labels, written=False)
        over_layers(lower, labels)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    pairs = results.sizes["pair"]
    over = "" if pairs == 1 else f" Points are means over {pairs} pairs, bars run from the lowest to the highest."
    missing = " A layer without points was not computed." if (results["clusters/count"] < 0).any() else ""
    return (
        "Units of both networks of a pair, clustered together by their correlations: the share of clusters that hold "
        "units of both, and the share of all units that are in such a cluster. Spectral: the clusters of the "
        "correlation graph; tree: as many by agglomeration. A cluster of one network alone is something that the other "
        "did not learn, or learned apart. Dashes: the mean share of clusters that would mix both, if units were put at "
        f"random into clusters of the same sizes; large ones nearly always do.{over}{missing}"
    )


def _points(axes: Axes, clustering: Clustering, values: Spread) -> None:
    _, color, marker, aside = _LOOKS[clustering]
    place = np.arange(len(values.mean)) + aside
    size = 3.6 if len(place) <= 40 else 2.2
    known = ~np.isnan(values.mean)
    axes.vlines(place[known], values.low[known], values.high[known], color=color, linewidth=1)
    look = {"color": color, "markersize": size, "markeredgecolor": PAPER, "clip_on": False, "zorder": 3}
    axes.plot(place, values.mean, marker, **look)


DRAWING = Drawing(
    "mixed-clusters",
    "Clusters that mix both networks",
    _draw,
    _caption,
    "Points, two per layer: shares of clusters that mix both networks and of units in them. The numbers are in the "
    "table of clusters.",
    clustered,
)
