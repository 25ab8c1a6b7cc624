"""What the units of a layer are, and how its arrays are laid out."""

from typing import TypeVar

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.activations.layouts import LAYOUTS
from jaxrepsim.errors import InputError

ArrayT = TypeVar("ArrayT", Array, np.ndarray)


def as_units(activations: ArrayT, layer: str = "", layout: str | None = None) -> ArrayT:
    """A layer's activations with one column a unit.

    A unit is a neuron, or one channel of a convolution: each position of the map is then one more sample of it. Rows
    keep their order, all positions of the first input before those of the second.

    Args:
        activations: `(N, C)`, `(N, L, C)` such as the tokens of a sequence, `(N, H, W, C)` or, of a volume,
            `(N, D, H, W, C)`; or as `layout` says.
            NumPy or JAX, also traced.
        layer: The layer's name, for the error.
        layout: One of `LAYOUTS`; by default channels are last.

    Returns:
        `(samples, units)`: `(N, C)`, `(N·L, C)` or `(N·H·W, C)`; an array of the same kind, a view where possible.

    Raises:
        InputError: The array has another rank, or there is no such layout.

    Source: Wang et al. 2018, arXiv:1810.11750, section 4 (a channel by images × positions).

    >>> as_units(np.zeros((10, 4, 4, 16))).shape
    (160, 16)
    >>> as_units(np.zeros((10, 16, 4, 4)), layout="NCHW").shape
    (160, 16)
    """
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"there is no layout {layout!r}; there are {', '.join(LAYOUTS)}")
    if activations.ndim not in (2, 3, 4, 5) or (layout is not None and len(layout) != activations.ndim):
        wanted = f"({', '.join(layout)})" if layout else "(N, C), (N, L, C) or (N, H, W, C)"
        raise InputError(f"layer {layer!r} has activations of shape {activations.shape}; they must be {wanted}")
    units = activations.ndim - 1 if layout is None else layout.index("C")
    last = activations.transpose([axis for axis in range(activations.ndim) if axis != units] + [units])
    return last.reshape(-1, last.shape[-1])


def as_floating(layer: str, dtype: np.dtype) -> np.dtype:
    """The floating-point type that a layer is computed in.

    Half precision (bfloat16 among it), booleans and integers of up to 16 bits fit 32 bits exactly; longer integers take
    64, exact up to 2⁵³.

    Args:
        layer: Its name, for the error.
        dtype: As received.

    Returns:
        float32 or float64.

    Raises:
        InputError: It holds no real numbers.

    >>> as_floating("conv1", np.dtype(np.uint8)), as_floating("conv1", np.dtype(np.int64))
    (dtype('float32'), dtype('float64'))
    """
    if jnp.issubdtype(dtype, jnp.floating):  # unlike NumPy's, knows bfloat16
        return np.dtype(np.float64 if dtype.itemsize >= 8 else np.float32)
    if jnp.issubdtype(dtype, jnp.integer) or dtype == np.bool_:
        return np.dtype(np.float64 if dtype.itemsize > 2 else np.float32)
    if dtype.kind == "V":
        raise InputError(
            f"layer {layer!r} holds bytes of the type {dtype.str}: so NumPy saves numbers that are not its own, such "
            "as bfloat16. Save float32 (array.astype('float32')), or a .safetensors file"
        )
    raise InputError(f"layer {layer!r} holds {dtype}; activations must be real numbers")


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
    more = f"; {units.size - 1} other units are affected too" if units.size > 1 else ""
    raise InputError(
        f"layer {layer!r}, unit {units[0]}: {samples.size} of {len(rows)} activations are NaN or infinite, the first"
        f" ({rows[samples[0], units[0]]}) at sample {samples[0]}{more}"
    )
