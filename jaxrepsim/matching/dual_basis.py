"""All networks' units in dual-basis form, from which one unit after another can be removed in O(n²).

Take the units of one network as a basis B = Q R of unit-norm columns, and the units of all other networks in its
coordinates T = QᵀP. Row k of W = R⁻¹ is the dual vector of unit k: w_k·r_l = δ_kl. The span of the basis loses exactly
the direction q = w_k/|w_k| when unit k goes; `removal` says what follows for the others.

There are two ways to W and T. The Gram matrix of all units gives them by an elimination a network at little more than
the cost of one matrix product, but its rounding errors reach the squared residuals multiplied by Σ|w_k|². Where
that is too much, or a factorisation fails, they come from Householder QR, with rows √δ·I below the basis that make
dependent units harmless.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.matching.dual_vectors import dual_vectors
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.others import beside
from jaxrepsim.numerics.factor import one_at_a_time, solve_upper
from jaxrepsim.numerics.projection import factor, project_out
from jaxrepsim.numerics.scaling import comparable_columns, unit_columns


class DualBasis(NamedTuple):
    """k networks, stacked and padded with dead units to n, the largest width or 1. Of a pair x, y, x is the first.

    The units of a network's others stand side by side, in the order of `others.beside`.
    """

    dual: Float[Array, "k n n"]
    """[network, unit]: the dual vector of a unit of the network, in the network's orthonormal coordinates."""
    coordinates: Float[Array, "k n others"]
    """[network, :, unit]: a unit of *another* network in this network's coordinates."""
    apart: Float[Array, "k others"]
    """[network, unit]: the squared residual of a unit of another network on the active units of this one."""
    active: Bool[Array, "k n"]
    """[network, unit]: the units that are left."""


class Gram(NamedTuple):
    """Inner products of units of norm 1; a unit that is dead or left out stands as a direction of its own."""

    own: Float[Array, "k n n"]
    """Within each network."""
    cross: Float[Array, "pairs n n"]
    """Between two networks, for every pair (a, b), a < b, in the order of `combinations`."""
    alive: Bool[Array, "k n"]


def gram(*networks: Float[Array, "m _"]) -> Gram:
    """All inner products of the networks' units: for a pair three matrix products."""
    n = _width(networks)
    tiny, huge = (1e-100, 1e100) if jnp.finfo(networks[0].dtype).bits == 64 else (1e-12, 1e12)

    def products(*networks: Array) -> tuple[Array, Array]:
        own = [_pad(network.T @ network, n) for network in networks]
        cross = [_pad(a.T @ b, n) for a, b in combinations(networks, 2)]
        return jnp.stack(own), jnp.stack(cross)

    def safe_products(*networks: Array) -> tuple[Array, Array]:
        largest = jnp.concatenate([jnp.max(jnp.abs(network), axis=0, initial=0.0) for network in networks])
        safe = jnp.all((largest == 0) | ((largest > tiny) & (largest < huge)))
        # To scale all activations takes as long as a good part of the products, and hardly any need it.
        return jax.lax.cond(
            safe, lambda: products(*networks), lambda: products(*[comparable_columns(x)[0] for x in networks])
        )

    own, cross = one_at_a_time(safe_products, *networks)
    lengths = jnp.sqrt(jnp.diagonal(own, axis1=1, axis2=2))
    alive = lengths > 0
    scale = jnp.where(alive, 1 / jnp.where(alive, lengths, 1.0), 0.0)
    return among(Gram(_scaled(own, scale, scale), _scaled(cross, *_pairs(scale)), alive), alive)


def among(products: Gram, units: Bool[Array, "k n"]) -> Gram:
    """The same of some units only."""
    keep = units.astype(products.own.dtype)
    own = _scaled(products.own, keep, keep) + (1 - keep)[:, :, None] * jnp.eye(units.shape[1], dtype=keep.dtype)
    return Gram(own, _scaled(products.cross, *_pairs(keep)), products.alive & units)


def init(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], products: Gram | None = None) -> DualBasis:
    """Factors both networks of a pair: see `factored`."""
    return factored((x, y), products)


def factored(networks: Sequence[Float[Array, "m _"]], products: Gram | None = None) -> DualBasis:
    """Factors all networks.

    Args:
        networks: (samples, n_a) each, activations on the same samples.
        products: Their inner products, where they are there already; or those `among` some units.

    Returns:
        The dual basis, with all units active that are alive in `products`.
    """

    def either(products: Gram, *networks: Array) -> DualBasis:
        by_gram, trusted = _by_gram(products)
        used = products.alive.astype(networks[0].dtype)
        return jax.lax.cond(
            trusted,
            lambda: by_gram,
            lambda: _by_qr(*[x * keep[: x.shape[1]] for x, keep in zip(networks, used, strict=True)]),
        )

    # One after the other on a CPU: a batched condition would compute both ways for all.
    return one_at_a_time(either, gram(*networks) if products is None else products, *networks)


def gram_limit(dtype: DTypeLike) -> float:
    """The largest Σ|w_k|² = Σ 1/σ_k² of a network up to which the Gram matrix is exact enough.

    The squared residual of a unit on another network is wrong by about u·Σ|w_k|², u the precision of the dtype: 1e-11
    in float64, 1e-6 in float32, a tenth or less of what `jaxrepsim.resolution` allows for.
    """
    return 1e5 if jnp.finfo(dtype).bits == 64 else 16.0


def _by_gram(products: Gram) -> tuple[DualBasis, Bool[Array, ""]]:
    """From the inner products alone, and whether these can be trusted."""
    dual = jax.vmap(dual_vectors)(products.own)
    coordinates = jnp.swapaxes(dual, 1, 2) @ _others(products)
    inside = jnp.sum(coordinates * coordinates, axis=1)
    apart = jnp.where(beside(products.alive), jnp.maximum(1 - inside, 0.0), 0.0)
    weights = jnp.sum(dual * dual, axis=(1, 2))
    return DualBasis(dual, coordinates, apart, products.alive), jnp.all(weights <= gram_limit(dual.dtype))


def _by_qr(*networks: Float[Array, "m _"]) -> DualBasis:
    """From orthogonal factorisations, exact for dependent units too."""
    n = _width(networks)
    widened = [jnp.pad(x, ((0, 0), (0, n - x.shape[1]))) for x in compress(*networks)]
    units, norms = jax.vmap(unit_columns)(jnp.stack(widened))

    def one(basis: Array, others: Array) -> tuple[Array, Array, Array]:
        top, triangle = factor(basis)
        error = project_out(top, others)
        dual = solve_upper(triangle, jnp.eye(n, dtype=basis.dtype))
        return dual, top.T @ others, jnp.sum(error * error, axis=0)

    return DualBasis(*jax.vmap(one)(units, beside(units)), norms > 0)


def as_match(active: Bool[Array, "*batch 2 n"], n_x: int, n_y: int) -> Match:
    """Units of a stacked pair as a match, without the padding."""
    return Match(active[..., 0, :n_x], active[..., 1, :n_y])


def as_sides(joint: Array, n_x: int, n: int) -> Array:
    """(n_x + n_y,) values by joint index as (2, n), by side, the padding zero."""
    x, y = joint[:n_x], joint[n_x:]
    return jnp.stack([jnp.pad(side, (0, n - len(side))) for side in (x, y)])


def _others(products: Gram) -> Float[Array, "k n others"]:
    """[network]: the inner products of its units with all others', side by side."""
    k = len(products.own)
    cross = dict(zip(combinations(range(k), 2), products.cross, strict=True))
    both = cross | {(b, a): block.T for (a, b), block in cross.items()}
    return jnp.stack([jnp.concatenate([both[a, (a + i) % k] for i in range(1, k)], axis=1) for a in range(k)])


def _pairs(values: Float[Array, "k n"]) -> tuple[Float[Array, "pairs n"], Float[Array, "pairs n"]]:
    """What belongs to the first and to the second network of every pair, in the order of `combinations`."""
    first, second = np.triu_indices(len(values), 1)
    return values[first], values[second]


def _scaled(matrices: Array, rows: Float[Array, "p n"], columns: Float[Array, "p n"]) -> Float[Array, "p n n"]:
    return matrices * rows[:, :, None] * columns[:, None, :]


def _width(networks: Sequence[Array]) -> int:
    return max(1, *[x.shape[1] for x in networks])


def _pad(matrix: Array, n: int) -> Array:
    return jnp.pad(matrix, ((0, n - matrix.shape[0]), (0, n - matrix.shape[1])))
