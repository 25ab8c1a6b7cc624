"""The questions that every decomposition asks of a pair at one ε: what matches within some units, and what is minimal?

A pair is prepared once: compressed, multiplied out, and its maximum match found. A question then is a product with the
pair's inner products, whichever units it is about.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.matching import dual_basis, removal
from jaxrepsim.matching.dual_basis import DualBasis, Gram
from jaxrepsim.matching.nested import nested
from jaxrepsim.matching.removal import Left, Spans
from jaxrepsim.matching.search import cascade, maximum_basis, shrink
from jaxrepsim.numerics.inputs import as_activations, check_epsilon
from jaxrepsim.numerics.precision import squared_threshold


class Queries(NamedTuple):
    """A pair at one ε, ready for questions; sets of units are masks by side, padded to n = max(n_x, n_y, 1)."""

    x: Float[Array, "m n_x"]
    y: Float[Array, "m n_y"]
    products: Gram
    threshold: Float[Array, ""]
    """ε²."""
    maximum: DualBasis
    """Of the maximum match alone."""

    @property
    def width(self) -> int:
        """n."""
        return self.maximum.active.shape[1]

    @property
    def bytes(self) -> int:
        """What one question works on."""
        return 3 * self.maximum.dual.nbytes


def prepare(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Queries:
    """Factors a pair for all questions at ε.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples.
        epsilon: Scalar in [0, 1).

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, or an ε outside [0, 1).
    """
    check_epsilon(epsilon)
    x, y = compress(*as_activations(x, y))
    threshold = squared_threshold(jnp.asarray(epsilon), x.dtype)
    return Queries(x, y, dual_basis.gram(x, y), threshold, maximum_basis(x, y, threshold))


def single_units(queries: Queries) -> Bool[Array, "both 2 n"]:
    """Each unit alone in a mask, those of the first side before those of the second, padding included."""
    n = queries.width
    return jnp.eye(2 * n, dtype=bool).reshape(2 * n, 2, n)


def natural_order(queries: Queries) -> Int[Array, "2 n"]:
    """The rank of each unit where deletions are tried in the order of the units."""
    return jnp.arange(2 * queries.width).reshape(2, queries.width)


def first_matches(queries: Queries) -> Bool[Array, "both 2 n"]:
    """A v-minimal match of each of `single_units`; empty where there is none."""
    units, rank = single_units(queries), natural_order(queries)
    return nested(queries.x, queries.y, queries.maximum, queries.threshold, units, rank)


def by_joint_index(queries: Queries, rows: Bool[Array, "both 2 n"]) -> Bool[Array, "units units"]:
    """What is said of each unit about each unit, by joint index on both axes, without the padding."""
    real = joint_indices(queries)
    return rows.reshape(len(rows), -1)[real][:, real]


def joint_indices(queries: Queries) -> Int[Array, "units"]:
    """Where the units of both networks stand among the padded ones."""
    return jnp.concatenate([jnp.arange(queries.x.shape[1]), queries.width + jnp.arange(queries.y.shape[1])])


def without(queries: Queries, units: Bool[Array, "2 n"]) -> tuple[Spans, Left]:
    """The maximum match among the units of the pair less some: the few that go are removed one by one."""
    return cascade(*removal.begin(queries.maximum), queries.threshold, units)


def within(queries: Queries, units: Bool[Array, "2 n"]) -> tuple[Spans, Left]:
    """The maximum match among some units, factored afresh."""
    return cascade(*removal.begin(_basis(queries, units)), queries.threshold)


class Minimal(NamedTuple):
    """A v-minimal match."""

    match: Bool[Array, "2 n"]
    """Nothing where v is in no match."""
    units: Bool[Array, "2 n"]
    """All units for which it is minimal, v among them."""


def minimal_within(
    queries: Queries, units: Bool[Array, "2 n"], v: Bool[Array, "2 n"], rank: Int[Array, "2 n"]
) -> Minimal:
    """A v-minimal match among some units, proven on a factorisation of its own units alone.

    The search inside a match is a proof that it is minimal when it finds nothing smaller: so it is repeated, each time
    on what was found, until it finds just that. The first repetition does, but for residuals that tie with ε.

    Args:
        queries: The pair.
        units: Where to look.
        v: The unit, alone in the mask.
        rank: The place of each unit in the order in which deletions are tried.
    """

    def search(before: Array) -> tuple[Array, tuple[Spans, Left]]:
        return before, shrink(*within(queries, before), queries.threshold, v, rank)

    def smaller(found: tuple[Array, tuple[Spans, Left]]) -> Array:
        before, (_, left) = found
        return jnp.any(left.active != before)

    _, (spans, left) = jax.lax.while_loop(smaller, lambda found: search(found[1][1].active), search(units))
    # A match inside it either holds v, and then is the whole; or it lies in what is left without v.
    rest = cascade(spans, left, queries.threshold, v)[1]
    return Minimal(left.active, left.active & ~rest.active)


def _basis(queries: Queries, units: Bool[Array, "2 n"]) -> DualBasis:
    return dual_basis.init(queries.x, queries.y, dual_basis.among(queries.products, units))
