"""The Cholesky factor of a small matrix, of which very many are wanted one after the other.

LAPACK's is by far the fastest for one. But from 128 rows on it uses several threads, and in a program that works off
hundreds of systems, on a machine with other work, it then waits longer for them than it computes: ten times slower was
seen. So it gets blocks below that size, and the rest is left to matrix products.
"""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float

BLOCK = 48
"""Twice as many rows are factored by LAPACK at once."""


def cholesky(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The lower triangle L with L Lᵀ = matrix; NaN where the matrix is not positive definite.

    To be called for one matrix after the other: see `factor`.

    >>> cholesky(jnp.array([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    if len(matrix) <= 2 * BLOCK:
        return jnp.linalg.cholesky(matrix)
    identity = jnp.eye(BLOCK, dtype=matrix.dtype)
    # Below the factor L of the first block stands L⁻ᵀ: the factorisation of both is one call, and spares a triangular
    # solve, which takes several threads from eight columns on. What stands at the lower right only has to be large.
    large = jnp.finfo(matrix.dtype).max ** 0.5
    both = jnp.linalg.cholesky(jnp.block([[matrix[:BLOCK, :BLOCK], identity], [identity, large * identity]]))
    below = matrix[BLOCK:, :BLOCK] @ both[BLOCK:, :BLOCK]
    rest = cholesky(matrix[BLOCK:, BLOCK:] - below @ below.T)
    return jnp.block([[both[:BLOCK, :BLOCK], jnp.zeros_like(below.T)], [below, rest]])
