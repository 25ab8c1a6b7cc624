"""The measures by singular values and vectors, of pairs of networks each decomposed once."""

import inspect
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.measures.directions import Directions, directions, singular_values
from jaxrepsim.measures.networks import Basis, Centred, Raw, centred, ratio
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
    """Two orthonormal bases of what a network spans."""

    principal: Directions
    """Of `Decomposed.joint`."""
    units: Float[Array, "r k"]
    """Of units of norm 1, whose rank does not depend on their scales; zero beyond the rank."""
    loadings: Float[Array, "k n"]
    """`Decomposed.joint` in that basis."""
    same: Bool[Array, ""]
    """Whether the second basis is the first."""


@partial(jax.jit, static_argnums=1)
@with_all_digits
def decomposed(network: Raw | Basis, spans: bool) -> Decomposed:
    """A network, with bases where they are asked for.

    The eigenvectors of the Gram matrix take a third of the time of singular vectors, and lose u·κ² of a direction's
    digits: with κ up to 1,000 that is nothing (1e-10). Such a network has full rank, and one basis serves for both.
    """
    found = centred(network)
    joint = found.joint
    if not spans:
        return Decomposed(joint, found.largest, None)
    if joint.shape[0] < joint.shape[1]:
        return Decomposed(joint, found.largest, _by_singular_vectors(found))
    values, turn = jnp.linalg.eigh(joint.T @ joint, symmetrize_input=False)
    live = jnp.any(joint != 0, axis=0)
    constant = jnp.sum(~live)  # each is an eigenvalue 0, and these come first
    least = 100 * jnp.finfo(values.dtype).eps ** 0.5 * values[-1]
    exact = jnp.any(live) & (values[jnp.minimum(constant, len(values) - 1)] > least)

    def by_eigenvectors() -> Spans:
        there = (jnp.arange(len(values)) >= constant)[::-1]
        sigma = jnp.where(there, jnp.sqrt(jnp.where(there, values[::-1], 1)), 0)
        along = turn[:, ::-1]
        basis = ratio(joint @ along, sigma)
        return Spans(Directions(basis, sigma), basis, sigma[:, None] * along.T, jnp.asarray(True))

    return Decomposed(joint, found.largest, jax.lax.cond(exact, by_eigenvectors, lambda: _by_singular_vectors(found)))


def _by_singular_vectors(found: Centred) -> Spans:
    """One factorisation for both: the columns of `joint` are those of norm 1, times these."""
    unit, norms = unit_columns(found.rows)
    order = jnp.argsort(norms == 0, stable=True)  # constant units last, so that the others alone span the first columns
    basis, triangle = orthonormal_basis(unit[:, order])
    principal = directions(triangle * (norms * (found.scale / found.largest))[order])
    k = basis.shape[1]
    live = jnp.arange(k) < jnp.sum(norms > 0)
    units = jax.lax.cond(
        _has_full_rank(triangle, live),
        lambda: jnp.where(live, basis, 0),
        lambda: basis @ directions(triangle).basis,
    )
    return Spans(
        Directions(basis @ principal.basis, principal.values), units, units.T @ found.joint, jnp.asarray(False)
    )


def _has_full_rank(triangle: Float[Array, "k n"], live: Bool[Array, "k"]) -> Bool[Array, ""]:
    """Whether the first columns, those that are live, surely are: from ‖R⁻¹‖, at a tenth of the time of an SVD."""
    k, n = triangle.shape
    if k < n:
        return jnp.asarray(False)
    identity = jnp.eye(n, dtype=triangle.dtype)
    square = jnp.where(live, triangle, identity)
    full = jnp.all(jnp.diagonal(square) != 0)
    inverse = solve_upper(jnp.where(full, square, identity), identity)
    least = 1 / jnp.sqrt(jnp.sum(inverse**2))
    return full & (least > 10 * rank_cutoff(triangle.dtype, triangle.shape) * n**0.5)


@partial(jax.jit, static_argnums=2)
@with_all_digits
def measured(x: Decomposed, y: Decomposed, names: tuple[str, ...]) -> dict[str, Array]:
    """Some of `ROTATIONS` and `SPANS`: all from one product of rows, where both networks have one basis."""
    if x.spans is None or y.spans is None:
        found = _rotations(x, y, x.joint.T @ y.joint)
    else:
        a, b = x.spans.principal, y.spans.principal
        between = a.basis.T @ b.basis
        found = _rotations(x, y, a.values[:, None] * between * b.values) | _canonical(x.spans, y.spans, between)
        found["svcca"] = _mean_of(between, *(strongest(part, VARIANCE) for part in (a, b)))
        longer, wider = lengths(a.values, x.scale, ALPHA), lengths(b.values, y.scale, ALPHA)
        cross = longer[:, None] * between * wider
        found["shape_distance"] = angle(quick_chord(a.basis * longer, b.basis * wider, cross))
    return {name: found[name] for name in names}


def _rotations(x: Decomposed, y: Decomposed, cross: Float[Array, "k l"]) -> dict[str, Array]:
    """Of the product of both networks, up to a rotation of either."""
    distance = quick_chord(x.joint, y.joint, cross)
    return {
        "procrustes": distance,
        "angular_procrustes": angle(distance),
        "bures": jnp.maximum(1 - distance**2 / 2, 0),
    }


def _canonical(x: Spans, y: Spans, principal: Float[Array, "k l"]) -> dict[str, Array]:
    """Of both spans, and of the product of their principal directions."""
    between = jax.lax.cond(x.same & y.same, lambda a, b: principal, lambda a, b: a.T @ b, x.units, y.units)
    along, correlations = _canonical_directions(between)
    rank = jnp.minimum(*(jnp.sum(jnp.any(each.units != 0, axis=0)) for each in (x, y)))
    counted = jnp.arange(len(correlations)) < rank
    correlations = jnp.where(counted, jnp.clip(correlations, 0, 1), 0)
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


def _mean_of(between: Float[Array, "k l"], x: Directions, y: Directions) -> Array:
    """The mean canonical correlation of some directions of each network."""
    values = singular_values(jnp.where((x.values > 0)[:, None] & (y.values > 0), between, 0))
    rank = jnp.minimum(x.rank, y.rank)
    counted = jnp.where(jnp.arange(len(values)) < rank, jnp.clip(values, 0, 1), 0)
    return ratio(jnp.sum(counted), rank.astype(values.dtype))
