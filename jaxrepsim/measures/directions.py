"""Orthonormal directions of what a network spans, and canonical correlations between two."""

from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.measures.networks import Centred
from jaxrepsim.numerics.conditioning import rank_cutoff
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.scaling import unit_columns


class Directions(NamedTuple):
    """The singular value decomposition of rows, without what rounding leaves of dependencies.

    Fields:
        basis: (r, k), orthonormal columns; zero beyond the rank.
        values: (k,), singular values, falling; 0 beyond the rank.
    """

    basis: Float[Array, "r k"]
    values: Float[Array, "k"]

    @property
    def rank(self) -> Int[Array, ""]:
        return jnp.sum(self.values > 0)

    def first(self, kept: Bool[Array, "k"]) -> "Directions":
        """Those directions alone."""
        return Directions(jnp.where(kept, self.basis, 0), jnp.where(kept, self.values, 0))


def decomposed(a: Float[Array, "m n"]) -> tuple[Array, Array, Array]:
    """(U, σ, Vᵀ), thin."""
    if 0 in a.shape:
        k = min(a.shape)
        return jnp.zeros((a.shape[0], k), a.dtype), jnp.zeros(k, a.dtype), jnp.zeros((k, a.shape[1]), a.dtype)
    return one_at_a_time(lambda matrix: tuple(jnp.linalg.svd(matrix, full_matrices=False)), a)


def singular_values(a: Float[Array, "m n"]) -> Float[Array, "k"]:
    """Falling."""
    if 0 in a.shape:
        return jnp.zeros(min(a.shape), a.dtype)
    return one_at_a_time(lambda matrix: jnp.linalg.svd(matrix, compute_uv=False), a)


def directions(rows: Float[Array, "r n"]) -> Directions:
    """The directions of rows; the one rule of rank of all measures is `rank_cutoff`."""
    basis, values, _ = decomposed(rows)
    kept = values > rank_cutoff(rows.dtype, rows.shape) * jnp.max(values, initial=0)
    return Directions(basis, values).first(kept)


def on_few_rows(x: Centred, y: Centred, unit: bool) -> tuple[Float[Array, "r n_x"], Float[Array, "r n_y"]]:
    """Both networks on as many rows as there are units, if that is fewer.

    Args:
        x: A network.
        y: Another.
        unit: Whether every unit is brought to norm 1, for what does not depend on the scales of units: then they cost
            no digits.
    """
    rows = (unit_columns(network.rows)[0] if unit else network.joint for network in (x, y))
    a, b = triangle(*rows)
    return a, b


def canonical(x: Directions, y: Directions) -> tuple[Float[Array, "r k"], Float[Array, "k"], Int[Array, ""]]:
    """Canonical correlations between two spans.

    Returns:
        The canonical directions of x, orthonormal columns; their correlations, falling, 0 beyond the smaller rank; and
        the smaller rank.
    """
    turn, correlations, _ = decomposed(x.basis.T @ y.basis)
    rank = jnp.minimum(x.rank, y.rank)
    counted = jnp.arange(len(correlations)) < rank
    return jnp.where(counted, x.basis @ turn, 0), jnp.where(counted, jnp.clip(correlations, 0, 1), 0), rank
