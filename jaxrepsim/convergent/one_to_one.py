"""Units aligned one to one: what they share when each partner is given once, and what when all may have the best."""

from collections.abc import Sequence
from functools import reduce
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int
from jaxrepsim.convergent.assignment import best, bipartite_match
from jaxrepsim.convergent.similarities import check_partners, check_similarity, units_of
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array


class OneToOne(NamedTuple):
    """The one-to-one assignment of largest total similarity beside every unit's best. Leading axes are batches.

    Means, shares and curves are over the units of x that have a partner, all of them where n_x ≤ n_y. A dead unit is
    one of these: its similarity is 0, and is counted.
    """

    partner: Int[Array, "*batch n_x"]
    """The y unit assigned to each x unit; −1 for none, where n_x > n_y."""
    best_x: Int[Array, "*batch n_x"]
    """The y unit most similar to each x unit; several may have the same."""
    best_y: Int[Array, "*batch n_y"]
    """The x unit most similar to each y unit."""
    matched: Float[Array, "*batch n_x"]
    """The similarity of each x unit and its partner; NaN without a partner."""
    best_value_x: Float[Array, "*batch n_x"]
    """The similarity of each x unit and its best; NaN where n_y = 0."""
    best_value_y: Float[Array, "*batch n_y"]
    """The similarity of each y unit and its best; NaN where n_x = 0."""

    @property
    def mean_matched(self) -> Float[Array, "*batch"]:
        """The mean similarity of partners: bipartite matching. NaN where there is none."""
        return in_numpy(_mean, self.matched, in_numpy(_has, self.partner))

    @property
    def mean_best(self) -> Float[Array, "*batch"]:
        """The mean similarity of the same units with their best: semi-matching. At least `mean_matched`."""
        return in_numpy(_mean, self.best_value_x, in_numpy(_has, self.partner))

    @property
    def curve_matched(self) -> Float[Array, "*batch k"]:
        """The similarities of partners in decreasing order, k = min(n_x, n_y)."""
        return in_numpy(_decreasing, self.matched, self.partner, n_y=self.best_y.shape[-1])

    @property
    def curve_best(self) -> Float[Array, "*batch k"]:
        """The similarities of the same units with their best in decreasing order: nowhere below `curve_matched`."""
        return in_numpy(_decreasing, self.best_value_x, self.partner, n_y=self.best_y.shape[-1])

    @property
    def agree(self) -> Bool[Array, "*batch n_x"]:
        """Whose partner is also their best."""
        return in_numpy(_agree, self.partner, self.best_x)

    @property
    def agreement(self) -> Float[Array, "*batch"]:
        """The share of units whose partner is also their best."""
        return agreement(self.partner, self.best_x)

    @property
    def mean_agreeing(self) -> Float[Array, "*batch"]:
        """The mean similarity over units whose partner is also their best. NaN where there is none."""
        return in_numpy(_mean, self.matched, self.agree)

    @property
    def mutual(self) -> Bool[Array, "*batch n_x"]:
        """Which x units are the best of their best: such pairs are one to one without being told to."""
        return in_numpy(_mutual, self.best_x, self.best_y)


def one_to_one(similarity: ArrayLike) -> OneToOne:
    """Bipartite matching and semi-matching of the units of two networks.

    Args:
        similarity: (n_x, n_y), of each x unit with each y unit, such as their correlation or mutual information.

    Returns:
        Partners, best units, and their similarities; means, ordered curves and agreement as properties.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Not two axes, or a value that is not finite. Traced values are taken on trust, as in
            `bipartite_match`.

    Source: Li et al. 2015 (arXiv:1511.07543), section 3 and its figures and table of both kinds of matching.

    >>> import jax.numpy as jnp
    >>> found = one_to_one(jnp.array([[0.9, 0.5], [0.8, 0.1]]))
    >>> found.partner.tolist(), found.best_x.tolist(), found.best_y.tolist()
    ([1, 0], [0, 0], [0, 0])
    >>> found.mean_matched.round(3).item(), found.mean_best.round(3).item()
    (0.65..., 0.85...)
    >>> found.curve_matched.round(3).tolist(), found.mutual.tolist()
    ([0.8..., 0.5], [True, False])
    """
    similarity = check_similarity(similarity)
    return in_numpy(_beside, similarity, bipartite_match(similarity))


def cycle_consistent(partners: Sequence[ArrayLike]) -> Bool[Array, "n"]:
    """Which units of the first network come back to themselves along a cycle of networks.

    With assignments a → b, b → c and c → a: whose partner's partner's partner they are. A feature that all three
    networks have learned comes back; one without a counterpart is sent on to strangers.

    Args:
        partners: For each network (its units,): the partner of each unit in the next network, and of the last one's
            units in the first; −1 for none. Two or more.

    Returns:
        (n,), n the units of the first network. A unit whose way ends at −1 does not come back.

    Raises:
        TypeError: Partners that are not whole numbers.
        ValueError: Fewer than two assignments, or partners that are no units of the next network. Traced ones are taken
            on trust.

    >>> import jax.numpy as jnp
    >>> to_b, to_c, to_a = jnp.array([1, 0, 2]), jnp.array([0, 2, 1]), jnp.array([1, 0, 2])
    >>> cycle_consistent([to_b, to_c, to_a]).tolist()
    [False, True, False]
    """
    if len(partners) < 2:
        raise ValueError(f"a cycle takes assignments between two networks or more, received {len(partners)}")
    partners = [as_array(partner) for partner in partners]
    units = [units_of(partner) for partner in partners]
    for number, partner in enumerate(partners):
        following = (number + 1) % len(partners)
        check_partners(partner, units[following], f"network {following}")
    return in_numpy(_back, tuple(partners))


def agreement(first: ArrayLike, second: ArrayLike) -> Float[Array, "*batch"]:
    """The share of units to which two matchings give the same partner.

    Args:
        first: (*batch, n_x): a partner of each unit, −1 for none, such as by correlation.
        second: The same of another matching, such as by mutual information.

    Returns:
        (*batch,): of the units that have a partner in `first`, the share that have the same in `second`; NaN where none
        has one.

    Raises:
        ValueError: Shapes that differ.

    >>> import jax.numpy as jnp
    >>> agreement(jnp.array([2, 0, 1, -1]), jnp.array([2, 1, 0, -1])).item()
    0.33...
    """
    if np.shape(first) != np.shape(second) or not np.ndim(first):
        raise ValueError(
            f"two matchings of the same units are compared, received {np.shape(first)}, {np.shape(second)}"
        )
    return in_numpy(_agreement, as_array(first), as_array(second))


def _beside(xp: ModuleType, similarity: Any, partner: Any) -> OneToOne:
    best_x, best_y = best(xp, similarity), best(xp, similarity.T)
    matched, value_x = (_values(xp, similarity, of) for of in (partner, best_x))
    return OneToOne(partner, best_x, best_y, matched, value_x, _values(xp, similarity.T, best_y))


def _values(xp: ModuleType, similarity: Any, partner: Any) -> Any:
    n_x, n_y = similarity.shape
    if not n_y:
        return xp.full(n_x, xp.nan, similarity.dtype)
    return xp.where(partner >= 0, similarity[xp.arange(n_x), partner], xp.nan).astype(similarity.dtype)


def _has(_: ModuleType, partner: Any) -> Any:
    return partner >= 0


def _agree(_: ModuleType, partner: Any, best_x: Any) -> Any:
    return (partner >= 0) & (partner == best_x)


def _mean(xp: ModuleType, values: Any, counts: Any) -> Any:
    """NaN where none counts."""
    number = xp.sum(counts, axis=-1)
    total = xp.sum(xp.where(counts, values, 0), axis=-1)
    return xp.where(number > 0, total / xp.maximum(number, 1), xp.nan).astype(values.dtype)


def _agreement(xp: ModuleType, first: Any, second: Any) -> Any:
    return _mean(xp, (first == second).astype(xp.zeros(0).dtype), first >= 0)


def _decreasing(xp: ModuleType, values: Any, partner: Any, *, n_y: int) -> Any:
    ascending = xp.sort(xp.where(partner >= 0, -values, xp.inf), axis=-1)[..., : min(partner.shape[-1], n_y)]
    return xp.where(ascending == xp.inf, xp.nan, -ascending).astype(values.dtype)


def _mutual(xp: ModuleType, best_x: Any, best_y: Any) -> Any:
    n_x, n_y = best_x.shape[-1], best_y.shape[-1]
    if not n_y:
        return xp.zeros(best_x.shape, bool)
    back = xp.take_along_axis(best_y, xp.maximum(best_x, 0), axis=-1)
    return (best_x >= 0) & (back == xp.arange(n_x))


def _back(xp: ModuleType, partners: tuple) -> Any:
    start = xp.arange(partners[0].shape[0])

    def follow(unit: Any, partner: Any) -> Any:
        return xp.where(unit >= 0, partner[unit], -1) if partner.shape[0] else xp.full_like(unit, -1)

    return reduce(follow, partners, start) == start
