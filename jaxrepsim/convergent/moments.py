"""Moments of all units, from samples that come batch by batch, in several places at once."""

from collections.abc import Sequence
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Bool, Float
from jaxrepsim.convergent.statistics import Moments as Moments
from jaxrepsim.convergent.statistics import binary_range, ends, joint, split
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_activations, narrowed, on_device, traced
from jaxrepsim.numerics.products import with_all_digits


def init(units: Sequence[int], dtype: DTypeLike = jnp.float32) -> Moments:
    """The state of no samples.

    Args:
        units: The number of units of each network.
        dtype: Of the sums, float32 or float64.

    Returns:
        A state for `update`.

    Raises:
        TypeError: The dtype is not a floating one of 32 bits or more.
        ValueError: A negative number of units.

    >>> init((3, 2)).products.shape
    (5, 5)
    """
    if not jnp.issubdtype(dtype, jnp.floating) or jnp.finfo(dtype).bits < 32:
        raise TypeError(f"moments are held in float32 or float64, not in {jnp.dtype(dtype)}")
    if min(units, default=0) < 0:
        raise ValueError(f"expected numbers of units, received {tuple(units)}")
    total = sum(units)
    # An array for each field, not one for several: a buffer cannot be donated twice.
    return Moments(
        on_device(np.zeros((), int)),
        tuple(on_device(np.zeros(n, dtype)) for n in units),
        on_device(np.zeros(total, dtype)),
        tuple(on_device(np.full(n, np.inf, dtype)) for n in units),
        tuple(on_device(np.full(n, -np.inf, dtype)) for n in units),
        on_device(np.zeros((total, total), dtype)),
    )


def update(state: Moments, *activations: ArrayLike, where: ArrayLike | None = None) -> Moments:
    """The state after some more samples.

    The batch is centred by its own mean before anything is multiplied, and merged by Chan's formula, with means of
    twice the digits of their dtype: units whose mean is large beside their standard deviation keep theirs, in however
    many batches they come.

    Args:
        state: A state.
        *activations: (samples, units), one a network, row i of each the response to the same input; cast to the
            state's dtype.
        where: (samples,), the rows that count; by default all. What the others hold does not matter.

    Returns:
        The state, of the same shapes and dtypes.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks or units that the state was not begun for, a
            mask of another shape, or a concrete activation that is NaN or infinite in a row that counts. Where a traced
            one is, the unit's moments are NaN, and so are its correlations.

    Source: Chan, Golub and LeVeque 1983, Algorithms for computing the sample variance, The American Statistician 37.

    >>> x = jnp.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    >>> state = update(update(init((2,)), x[:2]), x[2:])
    >>> state.means[0].tolist(), state.constant[0].tolist()
    ([3.0, 5.0], [False, True])
    """
    arrays = as_activations(*activations, where=where)
    wanted, received = ([part.shape[-1] for part in parts] for parts in (state.means, arrays))
    if wanted != received:
        raise ValueError(
            f"the moments were begun for {len(wanted)} networks of {wanted} units, received activations of "
            f"{len(received)} networks of {received} units"
        )
    if not arrays:
        return state
    samples = arrays[0].shape[0]
    if not samples:
        return state
    arrays = tuple(narrowed(array, state.scaled.dtype, where) for array in arrays)
    if traced(state, arrays, where):
        return _update(state, arrays, jnp.ones(samples, bool) if where is None else jnp.asarray(where, bool))
    rows = size_bucket(samples, 64)
    used = np.ones(samples, bool) if where is None else np.asarray(where, bool)
    return _update(state, tuple(padded(array, (rows, array.shape[1])) for array in arrays), padded(used, (rows,)))


@jax.jit
@with_all_digits
def _update(state: Moments, arrays: tuple[Array, ...], used: Bool[Array, "samples"]) -> Moments:
    rows = jnp.concatenate(arrays, axis=1)
    used = used[:, None]
    count = jnp.sum(used, dtype=state.samples.dtype)
    low = jnp.min(rows, axis=0, where=used, initial=jnp.inf)
    high = jnp.max(rows, axis=0, where=used, initial=-jnp.inf)
    scale = binary_range(low, high)
    inverse = 1 / scale
    # Counted from the least value, the mean has the digits that the deviations need, and a constant unit is exactly 0.
    origin = jnp.where(count > 0, low, 0)
    shifted = jnp.where(used, rows * inverse - origin * inverse, 0)
    average = jnp.sum(shifted, axis=0) / jnp.maximum(count, 1).astype(rows.dtype)
    centred = jnp.where(used, shifted - average, 0)
    mean, rest = _two_sum(origin, average * scale)
    means, low, high = (split(part, state.means) for part in (mean, low, high))
    return _merge(state, Moments(count, means, rest, low, high, centred.T @ centred))


def merge(first: Moments, second: Moments) -> Moments:
    """The moments of the samples of both.

    Args:
        first: A state.
        second: Another, of networks with the same numbers of units.

    Returns:
        A state; NaN where the samples are more than its integers can count: 2³¹ − 1, or 2⁶³ − 1 if begun with x64 on.

    Raises:
        ValueError: The numbers of networks or units differ.

    >>> x = jnp.arange(6.0).reshape(3, 2)
    >>> merge(update(init((2,)), x), update(init((2,)), x)).samples.item()
    6
    """
    a, b = ([part.shape[-1] for part in state.means] for state in (first, second))
    if a != b:
        raise ValueError(f"moments of networks of {a} units do not merge with those of networks of {b} units")
    return _merge(first, second)


@jax.jit
def _merge(first: Moments, second: Moments) -> Moments:
    count = first.samples + second.samples
    low = tuple(map(jnp.minimum, first.low, second.low))
    high = tuple(map(jnp.maximum, first.high, second.high))
    scale = binary_range(joint(low, first.rest), joint(high, first.rest))
    new = joint(second.means, second.rest)
    # Where nothing was seen before, the step to the new mean has more digits than a mean without its rest.
    seen = first.samples > 0
    old, rest = jnp.where(seen, joint(first.means, first.rest), new), jnp.where(seen, first.rest, second.rest)
    share = second.samples / jnp.maximum(count, 1).astype(old.dtype)
    share = jnp.where(count < first.samples, jnp.nan, share)
    step = new / scale - old / scale + (second.rest - rest) / scale
    mean, rest = _two_sum(old, rest + share * step * scale)
    between = first.samples * share * step[:, None] * step
    scaled = _at(scale, first) + _at(scale, second) + between
    return Moments(count, split(mean, first.means), rest, low, high, scaled)


def merge_over(state: Moments, axis_name: str) -> Moments:
    """Inside `shard_map` or `vmap`: the moments of the samples of all devices along an axis, on each of them.

    Args:
        state: Each device's own.
        axis_name: The axis.

    Returns:
        A state; NaN where the samples are too many, as for `merge`.
    """
    count = jax.lax.psum(state.samples, axis_name)
    low = tuple(jax.lax.pmin(part, axis_name) for part in state.low)
    high = tuple(jax.lax.pmax(part, axis_name) for part in state.high)
    scale = binary_range(joint(low, state.rest), joint(high, state.rest))
    own = joint(state.means, state.rest)
    share = state.samples / jnp.maximum(count, 1).astype(own.dtype)
    # The shares of integers that ran over do not add up to 1.
    share = jnp.where(jax.lax.psum(share, axis_name) > 1.5, jnp.nan, share)
    centre = jax.lax.psum(share * own, axis_name)
    step = own / scale - centre / scale + state.rest / scale
    # What rounding left of the mean: it goes into its rest, and off the products.
    left = jax.lax.psum(share * step, axis_name)
    mean, rest = _two_sum(centre, left * scale)
    scaled = jax.lax.psum(_at(scale, state) + state.samples * step[:, None] * step, axis_name)
    scaled -= count * left[:, None] * left
    return Moments(count, split(mean, state.means), rest, low, high, scaled)


def of(*activations: ArrayLike) -> Moments:
    """The moments of samples that are all there.

    Args:
        *activations: (samples, units), one a network: raw, one row a sample. A compressed pair has lost its means.

    Returns:
        The moments, in the dtype of the activations.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Where
            a traced one is, the unit's moments are NaN, and so are its correlations.

    >>> x = jnp.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    >>> of(x, -x).between(0, 1).round(3).tolist()
    [[-1.0, -0.5], [-0.5, -1.0]]
    """
    arrays = as_activations(*activations)
    samples, dtype = (arrays[0].shape[0], arrays[0].dtype) if arrays else (0, jnp.float32)
    if not samples or traced(arrays):
        return _of(arrays, jnp.ones(samples, bool)) if samples else init([a.shape[1] for a in arrays], dtype)
    shapes = [(size_bucket(samples, 64), width_bucket(array.shape[1])) for array in arrays]
    wide = _of(tuple(map(padded, arrays, shapes)), padded(np.ones(samples, bool), shapes[0][:1]))
    return in_numpy(_narrowed, wide, widths=tuple(array.shape[1] for array in arrays))


@jax.jit
def _of(arrays: tuple[Array, ...], used: Bool[Array, "samples"]) -> Moments:
    return _update(init([array.shape[1] for array in arrays], arrays[0].dtype), arrays, used)


def _narrowed(_: ModuleType, state: Moments, *, widths: tuple[int, ...]) -> Moments:
    """The first units of each network."""
    starts = ends(state.means)
    index = np.concatenate([start + np.arange(width) for start, width in zip(starts, widths, strict=False)])
    means, low, high = (
        tuple(part[:width] for part, width in zip(parts, widths, strict=True))
        for parts in (state.means, state.low, state.high)
    )
    return Moments(state.samples, means, state.rest[index], low, high, state.scaled[np.ix_(index, index)])


def widened(state: Moments, width: int) -> Moments:
    """The same, with constant units after those of each network: networks of all widths then share programs.

    They change nothing of the others. It is done on the host.

    Args:
        state: Moments that are not traced.
        width: The units that each network then has, no fewer than before.

    Returns:
        NumPy arrays.

    >>> narrow = of(jnp.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), jnp.array([[5.0], [6.0], [5.0]]))
    >>> widened(narrow, 3).constant[1].tolist()
    [False, True, True]
    """
    narrow = jax.device_get(state)
    own = own_units([len(part) for part in narrow.means], width)
    rest, scaled = np.zeros(own.shape, narrow.rest.dtype), np.zeros(2 * own.shape, narrow.scaled.dtype)
    rest[own], scaled[np.ix_(own, own)] = narrow.rest, narrow.scaled
    means, low, high = (
        tuple(padded(part, (width,)) for part in parts) for parts in (narrow.means, narrow.low, narrow.high)
    )
    return Moments(state.samples, means, rest, low, high, scaled)  # type: ignore[arg-type]


def own_units(widths: Sequence[int], width: int) -> Bool[np.ndarray, "n"]:
    """Which of the joint units are a network's own, and not those that `widened` has added.

    Args:
        widths: The units that each network has of its own.
        width: With those that are added.

    >>> own_units([2, 1], 3).tolist()
    [True, True, False, True, False, False]
    """
    return np.concatenate([np.arange(width) < own for own in widths])


def _at(scale: Float[Array, "n"], state: Moments) -> Float[Array, "n n"]:
    """`scaled` of a state for another scale."""
    ratio = state.scale / scale
    return state.scaled * ratio[:, None] * ratio


def _two_sum(a: Float[Array, "n"], b: Float[Array, "n"]) -> tuple[Float[Array, "n"], Float[Array, "n"]]:
    """The sum, and exactly what rounding took off it (Knuth 1969, The Art of Computer Programming 2, section 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)
