"""Which clusters hold units of both networks, counted from the results: shares of clusters and of units."""

from typing import Literal, NamedTuple, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, layer_axes, share_axis
from jaxrepsim.report.results import Floats, Ints, Results, Spread, known_layers, over_known
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, Column, Look, legend_line

Clustering = Literal["cluster", "tree"]
"""Spectral clusters, and those of the tree."""
CLUSTERINGS: tuple[Clustering, ...] = get_args(Clustering)
_LOOKS: dict[Clustering, Look] = {
    "cluster": {"label": "spectral", "color": ACCENT, "marker": "o"},
    "tree": {"label": "tree", "color": "#d55e00", "marker": "s"},
}
_ASIDE = {"cluster": -0.14, "tree": 0.14}


class Mixing(NamedTuple):
    """Clusters of each layer and pair, (layer, pair); NaN where none were looked for."""

    clusters: Floats
    mixed: Floats
    """Clusters with units of both networks."""
    units: Floats
    """Units of both networks."""
    mixed_units: Floats
    """Those that are in a mixed cluster."""
    unclustered: Floats
    """Those that are in no cluster, as they correlate with no unit."""

    @property
    def share(self) -> Floats:
        """The share of clusters that mix both networks; NaN where there is no cluster."""
        return self._share(self.mixed, self.clusters)

    @property
    def unit_share(self) -> Floats:
        """The share of all units that are in a mixed cluster; NaN where there is no cluster."""
        return self._share(self.mixed_units, self.units)

    def _share(self, part: Floats, whole: Floats) -> Floats:
        return np.divide(part, whole, out=np.full_like(part, np.nan), where=self.clusters > 0)


def clustered(results: Results) -> bool:
    """Whether any layer's units were clustered."""
    return bool(known_layers(results, "clusters/count"))


def of_units(results: Results, name: Clustering | Literal["leaf"], layer: int, pair: int) -> tuple[Ints, Ints]:
    """A variable of the group for the units that there are.

    Args:
        results: Results with the group `clusters`.
        name: What the variable is called, without its side.
        layer: The index of the layer.
        pair: The index of the pair.

    Returns:
        Of the x units and of the y units.
    """
    profiles = (results[f"similarity/profile_{side}"][layer, pair] for side in "xy")
    x, y = (int(profile.notnull().sum("unit").max()) for profile in profiles)
    labels = [results[f"clusters/{name}_{side}"].values[layer, pair].astype(np.int64) for side in "xy"]
    return labels[0][:x], labels[1][:y]


def mixing(results: Results, clustering: Clustering) -> Mixing:
    """Which clusters hold units of both networks.

    Args:
        results: Results with the group `clusters`.
        clustering: `cluster`, the spectral ones, or `tree`.

    Returns:
        The counts.
    """
    shape = results.sizes["layer"], results.sizes["pair"]
    counts = np.full((len(Mixing._fields), *shape), np.nan)
    for layer, pair in np.ndindex(*shape):
        if results["clusters/count"].values[layer] < 0:
            continue
        x, y = of_units(results, clustering, layer, pair)
        both = np.concatenate([x, y])
        mixed = np.intersect1d(x[x >= 0], y[y >= 0])
        counts[:, layer, pair] = (
            len(np.unique(both[both >= 0])),
            len(mixed),
            len(both),
            np.isin(both, mixed).sum(),
            (both < 0).sum(),
        )
    return Mixing(*counts)


def _draw(results: Results, column: Column) -> Figure:
    """The share of clusters that mix both networks, and the share of units that are in one, of each layer.

    Points are means over pairs, and bars run from the lowest to the highest pair.
    """
    handles = [legend_line(markeredgecolor=PAPER, **look) for look in _LOOKS.values()]
    handles.append(legend_line(color=MUTED, marker="_", markersize=9, linestyle="none", label="by chance"))
    with layer_axes(results, column, [1.175, 1.175], handles) as (figure, (upper, lower)):
        for clustering in CLUSTERINGS:
            counts = mixing(results, clustering)
            _points(upper, clustering, over_known(counts.share))
            _points(lower, clustering, over_known(counts.unit_share))
        for clustering in CLUSTERINGS:
            chance = over_known(results[f"clusters/mixed_by_chance_{clustering}"].values).mean
            size = 9 if len(chance) <= 40 else 4
            place = np.arange(len(chance)) + _ASIDE[clustering]
            upper.plot(place, chance, "_", color=MUTED, markersize=size, clip_on=False, zorder=2)
        for axes, title in ((upper, "clusters that mix both networks"), (lower, "units in mixed clusters")):
            axes.set_title(title, loc="left", pad=3)
            share_axis(axes)
            axes.set_ylim(-0.03, 1.03)
    return figure


def _points(axes: Axes, clustering: Clustering, values: Spread) -> None:
    look = _LOOKS[clustering]
    place = np.arange(len(values.mean)) + _ASIDE[clustering]
    size = 3.6 if len(place) <= 40 else 2.2
    known = ~np.isnan(values.mean)
    axes.vlines(place[known], values.low[known], values.high[known], color=look["color"], linewidth=1)
    points = {"markersize": size, "markeredgecolor": PAPER, "linestyle": "none", "clip_on": False, "zorder": 3}
    axes.plot(place, values.mean, **look, **points)


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


DRAWING = Drawing(
    "mixed-clusters",
    "Clusters that mix both networks",
    _draw,
    _caption,
    "Points, two per layer: shares of clusters that mix both networks and of units in them. The numbers are in the "
    "table of clusters.",
    clustered,
)
