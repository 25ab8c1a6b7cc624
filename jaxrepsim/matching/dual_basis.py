"""Both networks' units in dual-basis form, from which one unit after another can be removed in O(n²).

Take the units of one side as a basis B = Q R of unit-norm columns, and the other side's units in its coordinates
T = QᵀP. Row k of W = R⁻¹ is the dual vector of unit k: w_k·r_l = δ_kl. The span of the basis loses exactly the
direction q = w_k/|w_k| when unit k goes; `removal` says what follows for the others.

There are two ways to W and T. The Gram matrix of all units gives them by an elimination a side at little more than
the cost of one matrix product, but its rounding errors reach the squared residuals multiplied by Σ|w_k|². Where
that is too much, or a factorisation fails, they come from Householder QR, with rows √δ·I below the basis that make
dependent units harmless.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.compression.factor import one_at_a_time, solve_upper
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.compression.scaling import comparable_columns, unit_columns
from jaxrepsim.matching.dual_vectors import dual_vectors
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.projection import factor, project_out


class DualBasis(NamedTuple):
    """Both sides, stacked: side 0 is x, side 1 is y, both padded with dead units to n = max(n_x, n_y, 1)."""

    dual: Float[Array, "2 n n"]
    """[side, unit]: the dual vector of a unit of the side, in the side's orthonormal coordinates."""
    coordinates: Float[Array, "2 n n"]
    """[side, :, unit]: a unit of the *other* side in this side's coordinates."""
    squared: Float[Array, "2 n"]
    """[side, unit]: the squared residual of a unit of the side on the active units of the other."""
    active: Bool[Array, "2 n"]
    """[side, unit]: the units that are left."""


class Gram(NamedTuple):
    """Inner products of units of norm 1; a unit that is dead or left out stands as a direction of its own."""

    own: Float[Array, "2 n n"]
    """Within each side."""
    cross: Float[Array, "n n"]
    """Of x units with y units."""
    alive: Bool[Array, "2 n"]


def gram(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> Gram:
    """All inner products of the two sides' units: three matrix products."""
    n = _width(x, y)
    tiny, huge = (1e-100, 1e100) if jnp.finfo(x.dtype).bits == 64 else (1e-12, 1e12)

    def products(x: Array, y: Array) -> tuple[Array, Array]:
        return jnp.stack([_pad(x.T @ x, n), _pad(y.T @ y, n)]), _pad(x.T @ y, n)

    def safe_products(x: Array, y: Array) -> tuple[Array, Array]:
        largest = jnp.concatenate([jnp.max(jnp.abs(side), axis=0, initial=0.0) for side in (x, y)])
        safe = jnp.all((largest == 0) | ((largest > tiny) & (largest < huge)))
        # To scale all activations takes as long as a good part of the products, and hardly any need it.
        return jax.lax.cond(
            safe, lambda: products(x, y), lambda: products(comparable_columns(x)[0], comparable_columns(y)[0])
        )

    own, cross = one_at_a_time(safe_products, x, y)
    lengths = jnp.sqrt(jnp.diagonal(own, axis1=1, axis2=2))
    alive = lengths > 0
    scale = jnp.where(alive, 1 / jnp.where(alive, lengths, 1.0), 0.0)
    scaled = Gram(own * scale[:, :, None] * scale[:, None, :], cross * scale[0][:, None] * scale[1], alive)
    return among(scaled, alive)


def among(products: Gram, units: Bool[Array, "2 n"]) -> Gram:
    """The same of some units only."""
    keep = units.astype(products.own.dtype)
    own = products.own * keep[:, :, None] * keep[:, None, :] + (1 - keep)[:, :, None] * jnp.eye(
        units.shape[1], dtype=keep.dtype
    )
    return Gram(own, products.cross * keep[0][:, None] * keep[1], products.alive & units)


def init(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], products: Gram | None = None) -> DualBasis:
    """Factors both sides.

    Args:
        x: (samples, n_x), activations.
        y: (samples, n_y), activations on the same samples.
        products: Their inner products, where they are there already; or those `among` some units.

    Returns:
        The dual basis, with all units active that are alive in `products`.
    """

    def either(x: Array, y: Array, products: Gram) -> DualBasis:
        by_gram, trusted = _by_gram(products)
        used = products.alive.astype(x.dtype)
        return jax.lax.cond(
            trusted, lambda: by_gram, lambda: _by_qr(x * used[0, : x.shape[1]], y * used[1, : y.shape[1]])
        )

    # One pair at a time on a CPU: a batched condition would compute both ways for all.
    return one_at_a_time(either, x, y, gram(x, y) if products is None else products)


def gram_limit(dtype: DTypeLike) -> float:
    """The largest Σ|w_k|² = Σ 1/σ_k² of a side up to which the Gram matrix is exact enough.

    The squared residual of a unit on the other side is wrong by about u·Σ|w_k|², u the precision of the dtype: 1e-11 in
    float64, 1e-6 in float32, a tenth or less of what `jaxrepsim.resolution` allows for.
    """
    return 1e5 if jnp.finfo(dtype).bits == 64 else 16.0


def _by_gram(products: Gram) -> tuple[DualBasis, Bool[Array, ""]]:
    """From the inner products alone, and whether these can be trusted."""
    dual = jax.vmap(dual_vectors)(products.own)
    coordinates = jnp.swapaxes(dual, 1, 2) @ jnp.stack([products.cross, products.cross.T])
    inside = jnp.sum(coordinates * coordinates, axis=1)[::-1]
    squared = jnp.where(products.alive, jnp.maximum(1 - inside, 0.0), 0.0)
    weights = jnp.sum(dual * dual, axis=(1, 2))
    return DualBasis(dual, coordinates, squared, products.alive), jnp.all(weights <= gram_limit(dual.dtype))


def _by_qr(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> DualBasis:
    """From orthogonal factorisations, exact for dependent units too."""
    n = _width(x, y)
    x, y = compress(x, y)
    sides, norms = jax.vmap(unit_columns)(jnp.stack([_widen(x, n), _widen(y, n)]))

    def one(side: Array, other: Array) -> tuple[Array, Array, Array]:
        top, triangle = factor(side)
        error = project_out(top, other)
        dual = solve_upper(triangle, jnp.eye(n, dtype=side.dtype))
        return dual, top.T @ other, jnp.sum(error * error, axis=0)

    dual, coordinates, squared = jax.vmap(one)(sides, sides[::-1])
    return DualBasis(dual, coordinates, squared[::-1], norms > 0)


def as_match(active: Bool[Array, "*batch 2 n"], n_x: int, n_y: int) -> Match:
    """Units of the stacked sides as a match, without the padding."""
    return Match(active[..., 0, :n_x], active[..., 1, :n_y])


def as_sides(joint: Array, n_x: int, n: int) -> Array:
    """(n_x + n_y,) values by joint index as (2, n), by side, the padding zero."""
    x, y = joint[:n_x], joint[n_x:]
    return jnp.stack([jnp.pad(side, (0, n - len(side))) for side in (x, y)])


def _width(x: Array, y: Array) -> int:
    return max(x.shape[1], y.shape[1], 1)


def _widen(x: Array, n: int) -> Array:
    return jnp.pad(x, ((0, 0), (0, n - x.shape[1])))


def _pad(matrix: Array, n: int) -> Array:
    return jnp.pad(matrix, ((0, n - matrix.shape[0]), (0, n - matrix.shape[1])))
