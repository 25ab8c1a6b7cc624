"""Clusters of the units of two networks together, counted from the results: what tables and plots share."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from jaxrepsim.report.results import Floats, Ints, Results

Clustering = Literal["cluster", "tree"]
"""Spectral clusters, and those of the tree."""
CLUSTERINGS: tuple[Clustering, ...] = get_args(Clustering)


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
    return "clusters" in results.children and bool((results["clusters/count"] >= 0).any())


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
