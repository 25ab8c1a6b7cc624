"""The ways in which the layers of a network are seen when they are compared, each again as maps."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxrepsim import validity
from jaxrepsim.pipeline.validity.layers_across import SAMPLE, Rows
from jaxrepsim.pipeline.validity.networks import Maps, pooled

GRID_ROWS = 160_000
"""At most so many positions of images on one grid: fewer images where maps are large."""
ROTATIONS = ("linear_cka", "debiased_cka", "rbf_cka", "procrustes", "angular_procrustes", "bures")
"""Measures that rotations and translations do not change, and that mean something with more columns than rows."""
_OF_UNITS = tuple(name for name in validity.NAMES if name not in validity.OF_ROWS)


class View(NamedTuple):
    """A way to see maps."""

    title: str
    of: Callable[[Maps], Maps]
    rows: Rows
    """What then is a row: see `layers_across`."""
    names: tuple[str, ...]
    """Measures that are defined there, and that end in time."""


def averaged(maps: Maps) -> Maps:
    """The mean over positions: (images, 1, 1, units)."""
    return {layer: pooled(values)[:, None, None] for layer, values in maps.items()}


def centred(maps: Maps) -> Maps:
    """`averaged`, less its mean over images."""
    return {layer: values - values.mean(axis=0) for layer, values in averaged(maps).items()}


def flattened(maps: Maps) -> Maps:
    """Positions · channels as columns, centred, and rotated to as few as there are images: (images, 1, 1, columns).

    Of the first `SAMPLE` images.

    >>> x = np.random.default_rng(0).normal(size=(5, 2, 2, 3))
    >>> rows, centred = flattened({"layer": x})["layer"][:, 0, 0], (x - x.mean(axis=0)).reshape(5, 12)
    >>> rows.shape, bool(np.allclose(rows @ rows.T, centred @ centred.T))
    ((5, 5), True)
    """
    few = {layer: values[:SAMPLE] for layer, values in maps.items()}
    return {layer: _rotated(values.reshape(len(values), -1))[:, None, None] for layer, values in few.items()}


def on_one_grid(maps: Maps) -> Maps:
    """All maps with as many positions as the largest: the value of the position that covers a place is repeated.

    >>> on_one_grid({"a": np.zeros((1, 4, 4, 1)), "b": np.arange(4.0).reshape(1, 2, 2, 1)})["b"][0, :, :, 0].tolist()
    [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0], [2.0, 2.0, 3.0, 3.0]]
    """
    side = max(values.shape[1] for values in maps.values())
    found = {}
    for layer, values in maps.items():
        at = np.arange(side) * values.shape[1] // side
        found[layer] = values[: GRID_ROWS // side**2, at][:, :, at]
    return found


def as_they_are(maps: Maps) -> Maps:
    """Every position."""
    return maps


def _rotated(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(axis=0)
    if centred.shape[1] <= len(centred):
        return centred
    squares, directions = np.linalg.eigh(centred @ centred.T)
    return directions * np.sqrt(np.maximum(squares, 0))


VIEWS = {
    "pooled": View("maps pooled", averaged, "pooled", validity.NAMES),
    "positions": View("all positions", as_they_are, "positions", validity.NAMES),
    "flattened": View("maps flattened", flattened, "pooled", ROTATIONS),
    "one_grid": View("all maps on one grid", on_one_grid, "positions", _OF_UNITS),
    "centred": View("maps pooled and centred", centred, "pooled", _OF_UNITS),
}
"""Tests of layer identification, by name."""
