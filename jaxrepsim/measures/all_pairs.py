"""Measures of many pairs of networks at once, with what they share computed once."""

import inspect
from collections.abc import Sequence
from functools import partial
from itertools import chain, combinations
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.compression import Compressed, summarise
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.measures.alignments import alignments
from jaxrepsim.measures.directions import Directions, canonical, directions, singular_values
from jaxrepsim.measures.networks import Activations, Basis, centred, pair, ratio, raw_networks
from jaxrepsim.measures.of_rows import OF_ROWS, of_rows
from jaxrepsim.measures.rotation import angle, quick_chord
from jaxrepsim.measures.shape_distance import lengths, shape_distance
from jaxrepsim.measures.svcca import strongest, svcca
from jaxrepsim.numerics.factor import orthonormal_basis
from jaxrepsim.numerics.inputs import on_device, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns

CKA = ("linear_cka", "debiased_cka")
ROTATIONS = ("procrustes", "angular_procrustes", "bures")
SPANS = ("cca", "svcca", "pwcca", "shape_distance", "linear_regression")
VARIANCE, ALPHA = (
    inspect.signature(function).parameters[option].default
    for function, option in ((svcca, "variance"), (shape_distance, "alpha"))
)
LINEAR = (*CKA, *ROTATIONS, *SPANS)
"""What follows from inner products by linear algebra alone."""


def of_all_pairs(
    networks: Sequence[Activations],
    pairs: Sequence[tuple[int, int]] | None = None,
    names: Sequence[str] = LINEAR,
) -> dict[str, Float[Array, "pairs"]]:
    """Several measures of many pairs of networks, at their defaults, each as its own function gives it.

    What one network needs is computed once and not once a pair; the measures of a pair share products and singular
    value decompositions. `linear_cka` and `debiased_cka` of one network with all others are one matrix product.

    Args:
        networks: (samples, n_a) each, raw; or, where no measure needs samples, compressed together by
            `jaxrepsim.compression.summarise` or `summary`.
        pairs: Places in `networks`; by default all pairs of two different ones, in the order of
            `itertools.combinations`.
        names: Some of `LINEAR`, and of `OF_ROWS`.

    Returns:
        For each name (pairs,).

    Raises:
        InputError: A name that is none of these, a pair that is none of two places, compressed networks for a measure
            that needs samples, or not compressed together, or without the squares that `debiased_cka` needs, or traced
            values: under jit call each function.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different or too few samples, or a value that is NaN or infinite.

    >>> import jax
    >>> from jaxrepsim.compression import summarise
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 400, 3))
    >>> found = of_all_pairs(summarise(x, y, x + y), names=["linear_cka", "cca"])
    >>> {name: [round(float(value), 1) for value in values] for name, values in found.items()}
    {'linear_cka': [0.0, 0.5, 0.5], 'cca': [0.1, 0.7, 0.7]}
    """
    for name in names:
        if name not in (*LINEAR, *OF_ROWS):
            raise unknown("measure of all pairs", name, (*LINEAR, *OF_ROWS))
    if traced(networks):
        raise InputError("of_all_pairs takes concrete networks: under jit or vmap call the function of each measure")
    asked = _checked(pairs, len(networks))
    if not asked:
        return {name: on_device(np.zeros(0, np.float32)) for name in names}
    found = {}
    if of_samples := [name for name in names if name in OF_ROWS]:
        found |= of_rows(raw_networks(*networks), asked, of_samples)
    if linear := [name for name in names if name in LINEAR]:
        raw = not any(isinstance(network, Compressed) for network in networks)
        small = summarise(*networks) if raw else networks
        found |= _linear(small, asked, linear)
    return {name: on_device(found[name]) for name in names}


def _linear(networks: Sequence[Activations], asked: list[tuple[int, int]], names: list[str]) -> dict[str, np.ndarray]:
    used = sorted({*chain(*asked)})
    checked = [pair(networks[place], networks[used[0]], "debiased_cka" in names)[0] for place in used]
    bases = {place: network for place, network in zip(used, checked, strict=True) if isinstance(network, Basis)}
    found = alignments(bases, asked) if set(names) & set(CKA) else {}
    others = tuple(name for name in LINEAR if name in names and name not in CKA)
    if others:
        own = {place: _own(network, not set(others) <= set(ROTATIONS)) for place, network in bases.items()}
        values = jax.device_get([_measured(own[a], own[b], others) for a, b in asked])
        found |= {name: np.array([value[name] for value in values]) for name in others}
    return found


def _checked(pairs: Sequence[tuple[int, int]] | None, k: int) -> list[tuple[int, int]]:
    if pairs is None:
        return list(combinations(range(k), 2))
    for each in pairs:
        if len(each) != 2 or not all(0 <= place < k for place in each):
            raise InputError(f"a pair is two places among the {k} networks, received {each}")
    return [(int(a), int(b)) for a, b in pairs]


class _Own(NamedTuple):
    """What the pairs of one network share."""

    joint: Float[Array, "r n"]
    """Centred rows, all units in one scale."""
    principal: Directions | None
    """Of `joint`; None where no measure needs it."""
    scale: Float[Array, ""]
    """Of `joint`."""
    units: Directions | None
    """Of units of norm 1."""
    loadings: Float[Array, "k n"] | None
    """`joint` in these directions."""


@partial(jax.jit, static_argnums=1)
@with_all_digits
def _own(network: Basis, spans: bool) -> _Own:
    found = centred(network)
    joint = found.joint
    if not spans:
        return _Own(joint, None, found.largest, None, None)
    # One factorisation for both: the columns of `joint` are those of norm 1, times these.
    unit, norms = unit_columns(found.rows)
    basis, triangle = orthonormal_basis(unit)
    units = directions(triangle)
    principal = directions(triangle * (norms * (found.scale / found.largest)))
    units, principal = (Directions(basis @ part.basis, part.values) for part in (units, principal))
    return _Own(joint, principal, found.largest, units, units.basis.T @ joint)


@partial(jax.jit, static_argnums=2)
@with_all_digits
def _measured(x: _Own, y: _Own, names: tuple[str, ...]) -> dict[str, Array]:
    found = {}
    if set(names) & set(ROTATIONS):
        distance = quick_chord(x.joint, y.joint, x.joint.T @ y.joint)
        found["procrustes"], found["angular_procrustes"] = distance, angle(distance)
        found["bures"] = jnp.maximum(1 - distance**2 / 2, 0)
    if x.units is not None and y.units is not None and x.loadings is not None:
        along, correlations, rank = canonical(x.units, y.units)
        weights = jnp.sum(jnp.abs(along.T @ x.joint), axis=1)
        found["cca"] = ratio(jnp.sum(correlations), rank.astype(correlations.dtype))
        found["pwcca"] = ratio(jnp.sum(weights * correlations), jnp.sum(weights))
        predicted = (x.units.basis.T @ y.units.basis).T @ x.loadings
        found["linear_regression"] = jnp.clip(ratio(jnp.sum(predicted**2), jnp.sum(x.joint**2)), 0, 1)
    if x.principal is not None and y.principal is not None:
        between = x.principal.basis.T @ y.principal.basis
        found["svcca"] = _mean_of(between, *(strongest(part, VARIANCE) for part in (x.principal, y.principal)))
        a, b = lengths(x.principal.values, x.scale, ALPHA), lengths(y.principal.values, y.scale, ALPHA)
        cross = a[:, None] * between * b
        found["shape_distance"] = angle(quick_chord(x.principal.basis * a, y.principal.basis * b, cross))
    return {name: found[name] for name in names}


def _mean_of(between: Float[Array, "k l"], x: Directions, y: Directions) -> Array:
    """The mean canonical correlation of some directions of each network."""
    values = singular_values(jnp.where((x.values > 0)[:, None] & (y.values > 0), between, 0))
    rank = jnp.minimum(x.rank, y.rank)
    counted = jnp.where(jnp.arange(len(values)) < rank, jnp.clip(values, 0, 1), 0)
    return ratio(jnp.sum(counted), rank.astype(values.dtype))
