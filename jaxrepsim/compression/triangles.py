"""Triangular factors merged in equal weights: a binary counter whose digits are triangles.

The buffers of a state begin with its digits, n rows each, n being the units of all networks.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxrepsim._typing import Array
from jaxrepsim.numerics.factor import triangular_factor
from jaxrepsim.numerics.scaling import binary_scale


def add_block(rows: tuple[Array, ...], folds: Array, samples: Sequence[Array]) -> tuple[Array, ...]:
    """Adds one to a binary counter whose digits are triangles: digit l stands for 2ˡ blocks, the last for all more."""
    n = sum(part.shape[1] for part in rows)
    last = levels(rows[0].dtype) - 1
    if last == 0:  # a chain: triangle and block in one factorisation
        chain = fold([jnp.concatenate([buffer[:n], part]) for buffer, part in zip(rows, samples, strict=True)])
        return tuple(written(buffer, part, 0) for buffer, part in zip(rows, chain, strict=True))
    triangle = fold(samples)

    def taken(carried: tuple[Array, tuple[Array, ...], tuple[Array, ...]]) -> Array:
        level, _, _ = carried
        above = folds >> jnp.minimum(level, last)
        return (level <= last) & (jnp.where(level == last, above, above & 1) > 0)

    def add(carried: tuple[Array, tuple[Array, ...], tuple[Array, ...]]):
        level, rows, triangle = carried
        there = digit(rows, level)
        both = [jnp.concatenate(pair) for pair in zip(there, triangle, strict=True)]
        cleared = [written(buffer, jnp.zeros_like(part), level * n) for buffer, part in zip(rows, there, strict=True)]
        return level + 1, tuple(cleared), fold(both)

    level, rows, triangle = jax.lax.while_loop(taken, add, (jnp.zeros_like(folds), rows, triangle))
    start = jnp.minimum(level, last) * n
    return tuple(written(buffer, part, start) for buffer, part in zip(rows, triangle, strict=True))


def digit(rows: Sequence[Array], level: Array) -> list[Array]:
    """The triangle of one level."""
    n = sum(part.shape[1] for part in rows)
    return [jax.lax.dynamic_slice_in_dim(buffer, level * n, n) for buffer in rows]


def written(buffer: Array, rows: Array, start: Array | int) -> Array:
    """The buffer with these rows from `start` on."""
    return jax.lax.dynamic_update_slice_in_dim(buffer, rows, start, axis=0)


def fold(rows: Sequence[Array]) -> tuple[Array, ...]:
    """The triangular factor of all columns together, split again: n rows, of zeros where a block has fewer."""
    widths = [part.shape[1] for part in rows]
    scales = [binary_scale(part) for part in rows]
    joint = jnp.concatenate([part / scale for part, scale in zip(rows, scales, strict=True)], axis=1)
    triangle = triangular_factor(joint)
    triangle = jnp.pad(triangle, ((0, sum(widths) - triangle.shape[0]), (0, 0)))
    cuts = [sum(widths[:i]) for i in range(1, len(widths))]
    parts = jnp.split(triangle, cuts, axis=1)
    return tuple(part * scale for part, scale in zip(parts, scales, strict=True))


def levels(dtype: DTypeLike) -> int:
    """Digits of the counter: 12 hold 4096 blocks of equal weight before the last digit becomes a chain."""
    return 12 if jnp.finfo(dtype).bits == 32 else 1
