"""Networks made ready for all questions: checked, brought to a size that programs are compiled for, and factored.

Of concrete activations the host knows whether the Gram matrix may be trusted, and calls small programs one after the
other, those that raw activations go through and those whose size is a bucket. Inside a program, where activations are
traced, both ways are there and the program decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Bool, Float, Int, Values
from jaxrepsim.compression.one_shot import compressed
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import DualBasis, Either, Gram, Rows, gram_limit
from jaxrepsim.matching.match import Match
from jaxrepsim.numerics.buckets import padded, size_bucket, units_bucket
from jaxrepsim.numerics.conditioning import warn_if_ill_conditioned
from jaxrepsim.numerics.inputs import on_device, on_host, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import comparable_columns

WIDE = 512
"""Units above which memory decides."""


@dataclass(frozen=True)
class Prepared:
    """k networks, padded with dead units to n."""

    source: Gram | Rows | Either
    """For the dual bases of some units alone."""
    basis: DualBasis
    """Of all units that are not dead."""
    finite: Bool[Array, ""] | np.bool_
    """Whether all activations are finite numbers."""
    widths: tuple[int, ...]
    """The units of each network."""

    @property
    def n(self) -> int:
        """The padded number of units of each."""
        return self.basis.active.shape[1]

    @property
    def dtype(self) -> np.dtype:
        return self.basis.apart.dtype

    def rows(self, sides: Values) -> tuple[Array, ...]:
        """What is said of every unit, (…, k, n), for each network without the padding."""
        values = np.asarray(sides) if on_host(sides) else sides
        return tuple(on_device(values[..., network, :width]) for network, width in enumerate(self.widths))

    def as_match(self, sides: Bool[Values, "*batch 2 n"]) -> Match:
        """Units of a pair as a match."""
        shape = sides.shape[:-2]
        finite = (np if on_host(self.basis.apart) else jnp).broadcast_to(self.finite, shape)
        x, y = self.rows(sides)
        return Match(x, y, on_device(finite))

    def places(self, units: Values) -> Int[Values, "*batch"]:
        """Joint indices of a pair, counted through both padded sides."""
        where = np.where if on_host(units) else jnp.where
        return where(units < self.widths[0], units, units + (self.n - self.widths[0]))

    def sides(self, joint: Values) -> Values:
        """(…, n_x + n_y) values by joint index as (…, 2, n), by side, the padding zero."""
        n_x, n_y = self.widths
        if not on_host(joint):
            halves = joint[..., :n_x], joint[..., n_x:]
            lead = [(0, 0)] * (joint.ndim - 1)
            return jnp.stack([jnp.pad(half, [*lead, (0, self.n - half.shape[-1])]) for half in halves], axis=-2)
        values = np.asarray(joint)
        full = np.zeros((*values.shape[:-1], 2, self.n), values.dtype)
        full[..., 0, :n_x], full[..., 1, :n_y] = values[..., :n_x], values[..., n_x:]
        return full


def prepared(networks: Sequence[Float[Array, "m _"]], size: int = 0) -> Prepared:
    """Factors networks.

    Args:
        networks: (samples, n_a) each, checked, of one dtype.
        size: Concrete ones are padded to the bucket of so many units, where it is larger than their own: to share
            programs with wider ones costs less than to compile others.
    """
    widths = tuple(network.shape[1] for network in networks)
    if traced(networks):
        return _in_a_program(networks, widths)
    return _on_the_host(networks, widths, units_bucket(max(size, *widths)))


def _in_a_program(networks: Sequence[Array], widths: tuple[int, ...]) -> Prepared:
    n = max(1, *widths)
    if _may_be_trusted(networks):
        own, cross = dual_basis.safe_products(*networks)
        own, cross = dual_basis.stacked(own, n), dual_basis.stacked(cross, n)
        finite = jnp.all(jnp.isfinite(own)) & jnp.all(jnp.isfinite(cross))
        source = Either(dual_basis.normalised(own, cross), tuple(networks))
    else:
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(network)) for network in networks]))
        source = dual_basis.rows_of(networks, n)
    return Prepared(source, source.basis(source.alive), finite, widths)


def _on_the_host(networks: Sequence[Array], widths: tuple[int, ...], n: int) -> Prepared:
    if _may_be_trusted(networks):
        rows = size_bucket(len(networks[0]), 64)
        wide = [padded(network, (rows, min(n, size_bucket(network.shape[1], 16)))) for network in networks]
        own, cross, safe = _products(*wide)
        if not safe:
            own, cross, _ = _products(*comparable(*wide))
        gram = _on_the_device(_stacked(own, n), _stacked(cross, n))
        del own, cross  # wide ones take memory
        basis = basis_of(gram, gram.alive)
        if dual_basis.trusted(basis):
            return Prepared(gram, basis, np.True_, widths)
    small = compressed(networks)
    found = from_rows(small, n)
    warn_if_ill_conditioned(small, dual_basis.weights(found.basis).tolist())
    return found


def _stacked(matrices: Sequence[Array], n: int) -> np.ndarray:
    return np.stack([padded(np.asarray(matrix), (n, n)) for matrix in matrices])


def _on_the_device(own: np.ndarray, cross: np.ndarray) -> Gram:
    """Of norm 1; wide ones are copied to the device once, and not by each program that reads them."""
    gram = dual_basis.normalised(own, cross)
    if len(own[0]) <= WIDE:
        return gram
    return Gram(on_device(gram.own), on_device(gram.cross), gram.alive)


def from_rows(compressed: Sequence[Float[Array, "rows _"]], n: int) -> Prepared:
    """Factors concrete networks, compressed jointly, without their Gram matrix; padded to n units each."""
    widths = tuple(network.shape[1] for network in compressed)
    rows = _rows(*[padded(network, (len(widths) * n, n)) for network in compressed])
    basis = basis_of(rows, rows.alive)
    return Prepared(rows, basis, np.True_, widths)


def _may_be_trusted(networks: Sequence[Array]) -> bool:
    """Whether a Gram matrix can be exact enough: Σ1/σ² of n live units of norm 1 is n or more."""
    return max(network.shape[1] for network in networks) <= gram_limit(networks[0].dtype)


@jax.jit
@with_all_digits
def _products(*networks: Array) -> tuple[tuple[Array, ...], tuple[Array, ...], Array]:
    return *dual_basis.products(*networks), dual_basis.are_safe(*networks)


@jax.jit
def comparable(*networks: Array) -> tuple[Array, ...]:
    """Columns brought to size 1, where products of the raw ones are not safe."""
    return tuple(comparable_columns(network)[0] for network in networks)


@jax.jit
def _rows(*networks: Array) -> Rows:
    return dual_basis.rows_of(networks, networks[0].shape[1])


def basis_of(source: Gram | Rows | Either, units: Bool[Values, "k n"]) -> DualBasis:
    """The dual basis of some units alone."""
    if isinstance(source, Gram) and source.own.shape[1] > WIDE and not traced(source, units):
        # In one program what one step works with would stay while the next one works.
        dual = _in_one([_dual(source.own, units, network) for network in range(len(units))])
        return DualBasis(dual, *_beside(dual, source.cross, units))
    return _basis(source, units)


@jax.jit
@with_all_digits
def _basis(source: Gram | Rows | Either, units: Bool[Array, "k n"]) -> DualBasis:
    return source.basis(units)


@jax.jit
@with_all_digits
def _dual(own: Array, units: Bool[Array, "k n"], network: int) -> Array:
    return dual_basis.eliminated(own[network], units[network])


_in_one = jax.jit(jnp.stack)


@jax.jit
@with_all_digits
def _beside(dual: Array, cross: Array, units: Bool[Array, "k n"]) -> tuple[Array, ...]:
    return dual_basis.by_dual_vectors(dual, cross, units)[1:]
