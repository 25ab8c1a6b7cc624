"""The measures by singular values and vectors, of pairs of networks each decomposed once."""

import inspect
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.measures.directions import Directions, directions, mean_correlation, up_to_rank
from jaxrepsim.measures.networks import Basis, Raw, centred, ratio, root
from jaxrepsim.measures.rotation import angle, quick_chord
from jaxrepsim.measures.shape_distance import lengths, shape_distance
from jaxrepsim.measures.svcca import strongest, svcca
from jaxrepsim.numerics.conditioning import rank_cutoff
from jaxrepsim.numerics.factor import orthonormal_basis, solve_upper
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns

ROTATIONS = ("procrustes", "angular_procrustes", "bures")
SPANS = ("cca", "svcca", "pwcca", "shape_distance", "linear_regression")
VARIANCE, ALPHA = (
    inspect.signature(function).parameters[option].default
    for function, option in ((svcca, "variance"), (shape_distance, "alpha"))
)


class Decomposed(NamedTuple):
    """What the pairs of one network share."""

    joint: Float[Array, "r n"]
    """Centred rows, all units in one scale."""
    scale: Float[Array, ""]
    """Of `joint`."""
    spans: "Spans | None"
    """None where no measure needs it."""


class Spans(NamedTuple):
    """An orthonormal basis of what a network spans, and its principal directions in that basis."""

    units: Float[Array, "r k"]
    """The basis, of units of norm 1, so that the rank does not depend on their scales; zero beyond it."""
    loadings: Float[Array, "k n"]
    """`Decomposed.joint` in the basis."""
    principal: Directions
    """Of `loadings`, and so of `Decomposed.joint`."""


@partial(jax.jit, static_argnums=1)
@with_all_digits
def decomposed(network: Raw | Basis, spans: bool) -> Decomposed:
    """A network, with a basis where it is asked for.

    Where units of norm 1 have κ up to some hundreds, as nearly all that depend on none, the Cholesky factor R of their
    Gram matrix gives an orthonormal basis up to uκ², 1e-10. With D their norms the principal directions are the
    eigenvectors of RD²Rᵀ: orthonormal whatever D is, at a third of the time of singular vectors.
    """
    found = centred(network)
    joint = found.joint
    if not spans:
        return Decomposed(joint, found.largest, None)
    unit, norms = unit_columns(found.rows)
    norms = norms * (found.scale / found.largest)
    if joint.shape[0] < joint.shape[1]:
        return Decomposed(joint, found.largest, _by_singular_vectors(unit, norms))
    live = norms > 0
    triangle = jnp.linalg.cholesky(unit.T @ unit + jnp.diag(jnp.where(live, 0.0, 1.0)), upper=True)
    exact = _is_sound(triangle)

    def by_eigenvectors() -> Spans:
        basis = jax.lax.linalg.triangular_solve(triangle, unit, left_side=False, lower=False)
        loadings = triangle * norms
        turn = jnp.linalg.eigh(loadings @ loadings.T, symmetrize_input=False)[1][:, ::-1]
        sigma = jnp.sqrt(jnp.sum((turn.T @ loadings) ** 2, axis=1))
        return Spans(basis, loadings, Directions(turn, sigma).first(_above_rounding(sigma, joint.shape)))

    spanned = jax.lax.cond(exact, by_eigenvectors, lambda: _by_singular_vectors(unit, norms))
    return Decomposed(joint, found.largest, spanned)


def _by_singular_vectors(unit: Float[Array, "r n"], norms: Float[Array, "n"]) -> Spans:
    """Of any rank: one factorisation for units of norm 1 and as they are."""
    basis, triangle = orthonormal_basis(unit)
    units, principal = directions(triangle), directions(triangle * norms)
    loadings = units.basis.T @ (triangle * norms)
    return Spans(basis @ units.basis, loadings, Directions(units.basis.T @ principal.basis, principal.values))


def _is_sound(triangle: Float[Array, "n n"]) -> Bool[Array, ""]:
    """Whether the Cholesky factor of a Gram matrix with ones on its diagonal is exact enough, by ‖R⁻¹‖."""
    identity = jnp.eye(len(triangle), dtype=triangle.dtype)
    finite = jnp.all(jnp.isfinite(triangle))
    inverse = solve_upper(jnp.where(finite, triangle, identity), identity)
    return finite & (jnp.sum(inverse**2) < 1e-2 / jnp.finfo(triangle.dtype).eps ** 0.5)


def _above_rounding(sigma: Float[Array, "k"], shape: tuple[int, ...]) -> Bool[Array, "k"]:
    return sigma > rank_cutoff(sigma.dtype, shape) * jnp.max(sigma, initial=0)


@partial(jax.jit, static_argnums=2)
@with_all_digits
def measured(x: Decomposed, y: Decomposed, names: tuple[str, ...]) -> dict[str, Array]:
    """Some of `ROTATIONS` and `SPANS`, all from one product of rows."""
    if x.spans is None or y.spans is None:
        found = _rotations(x, y, x.joint.T @ y.joint)
    else:
        a, b = x.spans.principal, y.spans.principal
        units = x.spans.units.T @ y.spans.units
        between = a.basis.T @ units @ b.basis
        found = _rotations(x, y, a.values[:, None] * between * b.values) | _canonical(x.spans, y.spans, units)
        first, second = strongest(a, VARIANCE), strongest(b, VARIANCE)
        kept = (first.values > 0)[:, None] & (second.values > 0)
        found["svcca"] = mean_correlation(jnp.where(kept, between, 0), jnp.minimum(first.rank, second.rank))
        longer, wider = lengths(a.values, x.scale, ALPHA), lengths(b.values, y.scale, ALPHA)
        norms = root(jnp.sum(longer**2)) * root(jnp.sum(wider**2))

        def rows(x: Spans = x.spans, y: Spans = y.spans) -> tuple[Array, Array]:
            return x.units @ (a.basis * longer), y.units @ (b.basis * wider)

        found["shape_distance"] = angle(quick_chord(longer[:, None] * between * wider, norms, rows))
    return {name: found[name] for name in names}


def _rotations(x: Decomposed, y: Decomposed, cross: Float[Array, "k l"]) -> dict[str, Array]:
    """Of the product of both networks, up to a rotation of either."""
    norms = root(jnp.sum(x.joint**2)) * root(jnp.sum(y.joint**2))
    distance = quick_chord(cross, norms, lambda: (x.joint, y.joint))
    return {
        "procrustes": distance,
        "angular_procrustes": angle(distance),
        "bures": jnp.maximum(1 - distance**2 / 2, 0),
    }


def _canonical(x: Spans, y: Spans, between: Float[Array, "k l"]) -> dict[str, Array]:
    """Of both spans, and of the product of their bases."""
    along, values = _canonical_directions(between)
    rank = jnp.minimum(*(jnp.sum(jnp.any(each.units != 0, axis=0)) for each in (x, y)))
    counted, correlations = up_to_rank(values, rank)
    weights = jnp.where(counted, jnp.sum(jnp.abs(along.T @ x.loadings), axis=1), 0)
    variance = jnp.sum(x.loadings**2)
    return {
        "cca": ratio(jnp.sum(correlations), rank.astype(correlations.dtype)),
        "pwcca": ratio(jnp.sum(weights * correlations), jnp.sum(weights)),
        "linear_regression": jnp.clip(ratio(jnp.sum((between.T @ x.loadings) ** 2), variance), 0, 1),
    }


def _canonical_directions(between: Float[Array, "k l"]) -> tuple[Float[Array, "k r"], Float[Array, "r"]]:
    """Left singular vectors and singular values, by eigenvectors of the smaller product.

    A singular value is the norm of what the product makes of its vector: that has all digits, which the root of a small
    eigenvalue has not.
    """
    left = between.shape[0] <= between.shape[1]
    product = between @ between.T if left else between.T @ between
    vectors = jnp.linalg.eigh(product, symmetrize_input=False)[1][:, ::-1]
    across = (between.T if left else between) @ vectors
    values = jnp.sqrt(jnp.sum(across**2, axis=0))
    return vectors if left else ratio(across, values), values
