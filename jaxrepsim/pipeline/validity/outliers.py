"""Reliability: what measures make of a few rows that are moved, or of a whole class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from jaxrepsim import validity
from jaxrepsim.pipeline.validity.layers_across import SEED, Values, both_ways, kept
from jaxrepsim.pipeline.validity.networks import Studied

DISTANCES = (1.0, 10.0, 100.0)
"""In root mean squared lengths of rows."""
WHICH = ("one row", "1 % of rows", "10 % of rows", "a class")


def outliers(networks: Studied, names: Sequence[str], folder: Path) -> xr.Dataset:
    """How similar the last layer of each network is to itself with some rows moved: the mean over networks.

    1 is the same, and 0 a network that shares nothing; see `jaxrepsim.validity.resemblance`.

    Args:
        networks: The networks.
        names: Of the measures.
        folder: Where values are kept.
    """
    random = np.random.default_rng(SEED)
    order, classes = random.permutation(len(networks.labels)), networks.labels
    chosen = [order[:1], order[: len(order) // 100], order[: len(order) // 10], np.flatnonzero(classes == 0)]
    found = []
    for network in networks.answers:
        x = network.last
        anywhere, outwards = random.normal(size=x.shape[1]), x[chosen[-1]].mean(axis=0) - x.mean(axis=0)
        arrays = [x] + [
            validity.moved_rows(x, rows, distance, outwards if which == WHICH[-1] else anywhere)
            for which, rows in zip(WHICH, chosen, strict=True)
            for distance in DISTANCES
        ]
        found.append(_to_the_first(arrays, names, folder))
    values = {name: validity.resemblance(name, np.mean([one[name] for one in found], axis=0)) for name in names}
    data = np.array([values[name].reshape(len(WHICH), len(DISTANCES)) for name in names])
    return xr.Dataset(
        {"value": (("measure", "moved", "distance"), data)},
        {"measure": [*names], "moved": [*WHICH], "distance": [*DISTANCES]},
    )


def _to_the_first(arrays: Sequence[np.ndarray], names: Sequence[str], folder: Path) -> Values:
    def compute(missing: Sequence[str]) -> Values:
        places = [(0, place) for place in range(1, len(arrays))]
        return {name: (forth + back) / 2 for name, (forth, back) in both_ways(arrays, places, missing).items()}

    return kept([b"outliers", *arrays], names, compute, folder)
