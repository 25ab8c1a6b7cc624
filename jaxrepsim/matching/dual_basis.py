"""All networks' units in dual-basis form, from which one unit after another can be removed in O(n²).

Take the units of one network as a basis B = Q R of unit-norm columns, and the units of all other networks in its
coordinates T = QᵀP. Row k of W = R⁻¹ is the dual vector of unit k: w_k·r_l = δ_kl. The span of the basis loses exactly
the direction q = w_k/|w_k| when unit k goes; `removal` says what follows for the others.

There are two ways to W and T. The `Gram` matrix of all units gives them by an elimination a network at little more than
the cost of one matrix product, but its rounding errors reach the squared residuals multiplied by Σ|w_k|². Where
that is too much they come from `Rows` by Householder QR, with rows √δ·I below the basis that make dependent units
harmless. Fewer units are better conditioned, so what may be trusted for all may be for some.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Bool, Float, Int, Values
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.matching.cross_products import cross_products
from jaxrepsim.matching.dual_vectors import dual_vectors
from jaxrepsim.matching.others import beside
from jaxrepsim.numerics.factor import one_at_a_time, solve_upper
from jaxrepsim.numerics.inputs import on_host
from jaxrepsim.numerics.projection import factor, project_out
from jaxrepsim.numerics.scaling import comparable_columns, unit_columns


class DualBasis(NamedTuple):
    """k networks, stacked and padded with dead units to n. Of a pair x, y, x is the first.

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
    ridged: Bool[Array, ""]
    """Whether a ridge stands below the basis."""


class Gram(NamedTuple):
    """Inner products of units of norm 1; zero for a dead one."""

    own: Float[Values, "k n n"]
    """Within each network."""
    cross: Float[Values, "pairs n n"]
    """Between two networks, for every pair (a, b), a < b, in the order of `combinations`."""
    alive: Bool[Values, "k n"]

    def packed(self, places: Int[Array, "k size"]) -> "Gram":
        """Of the units at some places of each network alone, −1 for padding."""
        taken = [(jnp.maximum(at, 0), (at >= 0).astype(self.own.dtype)) for at in places]

        def of(matrix: Array, a: int, b: int) -> Array:
            (rows, above), (columns, beside) = taken[a], taken[b]
            return matrix[rows][:, columns] * above[:, None] * beside

        own = [of(matrix, a, a) for a, matrix in enumerate(self.own)]
        cross = [
            of(matrix, a, b) for matrix, (a, b) in zip(self.cross, combinations(range(len(places)), 2), strict=True)
        ]
        alive = jnp.take_along_axis(self.alive, jnp.maximum(places, 0), axis=1) & (places >= 0)
        return Gram(jnp.stack(own), jnp.stack(cross), alive)

    def basis(self, units: Bool[Array, "k n"]) -> DualBasis:
        """By elimination."""
        return by_dual_vectors(jax.vmap(eliminated)(self.own, units), self.cross, units)


class Rows(NamedTuple):
    """Units of norm 1 on few samples."""

    units: Float[Array, "k m n"]
    alive: Bool[Array, "k n"]

    def packed(self, places: Int[Array, "k size"]) -> "Rows":
        """Of the units at some places of each network alone, −1 for padding."""
        there, index = places >= 0, jnp.maximum(places, 0)
        units = jnp.take_along_axis(self.units, index[:, None], axis=2) * there[:, None]
        return Rows(units, jnp.take_along_axis(self.alive, index, axis=1) & there)

    def basis(self, units: Bool[Array, "k n"]) -> DualBasis:
        """By orthogonal factorisations, exact for dependent units too."""
        columns = self.units * units[:, None]
        n = columns.shape[2]

        def one(basis: Array, others: Array) -> tuple[Array, Array, Array]:
            top, triangle = factor(basis)
            error = project_out(top, others)
            dual = solve_upper(triangle, jnp.eye(n, dtype=basis.dtype))
            return dual, top.T @ others, jnp.sum(error * error, axis=0)

        return DualBasis(*jax.vmap(one)(columns, beside(columns)), units, jnp.asarray(True))


class Either(NamedTuple):
    """The Gram matrix, and the rows for where it cannot be trusted: in a program that has to decide by itself."""

    gram: Gram
    networks: tuple[Float[Array, "m _"], ...]

    @property
    def alive(self) -> Bool[Values, "k n"]:
        return self.gram.alive

    def basis(self, units: Bool[Array, "k n"]) -> DualBasis:
        """By elimination, and again from the rows where that is too inexact."""

        def either(gram: Gram, units: Array, *networks: Array) -> DualBasis:
            basis = gram.basis(units)
            return jax.lax.cond(
                trusted(basis),
                lambda: basis,
                lambda: rows_of(networks, units.shape[1], gram.alive).basis(units),
            )

        # One after the other on a CPU: a batched condition would compute both ways for all.
        return one_at_a_time(either, self.gram, units, *self.networks)


Source = Gram | Rows | Either
"""What dual bases are made from."""


def eliminated(own: Float[Array, "n n"], units: Bool[Array, "n"]) -> Float[Array, "n n"]:
    """The dual vectors of some units of one network, from the inner products of all."""
    keep = units.astype(own.dtype)
    # A unit that is left out stands as a direction of its own.
    own = own * keep[:, None] * keep + (1 - keep)[:, None] * jnp.eye(len(units), dtype=own.dtype)
    return one_at_a_time(dual_vectors, own)  # of wide networks memory should hold one table


def by_dual_vectors(
    dual: Float[Array, "k n n"], cross: Float[Array, "pairs n n"], units: Bool[Array, "k n"]
) -> DualBasis:
    """The dual basis of some units, from their dual vectors and the inner products of all units of norm 1."""
    coordinates = jnp.swapaxes(dual, 1, 2) @ _others(_scaled(cross, *_pairs(units.astype(cross.dtype))))
    inside = jnp.sum(coordinates * coordinates, axis=1)
    apart = jnp.where(beside(units), jnp.maximum(1 - inside, 0.0), 0.0)
    return DualBasis(dual, coordinates, apart, units, jnp.asarray(False))


def products(
    *networks: Float[Array, "m _"], pairs: Sequence[tuple[int, int]] | None = None
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """All inner products, within each network and for pairs, by default all (a, b), a < b."""
    between = tuple(combinations(range(len(networks)), 2)) if pairs is None else pairs
    return tuple(network.T @ network for network in networks), cross_products(networks, between)


def are_safe(*networks: Float[Array, "m _"]) -> Bool[Array, ""]:
    """Whether no product overflows or loses digits to underflow."""
    tiny, huge = (1e-100, 1e100) if jnp.finfo(networks[0].dtype).bits == 64 else (1e-12, 1e12)
    largest = jnp.concatenate([jnp.max(jnp.abs(network), axis=0, initial=0.0) for network in networks])
    return jnp.all((largest == 0) | ((largest > tiny) & (largest < huge)))


def safe_products(
    *networks: Float[Array, "m _"], pairs: Sequence[tuple[int, int]] | None = None
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """`products`, of columns brought to size 1 where these are not safe.

    To scale all activations takes as long as a good part of the products, and hardly any need it.
    """

    def either(*networks: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        return jax.lax.cond(
            are_safe(*networks),
            lambda: products(*networks, pairs=pairs),
            lambda: products(*[comparable_columns(network)[0] for network in networks], pairs=pairs),
        )

    return one_at_a_time(either, *networks)


def normalised(own: Float[Values, "k n n"], cross: Float[Values, "pairs n n"]) -> Gram:
    """The Gram matrix of units of norm 1, from inner products. Where some are not finite every unit is dead."""
    xp = np if on_host(own) else jnp
    finite = xp.all(xp.isfinite(own)) & xp.all(xp.isfinite(cross))
    if xp is jnp or not finite:
        own, cross = xp.where(finite, own, 0.0), xp.where(finite, cross, 0.0)
    scale = unit_scale(own)
    return Gram(_scaled(own, scale, scale), _scaled(cross, *_pairs(scale)), scale > 0)


def unit_scale(own: Float[Values, "*batch n n"]) -> Float[Values, "*batch n"]:
    """1/|u| of each unit, from a network's inner products; 0 for a dead one."""
    xp = np if on_host(own) else jnp
    lengths = xp.sqrt(xp.diagonal(own, axis1=-2, axis2=-1))
    return xp.where(lengths > 0, 1 / xp.where(lengths > 0, lengths, 1.0), 0.0)


def stacked(matrices: Sequence[Array], n: int) -> Array:
    """Matrices padded to (n, n), one above the other."""
    return jnp.stack([jnp.pad(a, [(0, n - size) for size in a.shape]) for a in matrices])


def rows_of(networks: Sequence[Float[Array, "m _"]], n: int, alive: Bool[Array, "k n"] | None = None) -> Rows:
    """Units of norm 1 on at most as many samples as there are units; where one is not finite every unit is dead.

    Args:
        networks: (samples, n_a) each.
        n: The number of units to pad each network to.
        alive: Which are alive, where that is known.
    """
    few = jnp.stack([jnp.pad(a, ((0, 0), (0, n - a.shape[1]))) for a in triangle(*networks)])
    few = jnp.where(jnp.all(jnp.isfinite(few)), few, 0.0)
    columns, norms = jax.vmap(unit_columns)(few)
    return Rows(columns, norms > 0 if alive is None else alive)


def gram_limit(dtype: DTypeLike) -> float:
    """The largest Σ|w_k|² = Σ 1/σ_k² of a network up to which the Gram matrix is exact enough.

    The squared residual of a unit on another network is wrong by up to 5u·Σ|w_k|², u the precision of the dtype, where
    one network's largest directions are the other's smallest, and mostly by a thousandth of that: so by 5e-10 at most
    in float64, and 1e-5 in float32.
    """
    return 1e6 if jnp.finfo(dtype).bits == 64 else 16.0


def trusted(basis: DualBasis) -> Bool[Array, ""] | np.bool_:
    """Whether a dual basis that comes from the Gram matrix is exact enough."""
    return (np if on_host(basis.dual) else jnp).all(weights(basis) <= gram_limit(basis.dual.dtype))


def weights(basis: DualBasis) -> Float[Values, "k"]:
    """Σ|w_k|² = Σ1/σ² of each network's active units."""
    xp = np if on_host(basis.dual) else jnp
    dual, active = xp.asarray(basis.dual), xp.asarray(basis.active)
    return xp.sum(xp.where(active[:, :, None], dual, 0.0) ** 2, axis=(1, 2))


def _others(cross: Float[Array, "pairs n n"]) -> Float[Array, "k n others"]:
    """[network]: the inner products of its units with all others', side by side."""
    k = next(k for k in range(2, len(cross) + 2) if k * (k - 1) // 2 == len(cross))
    upper = dict(zip(combinations(range(k), 2), cross, strict=True))
    both = upper | {(b, a): block.T for (a, b), block in upper.items()}
    return jnp.stack([jnp.concatenate([both[a, (a + i) % k] for i in range(1, k)], axis=1) for a in range(k)])


def _pairs(values: Float[Values, "k n"]) -> tuple[Float[Values, "pairs n"], Float[Values, "pairs n"]]:
    """What belongs to the first and to the second network of every pair, in the order of `combinations`."""
    first, second = np.triu_indices(len(values), 1)
    return values[first], values[second]


def _scaled(matrices: Values, rows: Float[Values, "p n"], columns: Float[Values, "p n"]) -> Float[Values, "p n n"]:
    matrices = matrices * rows[:, :, None]
    matrices *= columns[:, None, :]  # of NumPy arrays in place
    return matrices
