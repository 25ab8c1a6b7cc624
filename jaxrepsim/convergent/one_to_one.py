"""Units aligned one to one: what they share when each partner is given once, and what when all may have the best."""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.convergent.assignment import bipartite_match, semi_match
from jaxrepsim.convergent.similarities import check_partners, units_of


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
        return jnp.mean(self.matched, axis=-1, where=self.partner >= 0)

    @property
    def mean_best(self) -> Float[Array, "*batch"]:
        """The mean similarity of the same units with their best: semi-matching. At least `mean_matched`."""
        return jnp.mean(self.best_value_x, axis=-1, where=self.partner >= 0)

    @property
    def curve_matched(self) -> Float[Array, "*batch k"]:
        """The similarities of partners in decreasing order, k = min(n_x, n_y)."""
        return self._decreasing(self.matched)

    @property
    def curve_best(self) -> Float[Array, "*batch k"]:
        """The similarities of the same units with their best in decreasing order: nowhere below `curve_matched`."""
        return self._decreasing(self.best_value_x)

    @property
    def agree(self) -> Bool[Array, "*batch n_x"]:
        """Whose partner is also their best."""
        return (self.partner >= 0) & (self.partner == self.best_x)

    @property
    def agreement(self) -> Float[Array, "*batch"]:
        """The share of units whose partner is also their best."""
        return agreement(self.partner, self.best_x)

    @property
    def mean_agreeing(self) -> Float[Array, "*batch"]:
        """The mean similarity over units whose partner is also their best. NaN where there is none."""
        return jnp.mean(self.matched, axis=-1, where=self.agree)

    @property
    def mutual(self) -> Bool[Array, "*batch n_x"]:
        """Which x units are the best of their best: such pairs are one to one without being told to."""
        n_x = self.best_x.shape[-1]
        if not self.best_y.shape[-1]:
            return jnp.zeros(self.best_x.shape, bool)
        back = jnp.take_along_axis(self.best_y, self.best_x, axis=-1)
        return (self.best_x >= 0) & (back == jnp.arange(n_x))

    def _decreasing(self, values: Array) -> Array:
        count = min(self.partner.shape[-1], self.best_y.shape[-1])
        return -jnp.sort(jnp.where(self.partner >= 0, -values, jnp.nan), axis=-1)[..., :count]  # NaN comes last


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

    >>> found = one_to_one(jnp.array([[0.9, 0.5], [0.8, 0.1]]))
    >>> found.partner.tolist(), found.best_x.tolist(), found.best_y.tolist()
    ([1, 0], [0, 0], [0, 0])
    >>> found.mean_matched.round(3).item(), found.mean_best.round(3).item()
    (0.65..., 0.85...)
    >>> found.curve_matched.round(3).tolist(), found.mutual.tolist()
    ([0.8..., 0.5], [True, False])
    """
    partner = bipartite_match(similarity)
    values = jnp.asarray(similarity)
    best_x, best_y = semi_match(similarity), semi_match(values.T)
    matched, value_x, value_y = _values(values, partner), _values(values, best_x), _values(values.T, best_y)
    return OneToOne(partner, best_x, best_y, matched, value_x, value_y)


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

    >>> to_b, to_c, to_a = jnp.array([1, 0, 2]), jnp.array([0, 2, 1]), jnp.array([1, 0, 2])
    >>> cycle_consistent([to_b, to_c, to_a]).tolist()
    [False, True, False]
    """
    if len(partners) < 2:
        raise ValueError(f"a cycle takes assignments between two networks or more, received {len(partners)}")
    units = [units_of(partner) for partner in partners]
    for number, partner in enumerate(partners):
        following = (number + 1) % len(partners)
        check_partners(partner, units[following], f"network {following}")
    start = jnp.arange(units[0])
    return reduce(_follow, map(jnp.asarray, partners), start) == start


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

    >>> agreement(jnp.array([2, 0, 1, -1]), jnp.array([2, 1, 0, -1])).item()
    0.33...
    """
    if np.shape(first) != np.shape(second) or not np.ndim(first):
        raise ValueError(
            f"two matchings of the same units are compared, received {np.shape(first)}, {np.shape(second)}"
        )
    a, b = jnp.asarray(first), jnp.asarray(second)
    return jnp.mean(a == b, axis=-1, where=a >= 0)


def _values(similarity: Array, partner: Array) -> Array:
    if not similarity.shape[1]:
        return jnp.full(similarity.shape[0], jnp.nan, similarity.dtype)
    return jnp.where(partner >= 0, similarity[jnp.arange(len(partner)), partner], jnp.nan)


def _follow(unit: Array, partner: Array) -> Array:
    return jnp.where(unit >= 0, partner[unit], -1) if partner.shape[0] else jnp.full_like(unit, -1)
