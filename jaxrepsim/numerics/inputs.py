"""What every function of the core accepts, checked before anything is compiled."""

import operator
from collections.abc import Sequence
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Bool, Values
from jaxrepsim.errors import InputError


def as_activations(*activations: ArrayLike, where: ArrayLike | None = None) -> tuple[Array, ...]:
    """Activations of several networks on the same samples, in one floating dtype of at least 32 bits.

    Lists and NumPy arrays are taken too, and so are integers, booleans and half precision: integers and booleans become
    the default floating numbers, bfloat16 and float16 become float32. Values are checked where they are concrete;
    traced ones are not, and what rests on one that is NaN or infinite is NaN.

    Args:
        *activations: Arrays of shape (samples, units), one a network.
        where: (samples,), the rows that count; by default all. What the others hold is not looked at.

    Returns:
        The same arrays in their common dtype: float64 where one of them is (and x64 is on), else float32.

    Raises:
        TypeError: An array is not of real numbers.
        ValueError: An array has not two axes, the numbers of samples differ, `where` has another shape, or a concrete
            activation is NaN or infinite.
    """
    arrays = list(map(as_array, activations))
    for array in arrays:
        if not _is_real(array.dtype):
            raise TypeError(f"activations must be real numbers, not {array.dtype}")
        if array.ndim != 2:
            raise ValueError(
                f"activations must have the shape (samples, units), not {array.shape}; "
                "flatten a convolutional map (N, H, W, C) to (N*H*W, C)"
            )
    samples = [array.shape[0] for array in arrays]
    if len(set(samples)) > 1:
        raise ValueError(
            f"the networks have different numbers of samples, {' and '.join(map(str, samples))}; "
            "row i of each must be the response to the same input"
        )
    if arrays and where is not None and np.shape(where) != (samples[0],):
        raise ValueError(f"where has the shape {np.shape(where)}, and there are {samples[0]} samples")
    dtype = jnp.result_type(jnp.float32, *map(_as_floating, arrays))
    converted = tuple(as_dtype(array, dtype) for array in arrays)
    for network, array in enumerate(converted):
        check_finite(array, _name(network) if len(converted) > 1 else "", where)
    return converted


def as_dtype(array: Array | np.ndarray, dtype: DTypeLike) -> Array:
    """The array in another dtype: on the host where its values are there, which compiles nothing."""
    if isinstance(array, jax.Array):
        if array.dtype == dtype:
            return array
        if not on_host(array):
            return array.astype(dtype)
    with np.errstate(over="ignore"):  # what overflows is refused as infinite
        return jax.device_put(np.asarray(array).astype(dtype, copy=False), may_alias=False)


def on_device(values: Values) -> Array:
    """The values as an array of JAX's. Unlike `jnp.asarray`, this compiles nothing."""
    return values if isinstance(values, jax.Array) else jax.device_put(values)


def as_array(values: ArrayLike) -> Array | np.ndarray:
    """A JAX array as it is, all else in NumPy: `jnp.asarray` would compile a program a shape."""
    return values if isinstance(values, jax.Array) else np.asarray(values)


def narrowed(array: Array, dtype: DTypeLike, where: ArrayLike | None = None) -> Array:
    """An array of activations in the dtype of a state.

    Raises:
        ValueError: A concrete activation in a row that counts is too large for it.
    """
    found = as_dtype(array, dtype)
    if found is not array:
        check_finite(found, rows=where)
    return found


def traced(*values: object) -> bool:
    """Whether some leaf of the values is traced: inside `jit`, `vmap`, `grad` and their like."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values))


def on_host(array: ArrayLike) -> bool:
    """Whether the values are there, in the memory of one CPU device."""
    if isinstance(array, Tracer):
        return False
    if isinstance(array, jax.Array):
        devices = array.devices()
        return len(devices) == 1 and all(device.platform == "cpu" for device in devices)
    return True


def check_finite(array: Array, network: str = "", rows: ArrayLike | None = None) -> None:
    """Refuses a concrete NaN or infinity; traced values are taken on trust.

    Args:
        array: (samples, units).
        network: Whose they are, for the message.
        rows: (samples,), which rows count; by default all.

    Raises:
        ValueError: Names network, unit and sample.
    """
    if isinstance(array, Tracer) or isinstance(rows, Tracer):
        return
    rows = rows if rows is None else np.asarray(rows, bool)
    if on_host(array):
        values = np.asarray(array)
        values = values if rows is None else np.where(rows[:, None], values, 0)
        with np.errstate(over="ignore", invalid="ignore"):
            # A sum is finite only where all its terms are, and reads the array once.
            if np.isfinite(np.sum(values)) or np.isfinite(values).all():
                return
    elif bool(_all_finite(array if rows is None else jnp.where(jnp.asarray(rows)[:, None], array, 0))):
        return
    else:
        values = np.asarray(array)
    sample, unit = np.argwhere(~np.isfinite(values) if rows is None else ~np.isfinite(values) & rows[:, None])[0]
    of = f" of the {network}" if network else ""
    raise ValueError(
        f"unit {unit}{of} is {values[sample, unit]} at sample {sample}: activations must be finite numbers in "
        f"{values.dtype}; leave the sample or the unit out, or mend what made it"
    )


def check_epsilon(epsilon: ArrayLike) -> None:
    """Refuses a concrete ε outside [0, 1); a traced one is taken on trust.

    Raises:
        ValueError: Some ε is below 0, at least 1, or not a number.
    """
    if isinstance(epsilon, Tracer):
        return
    values = np.asarray(epsilon)  # NumPy: under jit, jnp would trace even a constant
    if not np.all((values >= 0) & (values < 1)):
        raise ValueError(f"epsilon must lie in [0, 1), received {epsilon}: it is a distance relative to a unit's norm")


def check_one_epsilon(epsilon: ArrayLike) -> None:
    """Refuses what is not one number in [0, 1).

    Raises:
        ValueError: See above.
    """
    check_epsilon(epsilon)
    if np.ndim(epsilon):
        raise ValueError(
            f"epsilon must be one number, received the shape {np.shape(epsilon)}; `match_profile` serves every ε, and "
            "`jax.vmap` over this argument several"
        )


def check_pairs(pairs: Sequence[tuple[int, int]] | None, k: int) -> list[tuple[int, int]]:
    """Pairs of places among k networks: those that are asked for, or all of two different ones.

    Raises:
        InputError: A pair that is none of two places.
        TypeError: A place that is no whole number.
    """
    if pairs is None:
        return list(combinations(range(k), 2))
    for pair in pairs:
        if len(pair) != 2 or not all(0 <= operator.index(place) < k for place in pair):
            raise InputError(f"a pair is two places among the {k} networks, received {pair}")
    return [(operator.index(a), operator.index(b)) for a, b in pairs]


def _name(network: int) -> str:
    ordinals = ("first", "second", "third")
    return f"{ordinals[network] if network < 3 else f'{network + 1}th'} network"


def _is_real(dtype: DTypeLike) -> bool:
    # JAX's lattice, unlike NumPy's, knows bfloat16.
    return any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_))


def _as_floating(array: Array | np.ndarray) -> DTypeLike:
    given = array.dtype if jnp.issubdtype(array.dtype, jnp.floating) else float
    return jax.dtypes.canonicalize_dtype(given)


@jax.jit
def _all_finite(array: Array) -> Bool[Array, ""]:
    return jnp.all(jnp.isfinite(array))
