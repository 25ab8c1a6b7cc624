"""The activations that the parts of the theory stage work on: float64, one draw of the positions, pair by pair."""

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
import xarray as xr

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


def along_layers(parts: Sequence[xr.Dataset], layers: Sequence[str]) -> xr.Dataset:
    """One dataset of a part's results for single layers; −1 or NaN where a layer has fewer of something.

    Args:
        parts: One a layer, in order.
        layers: Their names.
    """
    numbered = [
        part.assign_coords({dim: np.arange(part.sizes[dim]) for dim in ("unit", "interval") if dim in part.dims})
        for part in parts
    ]
    joined = xr.concat(numbered, dim="layer", data_vars="all", join="outer", fill_value=fill(parts[0]))
    assert isinstance(joined, xr.Dataset)  # what datasets concatenate to; for the type checker
    # Said again: concatenation cuts strings to the length of the first layer's name.
    return joined.assign_coords(layer=list(layers))


def fill(part: xr.Dataset) -> dict[Hashable, Any]:
    """What stands where a layer was not looked at, or has fewer of something: −1 for a whole number, else NaN."""
    return {
        name: np.array(-1, value.dtype) if np.issubdtype(value.dtype, np.integer) else np.nan
        for name, value in part.data_vars.items()
    }
