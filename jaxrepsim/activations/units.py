"""What the units of a layer are."""

from typing import TypeVar

import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.errors import InputError

ArrayT = TypeVar("ArrayT", Array, np.ndarray)


def as_units(activations: ArrayT, layer: str = "") -> ArrayT:
    """A layer's activations with one column a unit.

    A unit is a neuron, or one channel of a convolution: each position of the map is then one more sample of it. Rows
    keep their order, all positions of the first input before those of the second.

    Args:
        activations: `(N, C)`, `(N, L, C)` such as the tokens of a sequence, or `(N, H, W, C)`; channels last. NumPy or
            JAX, also traced.
        layer: The layer's name, for the error.

    Returns:
        `(samples, units)`: `(N, C)`, `(N·L, C)` or `(N·H·W, C)`; an array of the same kind, a view where possible.

    Raises:
        InputError: The array has another rank.

    Source: Wang et al. 2018, arXiv:1810.11750, section 4 (a channel by images × positions).

    >>> as_units(np.zeros((10, 4, 4, 16))).shape
    (160, 16)
    """
    if activations.ndim not in (2, 3, 4):
        raise InputError(
            f"layer {layer!r} has activations of shape {activations.shape}; they must be (N, C), (N, L, C) or"
            " (N, H, W, C)"
        )
    return activations.reshape(-1, activations.shape[-1])


def check_finite(layer: str, activations: Float[np.ndarray, "*rows units"]) -> None:
    """Checks that no activation is NaN or infinite.

    Args:
        layer: The layer's name, for the error.
        activations: `(samples, units)`, or a stack of these.

    Raises:
        InputError: Names the layer, the first such unit, how many of its values are affected and the first sample.

    >>> check_finite("conv1", np.ones((3, 2)))
    """
    if activations.size == 0 or np.isfinite([activations.min(), activations.max()]).all():  # NaN is both; no copy
        return
    rows = activations.reshape(-1, activations.shape[-1])
    bad = ~np.isfinite(rows)
    units = np.flatnonzero(bad.any(axis=0))
    samples = np.flatnonzero(bad[:, units[0]])
    others = f"; {units.size - 1} other units are affected too" if units.size > 1 else ""
    raise InputError(
        f"layer {layer!r}, unit {units[0]}: {samples.size} of {len(rows)} activations are NaN or infinite, the first"
        f" ({rows[samples[0], units[0]]}) at sample {samples[0]}{others}"
    )
