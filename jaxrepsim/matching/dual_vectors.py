"""Dual vectors straight from a Gram matrix.

Written out, and not left to LAPACK: after each call the threads of a CPU's LAPACK spin for some 25 ms, in which the
products around it run at half their speed; with 128 units a side that made a match profile three times slower.
"""

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Float, Int

BLOCK = 32
"""Rows that are eliminated together."""
WIDE = 256
"""Units above which these are four times as many, for memory is what elimination waits for, and themselves eliminated
in blocks."""


def dual_vectors(gram: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """W = R⁻¹ for the triangular factor RᵀR = G, by elimination on [G | I], which becomes [R | R⁻ᵀ].

    Args:
        gram: (n, n), the inner products of n units.

    Returns:
        (n, n), row k the dual vector of unit k, finite always. Where a unit depends on those before it as far as the
        dtype can tell, its dual vector is as long as 1/u, u the precision of the dtype, and says nothing else.

    >>> dual_vectors(jnp.array([[4.0, 0.0], [0.0, 1.0]])).tolist()
    [[0.5, 0.0], [0.0, 1.0]]
    """
    n = gram.shape[0]
    size = min(BLOCK if n <= WIDE else 4 * BLOCK, n)
    extra = -n % size  # more units, each a direction of its own, fill the last block
    full = n + extra
    identity = jnp.eye(full, dtype=gram.dtype)
    left = jnp.pad(gram, ((0, extra), (0, extra))) + identity * (jnp.arange(full) >= n) if extra else gram

    def eliminate(block: Int[Array, ""], table: Float[Array, "full both"]) -> Float[Array, "full both"]:
        start = block * size
        # Left of it all is eliminated, right of it the identity is untouched.
        window = jax.lax.dynamic_slice_in_dim(table, start, full + size, axis=1)
        panel = jax.lax.dynamic_slice_in_dim(window, start, size)
        panel = (_one_by_one(panel[:, :size]) if size <= BLOCK else dual_vectors(panel[:, :size]).T) @ panel
        multiples = jax.lax.dynamic_update_slice_in_dim(jnp.zeros_like(table[:size]), panel, start, axis=1)[:, :full]
        multiples = jnp.where(jnp.arange(full) >= start + size, multiples, 0.0)
        window = jax.lax.dynamic_update_slice_in_dim(window - multiples.T @ panel, panel, start, axis=0)
        return jax.lax.dynamic_update_slice_in_dim(table, window, start, axis=1)

    table = jax.lax.fori_loop(0, full // size, eliminate, jnp.concatenate([left, identity], axis=1))
    return table[:n, full : full + n].T


def _one_by_one(gram: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """R⁻ᵀ, row after row."""
    n = gram.shape[0]
    least = float(jnp.finfo(gram.dtype).eps)

    def eliminate(k: Int[Array, ""], table: Float[Array, "n both"]) -> Float[Array, "n both"]:
        pivot = table[k, k]
        alone = (jnp.arange(2 * n) == n + k) / least  # of a dependent unit nothing can be subtracted from the others
        row = jnp.where(pivot > least, table[k] / jnp.sqrt(jnp.where(pivot > least, pivot, 1.0)), alone)
        multiples = jnp.where(jnp.arange(n) > k, row[:n], 0.0)
        return jnp.where((jnp.arange(n) == k)[:, None], row, table - multiples[:, None] * row)

    return jax.lax.fori_loop(0, n, eliminate, jnp.concatenate([gram, jnp.eye(n, dtype=gram.dtype)], axis=1))[:, n:]
