"""The smallest match that holds a unit."""

from itertools import count
from time import monotonic
from typing import NamedTuple

import numpy as np

from jaxrepsim._typing import ArrayLike
from jaxrepsim.decomposition.host import Mask, Pair
from jaxrepsim.decomposition.solvers import new_hitting_sets
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.minimal import check_unit


class SmallestMatch(NamedTuple):
    """A small v-minimal match, and how much smaller another could be."""

    match: Match
    """(n_x,) and (n_y,): the smallest v-minimal match that was found; empty where v is in no match."""
    bound: int
    """Units, both sides together, that every match with v has at least; 0 where there is none."""

    @property
    def exact(self) -> bool:
        """Whether no match with v is smaller."""
        return int(self.match.size) == self.bound


def smallest_match(
    x: ArrayLike,
    y: ArrayLike,
    epsilon: ArrayLike,
    unit: int,
    rounds: int | None = None,
    seconds: float | None = None,
) -> SmallestMatch:
    """The smallest ε-match that holds unit v, or the smallest found with a lower bound.

    A set of units without which v is in no match is hit by every match with v. So the smallest set that holds v and
    hits all such sets that are known is no larger than the smallest match; and if v survives in it, it is the smallest
    match. If not, the units outside it are thinned out to sets that v cannot do without, each one more to hit, and the
    search begins again. A match found on the way that prefers the units of the hitting set is an upper bound.

    Each round is exact and short, yet their number may grow exponentially: small and tight layers end by themselves,
    for others set `rounds` or `seconds`.

    Runs on the host, with jitted searches; not to be traced. Needs python-sat.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).
        unit: v, as a joint index: x units first, then y units.
        rounds: At most so many hitting sets are tried; by default as many as it takes to be exact.
        seconds: No step of the search begins after so long; by default it ends by itself.

    Returns:
        The match and the bound; `exact` says whether they meet.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, an ε outside [0, 1), a unit that is not there, or
            `rounds` below 0.
        MissingPackageError: python-sat is missing.

    Source: Ignatiev, Previti, Liffiton and Marques-Silva 2015, "Smallest MUS extraction with minimal hitting set
    dualization", CP 2015.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> y = jnp.array([[2.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    >>> found = smallest_match(x, y, 0.1, unit=0)             # x's first unit is y's third
    >>> found.match.x.astype(int).tolist(), found.match.y.astype(int).tolist(), found.exact
    ([1, 0, 0], [0, 0, 1], True)
    """
    pair = Pair(x, y, epsilon)
    check_unit(unit, pair.units)
    if rounds is not None and rounds < 0:
        raise ValueError(f"rounds must be at least 0, received {rounds}")
    match, bound = smallest_within(pair, unit, rounds, seconds)
    return SmallestMatch(pair.as_match(match), bound)


def smallest_within(pair: Pair, v: int, rounds: int | None = None, seconds: float | None = None) -> tuple[Mask, int]:
    """`smallest_match` of a pair that is prepared: the match and the bound."""
    if not pair.matched[v]:
        return np.zeros(pair.units, bool), 0
    deadline = np.inf if seconds is None else monotonic() + seconds
    needed = pair.necessary[:, v]
    best = pair.minimal_within(pair.matched, v).match
    best = best if best[v] else pair.first_matches[v]
    with new_hitting_sets() as hitting:
        for unit in np.flatnonzero(needed):
            hitting.hit([int(unit)])
        chosen = needed
        for _ in count() if rounds is None else range(rounds):
            if chosen.sum() >= best.sum() or monotonic() > deadline:
                break
            inside = pair.maximum_within(chosen)
            if inside[v]:
                best = inside
                break
            # Sets apart from one another raise the bound most: so what was found is spared in the next one.
            spared, ended = chosen, False
            while not ended and not pair.maximum_within(spared)[v]:
                vital = pair.vital_set(spared, v)
                ended = vital is None or monotonic() > deadline
                if vital is not None:
                    hitting.hit(np.flatnonzero(vital).tolist())
                    spared = spared | vital
            match = pair.minimal_within(pair.maximum_within(spared), v, first=~chosen).match
            best = match if match[v] and match.sum() < best.sum() else best
            chosen = np.isin(np.arange(pair.units), hitting.get())
            if ended:
                break
    return best, min(int(chosen.sum()), int(best.sum()))
