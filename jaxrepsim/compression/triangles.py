"""Streaming compression by QR, a block of samples at a time: for activations in float64, and nearly dependent units."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.numerics.buckets import by_network
from jaxrepsim.numerics.factor import triangular_factor
from jaxrepsim.numerics.inputs import on_device
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale
from jaxrepsim.numerics.varying import varying_like

BLOCK = 8200
"""Samples that wait to be folded, where that is twelve times the units or more.

Not a power of two: columns that far apart fall on the same lines of the caches, and LAPACK's QR is a tenth slower.
"""


class Triangle(NamedTuple):
    """Rows with the inner products of all samples seen so far.

    Fields:
        rows: For each network (capacity, units), float64: the triangle of what was folded, below it the samples that
            wait. The rest is zeros, so that all rows together are what the state stands for.
        filled: How many samples wait.
        means: Columns more, (capacity, 1) each: of ones, and for each network of the samples' squared lengths. Empty
            where means are not asked for.
    """

    rows: tuple[Float[Array, "capacity _"], ...]
    filled: Int[Array, ""]
    means: tuple[Float[Array, "capacity _"], ...] = ()


def empty(units: Sequence[int], block: int | None = None, means: bool = False) -> Triangle:
    """The state of no samples: block + n rows, n being the units of all networks, and the columns for means."""
    if means:
        return _parted(empty((1, *units, *(1 for _ in units)), block))
    total = sum(units)
    capacity = total + (max(BLOCK, 12 * total + 8) if block is None else block)
    rows = tuple(on_device(np.zeros((capacity, n))) for n in units)
    return Triangle(rows, on_device(np.zeros((), np.int32)))


@jax.jit
@with_all_digits
def update(
    state: Triangle, arrays: tuple[Array, ...], samples: Int[Array, ""] | int, real: Bool[Array, "m"] | None = None
) -> Triangle:
    """The state after the first `samples` rows of the arrays, which are in its dtype.

    Args:
        state: A state.
        arrays: (rows, units), one a network.
        samples: How many rows are looked at.
        real: (rows,), which of them are samples; the others are zero. By default all.
    """
    if state.means:
        ones = (jnp.ones(arrays[0].shape[0], bool) if real is None else real)[:, None].astype(arrays[0].dtype)
        lengths = (jnp.sum(array * array, axis=1, keepdims=True) for array in arrays)
        return _parted(update(_whole(state), (ones, *arrays, *lengths), samples))
    # Inside shard_map a state may still be the same on all devices where its first batch is not: the types must agree.
    state = state._replace(rows=varying_like(state.rows, *arrays))
    block = _block(state.rows)
    blocks, rest = divmod(arrays[0].shape[0], block)
    if blocks:
        chunks = tuple(array[: blocks * block].reshape(blocks, block, array.shape[1]) for array in arrays)
        counts = jnp.clip(samples - block * jnp.arange(blocks, dtype=jnp.int32), 0, block)
        state, _ = jax.lax.scan(lambda so_far, chunk: (_push(so_far, *chunk), None), state, (chunks, counts))
    left = jnp.asarray(samples - blocks * block, jnp.int32)
    return _push(state, tuple(array[blocks * block :] for array in arrays), jnp.maximum(left, 0)) if rest else state


@jax.jit
def merge(first: Triangle, second: Triangle) -> Triangle:
    """The state of the samples of both."""
    if first.means:
        return _parted(merge(_whole(first), _whole(second)))
    arrays = finalize(second, None)
    return update(first, arrays, arrays[0].shape[0])


@partial(jax.jit, static_argnums=1)
@with_all_digits
def finalize(state: Triangle, axis_name: str | None) -> tuple[Float[Array, "rows _"], ...]:
    """The triangle of all samples, of all devices along an axis of a mesh where one is named."""
    if not state.rows:
        return ()
    if state.means:
        return finalize(_whole(state), axis_name)[1 : 1 + len(state.rows)]
    return fold_devices(fold(state.rows), axis_name)


def fold_devices(rows: Sequence[Array], axis_name: str | None) -> tuple[Array, ...]:
    """The triangle of those of all devices along an axis, on each of them."""
    if axis_name is None:
        return tuple(rows)
    return fold([jax.lax.all_gather(part, axis_name, tiled=True, to="invarying") for part in rows])


def fold(rows: Sequence[Array]) -> tuple[Array, ...]:
    """The triangular factor of all columns together, split again: n rows, of zeros where a block has fewer."""
    widths = [part.shape[1] for part in rows]
    scales = [binary_scale(part) for part in rows]
    joint = jnp.concatenate([part / scale for part, scale in zip(rows, scales, strict=True)], axis=1)
    triangle = triangular_factor(joint)
    triangle = jnp.pad(triangle, ((0, sum(widths) - triangle.shape[0]), (0, 0)))
    parts = by_network(triangle, widths)
    return tuple(part * scale for part, scale in zip(parts, scales, strict=True))


CONSTANT = 1e-12
"""A unit varies where its norm around the mean exceeds this share of its norm: less is what rounding leaves."""


def _whole(state: Triangle) -> Triangle:
    """All columns as those of networks: the ones first, so that the first row of the triangle is along them."""
    return Triangle((*state.means[:1], *state.rows, *state.means[1:]), state.filled)


def _parted(whole: Triangle) -> Triangle:
    """The way back."""
    ones, *others = whole.rows
    k = len(others) // 2
    return Triangle(tuple(others[:k]), whole.filled, (ones, *others[k:]))


@partial(jax.jit, static_argnums=1)
@with_all_digits
def summary(
    state: Triangle, axis_name: str | None
) -> tuple[Float[Array, "rows n"], Float[Array, "rows k"], Float[Array, ""]]:
    """Rows of all units with √m·mean first, the squared lengths around the mean in that basis, and m.

    The first row of the triangle is along the column of ones. The squared length of a sample around the mean is
    |z|² − 2z·mean + |mean|², linear in the columns; its mean is the sum of the variances. A mean of k standard
    deviations costs it a factor k² of its 10¹⁶.
    """
    ones, *others = finalize(_whole(state), axis_name)
    units, lengths = others[: len(others) // 2], jnp.concatenate(others[len(others) // 2 :], axis=1)
    sign = jnp.where(ones[0, 0] < 0, -1.0, 1.0)
    root = jnp.abs(ones[0, 0])
    first = jnp.arange(len(ones))[:, None] == 0
    turned = [jnp.where(first, sign * part, part) for part in units]
    # What rounding leaves of a constant unit around its mean is nothing.
    around = [jnp.where(first | (_norms(part[1:]) <= CONSTANT * _norms(part)), 0.0, part) for part in turned]
    turned = [jnp.where(first, part, centred) for part, centred in zip(turned, around, strict=True)]
    divisor = jnp.maximum(root, 1.0)
    cross = jnp.stack([part @ (whole[0] / divisor) for part, whole in zip(around, turned, strict=True)], axis=1)
    variances = jnp.stack([jnp.sum(part * part) for part in around])
    squares = jnp.where(first, variances / divisor, lengths - 2 * cross)
    return jnp.concatenate(turned, axis=1), squares, jnp.round(root**2)


def _norms(rows: Float[Array, "m n"]) -> Float[Array, "n"]:
    scale = binary_scale(rows)
    return jnp.sqrt(jnp.sum((rows / scale) ** 2, axis=0)) * scale


def _push(state: Triangle, chunk: tuple[Array, ...], count: Int[Array, ""]) -> Triangle:
    """`update` by the first `count` rows of a block or less."""
    block = _block(state.rows)
    height = chunk[0].shape[0]

    def overflows(full: tuple[Triangle, Array]) -> Array:
        state, used = full
        return state.filled + count - used > block

    def make_room(full: tuple[Triangle, Array]) -> tuple[Triangle, Array]:
        state, used = full
        index = jnp.arange(block)
        source = jnp.maximum(index - state.filled, 0)
        # Triangle and block in one factorisation.
        rows = [
            jnp.concatenate([buffer[:-block], jnp.where(index[:, None] < state.filled, buffer[-block:], batch[source])])
            for buffer, batch in zip(state.rows, chunk, strict=True)
        ]
        folded = zip(state.rows, fold(rows), strict=True)
        folded = tuple(_written(buffer.at[-block:].set(0), part, 0) for buffer, part in folded)
        return Triangle(folded, jnp.zeros_like(used)), used + block - state.filled

    # A loop of one round at most: XLA writes its carry in place, where `lax.cond` would copy all buffers every time.
    state, used = jax.lax.while_loop(overflows, make_room, (state, jnp.zeros_like(state.filled)))
    # Rows that do not count may reach beyond the end: the place that is written begins before them, with what is there.
    first = jnp.minimum(state.filled, block - height)
    index = jnp.arange(height)[:, None] + first - state.filled
    new = (index >= 0) & (index < count - used)

    def with_rows(buffer: Array, batch: Array) -> Array:
        start = len(buffer) - block + first
        there = jax.lax.dynamic_slice_in_dim(buffer, start, height)
        return _written(buffer, jnp.where(new, jnp.roll(batch, state.filled - first - used, axis=0), there), start)

    rows = tuple(map(with_rows, state.rows, chunk))
    return Triangle(rows, state.filled + count - used)


def _block(rows: Sequence[Array]) -> int:
    return rows[0].shape[0] - sum(part.shape[1] for part in rows)


def _written(buffer: Array, rows: Array, start: Array | int) -> Array:
    """The buffer with these rows from `start` on."""
    return jax.lax.dynamic_update_slice_in_dim(buffer, rows, start, axis=0)
