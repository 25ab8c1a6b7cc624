"""The match profiles of many pairs of networks: what depends on one network alone is computed once for all its pairs.

The inner products within a network and its dual vectors are its own; between two networks there is one product more.
Dual vectors also say by themselves whether they can be trusted, so a network that is too nearly dependent costs only
the pairs that it is in the way by orthogonal factorisations.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Values
from jaxrepsim.compression.one_shot import compressed, triangle
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import DualBasis, gram_limit
from jaxrepsim.matching.peel import critical_values
from jaxrepsim.matching.prepared import comparable, from_rows
from jaxrepsim.matching.profile import MatchProfile, peel
from jaxrepsim.numerics.buckets import padded, size_bucket, units_bucket
from jaxrepsim.numerics.conditioning import warn_if_ill_conditioned
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import as_activations, check_pairs, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.side_by_side import for_each, side_by_side
from jaxrepsim.numerics.varying import varying_like

Pair = tuple[int, int]


def match_profiles(networks: Sequence[ArrayLike], pairs: Sequence[Pair] | None = None) -> tuple[MatchProfile, ...]:
    """The match profile of every two of k networks, or of some pairs: `match_profile`, with what they share done once.

    Of k networks all k(k − 1)/2 profiles; of the layers of two networks, every layer against every layer, those of
    `itertools.product`. Each is that of the two alone. The inner products ZₐᵀZₐ within a network, and its dual vectors
    Wₐ with WₐᵀWₐ = (ZₐᵀZₐ)⁻¹ up to their scale, are computed once a network, ZₐᵀZ_b once a pair, and each pair is
    peeled from there. From raw activations, where the products take most of the time, that is 18 products against 10 of
    k = 4 networks, and nearly a third for many.

    Args:
        networks: k arrays (samples, n_a), activations on the same samples. Raw or jointly compressed alike.
        pairs: Places (a, b) in `networks`; by default all with a < b, in the order of `itertools.combinations`.

    Returns:
        For each pair `match_profile(networks[a], networks[b])`, in order.

    Raises:
        TypeError: Activations that are not real numbers, or a place that is no whole number.
        ValueError: Not two axes, different numbers of samples, a pair that is not two places among the networks, or a
            concrete activation that is NaN or infinite. Where one is traced, every critical ε of the pairs that its
            network is in is NaN.

    They have no gradient, as a match has none: differentiate `residuals`.

    Source: `match_profile`.

    >>> import jax, jax.numpy as jnp
    >>> shared, tilt, own = jnp.split(jax.random.normal(jax.random.key(0), (200, 6)), 3, axis=1)
    >>> networks = [shared, shared + 0.2 * tilt, jnp.concatenate([shared, own], axis=1)]
    >>> [round(float(profile.similarity(0.05)), 2) for profile in match_profiles(networks)]
    [0.0, 0.67, 0.0]
    >>> [profile] = match_profiles(networks, [(2, 0)])
    >>> profile.x.shape, profile.y.shape
    ((4,), (2,))
    """
    arrays = as_activations(*networks)
    asked = check_pairs(pairs, len(arrays))
    used = sorted({*chain(*asked)})
    if not used:
        return ()
    arrays = [arrays[place] for place in used]
    warn_of_few_samples(arrays)
    # What is not asked for is left out, and a pair asked for twice is found once.
    places = {place: index for index, place in enumerate(used)}
    distinct = tuple(dict.fromkeys((places[a], places[b]) for a, b in asked))
    find = _compiled if traced(arrays) else _on_the_host
    found = dict(zip(distinct, find(tuple(arrays), distinct), strict=True))
    return tuple(MatchProfile(*found[places[a], places[b]]) for a, b in asked)


class _Factored(NamedTuple):
    """One network by itself, padded with dead units to n; leading axes are networks."""

    dual: Float[Values, "*batch n n"]
    scale: Float[Values, "*batch n"]
    """1/|u| of each unit; 0 for a dead one."""
    weight: Float[Values, "*batch"]
    """Σ|w_k|², by which `dual_basis.gram_limit` says whether the dual vectors are exact enough."""
    finite: Bool[Values, "*batch"]
    """Whether its activations are finite numbers: where not, every unit is dead."""


def _factored(own: Float[Array, "n n"]) -> _Factored:
    finite = jnp.all(jnp.isfinite(own))
    own = jnp.where(finite, own, 0.0)
    scale = dual_basis.unit_scale(own)
    alive = scale > 0
    dual = dual_basis.eliminated(own * scale[:, None] * scale, alive)
    return _Factored(dual, scale, jnp.sum(jnp.where(alive[:, None], dual, 0.0) ** 2), finite)


def _basis(first: _Factored, second: _Factored, cross: Float[Array, "n n"]) -> DualBasis:
    """Of a pair, from the inner products between its networks."""
    cross = jnp.where(first.finite & second.finite, cross, 0.0)
    dual, scale = (jnp.stack(sides) for sides in zip(first[:2], second[:2], strict=True))
    return dual_basis.by_dual_vectors(dual, (cross * scale[0][:, None] * scale[1])[None], scale > 0)


# Plain calls


def _on_the_host(networks: Sequence[Array], pairs: Sequence[Pair]) -> list[tuple[Array, ...]]:
    found = _by_elimination(networks, pairs)
    rest = [pair for pair in pairs if pair not in found]
    if rest:
        found |= _by_factorisation(networks, rest)
    widths = [network.shape[1] for network in networks]
    sides = [_without_padding(np.asarray(found[pair]), [widths[place] for place in pair]) for pair in pairs]
    return jax.device_put(sides)  # of all at once: each call would take as long as a small peel


def _by_elimination(networks: Sequence[Array], pairs: Sequence[Pair]) -> dict[Pair, Float[Array, "2 n"]]:
    """Critical ε of the pairs both of whose networks' Gram matrices can be trusted."""
    limit = gram_limit(networks[0].dtype)
    pairs = [pair for pair in pairs if _narrow(networks, pair)]
    used = sorted({*chain(*pairs)})
    wide = _shared_sizes([networks[place] for place in used])
    between = tuple((used.index(a), used.index(b)) for a, b in pairs)
    if not pairs:
        return {}
    own, cross, safe = _products(tuple(wide), between)
    if not safe:
        own, cross, _ = _products(comparable(*wide), between)
    factored = dict(zip(used, for_each(_factor, [(products,) for products in own]), strict=True))
    trusted = {place for place, network in factored.items() if np.asarray(network.weight) <= limit}
    kept = {pair: products for pair, products in zip(pairs, cross, strict=True) if trusted.issuperset(pair)}
    sizes = {(place, len(products)) for pair, products in kept.items() for place in pair}
    at = {(place, n): _widened(factored[place], n) for place, n in sizes}
    jobs = [(at[a, len(products)], at[b, len(products)], products) for (a, b), products in kept.items()]
    peeled = for_each(peel, [(basis,) for basis in for_each(_pair_basis, jobs)])
    return dict(zip(kept, peeled, strict=True))


def _by_factorisation(networks: Sequence[Array], pairs: Sequence[Pair]) -> dict[Pair, Float[Array, "2 n"]]:
    """Critical ε of any pairs, as `match_profile` finds them where it does not trust the Gram matrix."""
    used = sorted({*chain(*pairs)})
    arrays = {place: networks[place] for place in used}
    # Compressed all together first, where that is less work than each pair from its raw activations.
    samples, total = len(networks[0]), sum(array.shape[1] for array in arrays.values())
    each = sum((arrays[a].shape[1] + arrays[b].shape[1]) ** 2 for a, b in pairs)
    if samples * total**2 + total * each < samples * each:
        arrays = dict(zip(used, compressed(list(arrays.values())), strict=True))
    found, judged = {}, {}
    for a, b in pairs:
        x, y = compressed((arrays[a], arrays[b]))
        basis = from_rows((x, y), units_bucket(max(x.shape[1], y.shape[1]))).basis
        judged |= zip((a, b), zip((x, y), dual_basis.weights(basis).tolist(), strict=True), strict=True)
        found[a, b] = peel(basis)
    # Of all pairs at once: a call warns once, also where every warning is asked for.
    warn_if_ill_conditioned(*zip(*judged.values(), strict=True))
    return found


def _shared_sizes(networks: Sequence[Array]) -> list[Array | np.ndarray]:
    """Padded to sizes that programs are shared for, where a copy takes no time to speak of: all to the same rows."""
    samples = len(networks[0]) if networks else 0
    small = [network.size <= 2**18 for network in networks]
    rows = size_bucket(samples, 64) if all(small) else samples
    widths = [min(units_bucket(network.shape[1]), size_bucket(network.shape[1], 16)) for network in networks]
    return [
        padded(network, (rows, width)) if copied else network
        for network, width, copied in zip(networks, widths, small, strict=True)
    ]


def _narrow(networks: Sequence[Array], chosen: Collection[int]) -> bool:
    """Whether Gram matrices can be exact enough: Σ1/σ² of n live units of norm 1 is n or more."""
    return all(networks[place].shape[1] <= gram_limit(networks[place].dtype) for place in chosen)


def _widened(network: _Factored, n: int) -> _Factored:
    """Padded with more dead units."""
    return network._replace(dual=padded(network.dual, (n, n)), scale=padded(network.scale, (n,)))


@partial(jax.jit, static_argnums=1)
@with_all_digits
def _products(networks: tuple[Array, ...], pairs: tuple[Pair, ...]) -> tuple[list[Array], list[Array], Bool[Array, ""]]:
    """Inner products, padded to the sizes that the large programs are compiled for."""
    own, cross = dual_basis.products(*networks, pairs=pairs)
    own, cross = ([dual_basis.stacked([a], units_bucket(max(a.shape)))[0] for a in each] for each in (own, cross))
    return own, cross, dual_basis.are_safe(*networks)


_factor = jax.jit(with_all_digits(_factored))
_pair_basis = jax.jit(with_all_digits(_basis))


# Inside a program


@partial(jax.jit, static_argnums=1)
@with_all_digits
def _compiled(networks: tuple[Array, ...], pairs: tuple[Pair, ...]) -> list[tuple[Array, ...]]:
    found = without_gradient(lambda networks: _in_a_program(networks, pairs))(networks)
    widths = [network.shape[1] for network in networks]
    return [_without_padding(critical, (widths[a], widths[b])) for critical, (a, b) in zip(found, pairs, strict=True)]


def _without_padding(critical: Float[Values, "2 n"], widths: Sequence[int]) -> tuple[Values, ...]:
    return tuple(side[:width] for side, width in zip(critical, widths, strict=True))


def _in_a_program(networks: tuple[Array, ...], pairs: tuple[Pair, ...]) -> Float[Array, "pairs 2 n"]:
    """All networks are padded to the widest, so that one loop serves all pairs."""
    n = max(1, *(network.shape[1] for network in networks))
    if any(_narrow(networks, pair) for pair in pairs):
        of_pair, cross = _either_way(networks, pairs, n)
    else:
        of_pair, cross = _from_rows_alone(networks, n), jnp.zeros((len(pairs), 0), networks[0].dtype)

    def critical(pair: tuple[Int[Array, "2"], Array]) -> Float[Array, "2 n"]:
        basis, finite = of_pair(*pair)
        return jnp.where(finite, critical_values(basis), jnp.nan)

    return side_by_side(critical, (jnp.array(pairs), cross), 15 * n * n * networks[0].dtype.itemsize)


OfPair = Callable[[Int[Array, "2"], Array], tuple[DualBasis, Bool[Array, ""]]]
"""The dual basis of a pair, from its places and what is between its networks; and whether all is finite."""


def _either_way(networks: tuple[Array, ...], pairs: tuple[Pair, ...], n: int) -> tuple[OfPair, Float[Array, "p n n"]]:
    """From Gram matrices, or from rows where these cannot be trusted; and the inner products between networks."""
    own, cross = (dual_basis.stacked(part, n) for part in dual_basis.safe_products(*networks, pairs=pairs))
    factored = jax.vmap(_factored)(own)

    def where_needed(factored: _Factored, *networks: Array) -> Float[Array, "k rows n"]:
        shape = jax.eval_shape(partial(_rows, n=n), factored.finite, networks)
        nothing = varying_like(jnp.zeros(shape.shape, shape.dtype), factored.weight, *networks)
        enough = jnp.all(factored.weight <= gram_limit(own.dtype))
        return jax.lax.cond(enough, lambda: nothing, lambda: _rows(factored.finite, networks, n))

    small = one_at_a_time(where_needed, factored, *networks)

    def either(basis: DualBasis, rows: Float[Array, "2 rows n"]) -> DualBasis:
        def exactly() -> DualBasis:
            return dual_basis.rows_of(list(rows), n, basis.active).basis(basis.active)

        return jax.lax.cond(dual_basis.trusted(basis), lambda: basis, exactly)

    def of_pair(places: Array, cross: Array) -> tuple[DualBasis, Array]:
        first, second = (_Factored(*(part[place] for part in factored)) for place in places)
        basis = one_at_a_time(either, _basis(first, second, cross), small[places])
        return basis, first.finite & second.finite

    return of_pair, cross


def _from_rows_alone(networks: tuple[Array, ...], n: int) -> OfPair:
    finite = jnp.stack([jnp.all(jnp.isfinite(network)) for network in networks])
    small = _rows(finite, networks, n)

    def of_pair(places: Array, _: Array) -> tuple[DualBasis, Array]:
        rows = dual_basis.rows_of(list(small[places]), n)
        return rows.basis(rows.alive), jnp.all(finite[places])

    return of_pair


def _rows(finite: Bool[Array, "k"], networks: tuple[Array, ...], n: int) -> Float[Array, "k rows n"]:
    """All networks compressed jointly; one that is not finite would spoil the others, and is zero."""
    clean = [jnp.where(known, network, 0.0) for known, network in zip(finite, networks, strict=True)]
    return jnp.stack([jnp.pad(part, ((0, 0), (0, n - part.shape[1]))) for part in triangle(*clean)])
