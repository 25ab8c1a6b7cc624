"""The activations that the parts of the theory stage work on: float64, one draw of the positions, pair by pair."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np

from jaxrepsim.activations import ActivationFile

T = TypeVar("T")


def first_draws(networks: Mapping[str, ActivationFile], layer: str) -> list[np.ndarray]:
    """A layer's (rows, units) in each network, of the first redraw where there are several."""
    arrays = [network.layers[layer] for network in networks.values()]
    return [np.asarray(array if array.ndim == 2 else array[0], np.float64) for array in arrays]


def pairs(values: Sequence[T]) -> list[tuple[T, T]]:
    """Every two of them, in the order of the results' `pair`."""
    return list(combinations(values, 2))


def pair_names(networks: Mapping[str, ActivationFile]) -> list[str]:
    """The results' `pair`."""
    return [f"{a}-{b}" for a, b in pairs(list(networks))]
