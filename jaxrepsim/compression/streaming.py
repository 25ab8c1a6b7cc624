"""Compression of more samples than memory holds: batch by batch, in several places at once, the same result."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.compression.triangles import add_block, digit, fold, levels, written
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.inputs import as_activations, narrowed, on_device, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.varying import varying_like

BLOCK = 8200
"""Samples that wait to be folded, where that is twelve times the units or more.

Not a power of two: columns that far apart fall on the same lines of the caches, and LAPACK's QR is a tenth slower.
"""


class Compression(NamedTuple):
    """Rows with the inner products of all samples seen so far.

    Fields:
        rows: For each network (capacity, units): triangles of what was folded, below them the samples that wait. The
            rest is zeros, so that all rows together are what the state stands for.
        filled: How many samples wait.
        folds: How many blocks of samples were folded.
    """

    rows: tuple[Float[Array, "capacity _"], ...]
    filled: Int[Array, ""]
    folds: Int[Array, ""]


def init(units: Sequence[int], dtype: DTypeLike = jnp.float32, block: int | None = None) -> Compression:
    """The compression of no samples.

    Args:
        units: How many units each network has.
        dtype: In which to hold and factor: float32 or float64.
        block: How many samples are gathered before they are factored. By default 8200, or 12n + 8 if that is more, n
            being the units of all networks.

    Returns:
        An empty state of block + n rows in float64, of block + 12n in float32.

    Raises:
        TypeError: The dtype is not a floating one of 32 bits or more.
        ValueError: A negative number of units, or a block below 1.

    >>> init((3, 2), block=4).filled.item()
    0
    """
    if not jnp.issubdtype(dtype, jnp.floating) or jnp.finfo(dtype).bits < 32:
        raise TypeError(f"a compression is held in float32 or float64, not in {jnp.dtype(dtype)}")
    total = sum(units)
    block = max(BLOCK, 12 * total + 8) if block is None else block
    if min(units, default=0) < 0 or block < 1:
        raise ValueError(f"needed are numbers of units and a block of 1 or more, received {tuple(units)} and {block}")
    capacity = levels(dtype) * total + block
    rows = tuple(on_device(np.zeros((capacity, n), dtype)) for n in units)
    # Two zeros, not one twice: a buffer cannot be donated twice.
    return Compression(rows, on_device(np.zeros((), np.int32)), on_device(np.zeros((), np.int32)))


def update(state: Compression, *activations: ArrayLike) -> Compression:
    """The compression of what was seen and of more samples: the QR of tall and skinny matrices, a block at a time.

    If R is the triangular factor of the samples so far, that of [R; more samples] is the triangular factor of all of
    them: R stands for its samples in every inner product. So the activations need never be in memory together: the
    size of a state does not depend on the number of samples. In which batches they come changes rounding at most.

    Each fold is a Householder QR of columns scaled by powers of two, so that a unit's scale costs no digits. Folds
    round, and in one chain they all err to the same side: in float32, 1,000,000 samples in blocks of 48 were off by
    6e-4 in the inner products of unit columns. So float32 states merge triangles of equal weight, like the digits of a
    binary counter: then 2,000,000 samples are off by 8e-7 or less with any block, and the squared residuals of units of
    condition 1e3 by 7e-7 (5e-6 where all activations are positive), as with `compress` on all samples at once. In
    float64 that chain is off by 3e-14, so it is kept, and with it the memory of the digits saved.

    Under `vmap`, give the fields `filled` and `folds` no axis, `Compression(0, None, None)`: they depend on shapes
    alone, and so stacked states fold only when they have to. A plain call leaves the state as it was, so it copies it;
    `jax.jit(update, donate_argnums=0)` does not. Batches of other sizes share a few programs.

    Args:
        state: From `init`, `update` or `merge`.
        *activations: (samples, units), one a network, as many and as wide as `init` was told; cast to the state's
            dtype. Zero rows change nothing, so that a last batch may be padded with them.

    Returns:
        The new state, of the same shapes.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, another number of networks or other numbers of units, or
            a concrete activation that is NaN or infinite. Where one is traced, what the state stands for is NaN.

    Source: Demmel, Grigori, Hoemmen and Langou 2012, "Communication-optimal parallel and sequential QR and LU
    factorizations", arXiv:0806.2159 (sequential TSQR).

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 1000, 3))
    >>> state = init((3, 3))
    >>> for start in range(0, 1000, 100):
    ...     state = update(state, x[start : start + 100], y[start : start + 100])
    >>> small_x, small_y = finalize(state)
    >>> small_x.shape, bool(jnp.allclose(small_x.T @ small_y, x.T @ y, atol=1e-2))
    ((6, 3), True)
    """
    arrays = _fitting(state, activations)
    if not arrays:
        return state
    samples = arrays[0].shape[0]
    if traced(state, arrays):
        return _update(state, arrays, samples)
    rows = size_bucket(samples, 64)
    return _update(state, tuple(padded(array, (rows, array.shape[1])) for array in arrays), samples)


@jax.jit
@with_all_digits
def _update(state: Compression, arrays: tuple[Array, ...], samples: Int[Array, ""] | int) -> Compression:
    """`update` by the first `samples` rows."""
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


def merge(first: Compression, second: Compression) -> Compression:
    """The compression of the samples of both.

    Args:
        first: A state.
        second: Another, of networks with the same numbers of units. The two may have been made anywhere, in any order.

    Returns:
        A state with the shapes and dtype of `first`.

    Raises:
        ValueError: The numbers of networks or units differ.

    >>> x = jnp.arange(6.0).reshape(3, 2)
    >>> both = merge(update(init((2,)), x), update(init((2,)), x))
    >>> bool(jnp.allclose(both.rows[0].T @ both.rows[0], 2 * x.T @ x))
    True
    """
    _check_fit(first, second.rows)
    return _merge(first, second)


@jax.jit
def _merge(first: Compression, second: Compression) -> Compression:
    arrays = tuple(a.astype(b.dtype) for a, b in zip(finalize(second), first.rows, strict=True))
    return _update(first, arrays, arrays[0].shape[0]) if arrays else first


def finalize(state: Compression, axis_name: str | None = None) -> tuple[Float[Array, "rows _"], ...]:
    """What `compress` makes of all samples at once, with n rows, the units of all networks; fewer samples leave zeros.

    Args:
        state: A state.
        axis_name: Inside `shard_map`, an axis of the mesh: the states of all devices along it are folded into one,
            and each device gets the whole result.

    Returns:
        (rows, units) for each network, with the inner products of all samples, within networks and between them.

    >>> [rows.shape for rows in finalize(init((3, 2)))]
    [(5, 3), (5, 2)]
    """
    return _finalize(state, axis_name)


@partial(jax.jit, static_argnums=1)
@with_all_digits
def _finalize(state: Compression, axis_name: str | None) -> tuple[Float[Array, "rows _"], ...]:
    if not state.rows:
        return ()
    rows, block = state.rows, _block(state.rows)
    digits = levels(rows[0].dtype)

    def add(level: Array, triangle: tuple[Array, ...]) -> tuple[Array, ...]:
        return fold([jnp.concatenate(pair) for pair in zip(digit(rows, level), triangle, strict=True)])

    # From the lightest triangle to the heaviest; all at once rounds several times as much in float32.
    waiting = fold(rows if digits == 1 else [buffer[-block:] for buffer in rows])
    triangle = waiting if digits == 1 else jax.lax.fori_loop(0, digits, add, waiting)
    if axis_name is not None:
        triangle = fold([jax.lax.all_gather(part, axis_name, tiled=True, to="invarying") for part in triangle])
    return triangle


def _push(state: Compression, chunk: tuple[Array, ...], count: Int[Array, ""]) -> Compression:
    """`update` by the first `count` rows of a block or less."""
    block = _block(state.rows)
    height = chunk[0].shape[0]

    def overflows(full: tuple[Compression, Array]) -> Array:
        state, used = full
        return state.filled + count - used > block

    def make_room(full: tuple[Compression, Array]) -> tuple[Compression, Array]:
        state, used = full
        index = jnp.arange(block)
        source = jnp.maximum(index - state.filled, 0)
        samples = [
            jnp.where(index[:, None] < state.filled, buffer[-block:], batch[source])
            for buffer, batch in zip(state.rows, chunk, strict=True)
        ]
        rows = add_block(tuple(buffer.at[-block:].set(0) for buffer in state.rows), state.folds, samples)
        return Compression(rows, jnp.zeros_like(used), state.folds + 1), used + block - state.filled

    # A loop of one round at most: XLA writes its carry in place, where `lax.cond` would copy all buffers every time.
    state, used = jax.lax.while_loop(overflows, make_room, (state, jnp.zeros_like(state.filled)))
    # Rows that do not count may reach beyond the end: the place that is written begins before them, with what is there.
    first = jnp.minimum(state.filled, block - height)
    index = jnp.arange(height)[:, None] + first - state.filled
    new = (index >= 0) & (index < count - used)

    def with_rows(buffer: Array, batch: Array) -> Array:
        start = len(buffer) - block + first
        there = jax.lax.dynamic_slice_in_dim(buffer, start, height)
        return written(buffer, jnp.where(new, jnp.roll(batch, state.filled - first - used, axis=0), there), start)

    rows = tuple(map(with_rows, state.rows, chunk))
    return Compression(rows, state.filled + count - used, state.folds)


def _block(rows: Sequence[Array]) -> int:
    return rows[0].shape[0] - levels(rows[0].dtype) * sum(part.shape[1] for part in rows)


def _fitting(state: Compression, activations: Sequence[ArrayLike]) -> tuple[Array, ...]:
    """The activations, checked against what the state was made for, in its dtype."""
    arrays = as_activations(*activations)
    _check_fit(state, arrays)
    return tuple(narrowed(array, part.dtype) for array, part in zip(arrays, state.rows, strict=True))


def _check_fit(state: Compression, networks: Sequence[Array]) -> None:
    wanted, received = ([part.shape[1] for part in parts] for parts in (state.rows, networks))
    if wanted != received:
        raise ValueError(
            f"the compression was begun for {len(wanted)} networks of {wanted} units, received are activations of"
            f" {len(received)} networks of {received} units"
        )
