"""Orthonormal directions of what a network spans, and canonical correlations between two."""

from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.measures.networks import Centred, ratio
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


def canonical(x: Directions, y: Directions) -> tuple[Float[Array, "r k"], Float[Array, "k"]]:
    """Canonical correlations between two spans.

    Returns:
        The canonical directions of x, orthonormal columns; and their correlations, falling, 0 beyond the smaller rank.
    """
    turn, values, _ = decomposed(x.basis.T @ y.basis)
    counted, correlations = up_to_rank(values, jnp.minimum(x.rank, y.rank))
    return jnp.where(counted, x.basis @ turn, 0), correlations


def mean_correlation(between: Float[Array, "k l"], rank: Int[Array, ""]) -> Float[Array, ""]:
    """The mean canonical correlation, of the product of two bases and the smaller rank; no directions are asked for."""
    _, correlations = up_to_rank(singular_values(between), rank)
    return ratio(jnp.sum(correlations), rank.astype(between.dtype))


def up_to_rank(values: Float[Array, "k"], rank: Int[Array, ""]) -> tuple[Bool[Array, "k"], Float[Array, "k"]]:
    """Which singular values of the product of two bases are canonical correlations; and these, 0 beyond the rank."""
    counted = jnp.arange(len(values)) < rank
    return counted, jnp.where(counted, jnp.clip(values, 0, 1), 0)
