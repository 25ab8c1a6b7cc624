"""A network beside another whose samples are in another order, by few rows."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Float, Int
from jaxrepsim.compression.compressed import about_mean
from jaxrepsim.numerics.factor import orthonormal_basis
from jaxrepsim.numerics.pivoted_cholesky import pivoted_cholesky
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import next_power_of_two, unit_columns


class Factored(NamedTuple):
    """One network by itself: its samples are 1·meanᵀ + basis · rows, k directions of them.

    Zero columns behind its units, and zero rows behind its samples, change nothing.
    """

    basis: Float[Array, "m k"]
    """Orthonormal columns, which have no mean."""
    rows: Float[Array, "k n"]
    mean: Float[Array, "n"]
    """√m·mean."""
    squares: Float[Array, "k"]
    """The squared lengths of samples around the mean, in the same basis; see `Compressed`."""
    mean_square: Float[Array, ""]


@jax.jit
@with_all_digits
def factored(network: Float[Array, "m n"], samples: Int[Array, ""] | int) -> Factored:
    """Of the first `samples` rows, more than units."""
    mean, around = about_mean(network, samples)
    scale = next_power_of_two(jnp.max(jnp.abs(around), initial=0.0))
    mean_length, lengths = about_mean(jnp.sum((around / scale) ** 2, axis=1, keepdims=True), samples)
    unit, norms = unit_columns(jnp.concatenate([around, lengths], axis=1))
    basis, triangle = orthonormal_basis(unit)
    rows, root = triangle * norms, jnp.sqrt(jnp.asarray(samples, network.dtype))
    return Factored(basis, rows[:, :-1], root * mean, rows[:, -1] * scale**2, root * mean_length[0] * scale**2)


@jax.jit
@with_all_digits
def beside(x: Factored, y: Factored, order: Int[Array, "m"]) -> tuple[Float[Array, "r n_y"], Float[Array, "r"]]:
    """The rows and squares of y, its samples in that order, in a basis that begins with 1 and the basis of x.

    With C = Q_xᵀPQ_y for the permutation P, the directions of y are C within those of x, and S outside of them with
    SᵀS = I − CᵀC: all inner products are as of (x, Py), from one product of m · k_x · k_y.
    """
    inside = x.basis.T @ y.basis[order]
    rest = jnp.eye(inside.shape[1], dtype=inside.dtype) - inside.T @ inside
    # Written out, as after each call of LAPACK its threads would slow the next product down.
    outside = pivoted_cholesky(rest, len(rest) * float(jnp.finfo(rest.dtype).eps)).rows
    whole = jnp.concatenate([inside, outside])
    rows = jnp.concatenate([y.mean[None], whole @ y.rows])
    return rows, jnp.concatenate([y.mean_square[None], whole @ y.squares])


@jax.jit
def alone(x: Factored, y: Factored) -> tuple[Float[Array, "r n_x"], Float[Array, "r"]]:
    """The rows and squares of x in that basis."""
    rows, squares = jnp.concatenate([x.mean[None], x.rows]), jnp.concatenate([x.mean_square[None], x.squares])
    more = y.basis.shape[1]
    return jnp.pad(rows, ((0, more), (0, 0))), jnp.pad(squares, (0, more))
