"""The triangular factor of a Gram matrix that may be singular.

Written out, and not left to LAPACK: that has no pivoting in JAX, gives NaN for a singular matrix, and its threads wait
for each other wherever another process has a core.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.numerics.factor import solve_upper
from jaxrepsim.numerics.products import inner_products

BLOCK = 32
"""Rows that are subtracted together, as a matrix product."""


class Cholesky(NamedTuple):
    """RᵀR = G: the columns of R in the order of the pivots are an upper triangle.

    Fields:
        rows: R; zeros after the row of the last pivot.
        order: The pivots; n after the last one.
    """

    rows: Float[Array, "n n"]
    order: Int[Array, "n"]

    def is_pivot(self) -> Bool[Array, "n"]:
        """Of each unit whether it is a pivot."""
        return jnp.any(self.order[:, None] == jnp.arange(len(self.order)), axis=0)

    def inverse_diagonal(self) -> Float[Array, "n"]:
        """The diagonal of the inverse of the pivots' Gram matrix, 0 for all other units; its sum is Σ1/λ."""
        n = len(self.order)
        found = self.order < n
        triangle = jnp.where(found, self.rows[:, jnp.minimum(self.order, n - 1)], 0.0) if n else self.rows
        identity = jnp.eye(n, dtype=self.rows.dtype)
        inverse = solve_upper(jnp.where(found, triangle, identity), identity)
        squares = jnp.sum(jnp.where(found, inverse, 0.0) ** 2, axis=1)
        return jnp.sum(jnp.where(self.order[:, None] == jnp.arange(n), squares[:, None], 0.0), axis=0)


def pivoted_cholesky(gram: Float[Array, "n n"], least: Array | float) -> Cholesky:
    """The Cholesky factor; the next pivot is the largest diagonal element that remains, if that is large enough.

    What a unit has left after k pivots, its diagonal element, is its squared distance to their span; so units that are
    never pivots lie in the span of those that are, as far as `least` tells. Every element of RᵀR − G is
    (n + 1)u·√(gᵢᵢ gⱼⱼ) or less, besides what is left of such units.

    Args:
        gram: (n, n), symmetric and positive semidefinite, rounding aside.
        least: What a pivot must exceed.

    Returns:
        The factor, finite always.

    Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", chapter 10.

    >>> found = pivoted_cholesky(jnp.array([[1.0, 2.0], [2.0, 4.0]]), 1e-6)
    >>> found.rows.tolist(), found.order.tolist()
    ([[1.0, 2.0], [0.0, 0.0]], [1, 2])
    """
    n = gram.shape[0]
    if n == 0:
        return Cholesky(gram, jnp.zeros(0, jnp.int32))
    size = min(BLOCK, n)
    units = jnp.arange(n, dtype=jnp.int32)

    def block(so_far: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        rest, left = so_far

        def step(so_far: tuple[Array, Array], i: Int[Array, ""]) -> tuple[tuple[Array, Array], Array]:
            panel, left = so_far
            # Not argmax: with x64 off JAX cannot compile that of float64.
            pivot = jnp.min(jnp.where(left == jnp.max(left), units, n - 1))
            there = left[pivot] > least
            length = jnp.sqrt(jnp.where(there, left[pivot], 1.0))
            row = (rest[pivot] - inner_products(panel[:, pivot, None], panel)[0]) / length
            # Earlier pivots have nothing left.
            row = jnp.where(there & (left >= 0), jnp.where(units == pivot, length, row), 0.0)
            remaining = jnp.where(left < 0, left, jnp.maximum(left - row**2, 0.0))
            left = jnp.where(there & (units == pivot), -1.0, remaining)
            return (panel.at[i].set(row), left), jnp.where(there, pivot, n)

        begin = (jnp.zeros_like(rest[:size]), left)
        (panel, left), order = jax.lax.scan(step, begin, jnp.arange(size, dtype=jnp.int32))
        return (rest - inner_products(panel, panel), left), (panel, order)

    _, (panels, order) = jax.lax.scan(block, (gram, jnp.diagonal(gram)), length=-(-n // size))
    return Cholesky(panels.reshape(-1, n)[:n], order.reshape(-1)[:n])
