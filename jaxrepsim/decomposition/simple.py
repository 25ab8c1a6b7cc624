"""All simple matches of a pair, one after the other."""

from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

import numpy as np

from jaxrepsim._typing import ArrayLike
from jaxrepsim.decomposition.explored import Explored
from jaxrepsim.decomposition.host import Mask, Minimal, Pair
from jaxrepsim.matching.match import Match


class SimpleMatch(NamedTuple):
    """A match that is not a union of smaller ones."""

    match: Match
    """(n_x,) and (n_y,): its units."""
    minimal_for: Match
    """(n_x,) and (n_y,): the units v for which it is a v-minimal match; never empty."""


class SimpleMatches(Iterator[SimpleMatch]):
    """The iterator that `simple_matches` returns."""

    complete: bool = False
    """Whether all simple matches have come: known for certain, once the search has found that there is no other."""

    def __init__(self, pair: Pair, limit: int | None, seconds: float | None) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"limit must be at least 0, received {limit}")
        self._pair = pair
        self._left = np.inf if limit is None else limit
        self._seconds = np.inf if seconds is None else seconds
        self._found = self._search()

    def __next__(self) -> SimpleMatch:
        if self._left <= 0:
            raise StopIteration
        found = next(self._found)
        self._left -= 1
        return SimpleMatch(self._pair.as_match(found.match), self._pair.as_match(found.units))

    def _search(self) -> Iterator[Minimal]:
        pair = self._pair
        known: dict[bytes, Minimal] = {}
        shared: list[Minimal] = []
        failed: list[tuple[Mask, Mask]] = []

        def note(found: Minimal) -> bool:
            """Shares what was found; says whether the match is a new one."""
            before = known.get(found.match.tobytes())
            if before is None or (found.units & ~before.units).any():
                known[found.match.tobytes()] = found
                shared.append(found)
            return before is None

        # One for each unit comes first: together they make up the maximum match.
        covered = np.zeros(pair.units, bool)
        for v in np.flatnonzero(pair.matched).tolist():
            if not covered[v]:
                found = pair.minimal_within(pair.first_matches[v], v)
                covered |= found.units
                if found.units[v] and note(found):
                    yield found
        # Then the units take turns, so that no unit waits for the many matches of another.
        deadline = monotonic() + self._seconds
        open_units = [Explored(v, pair, shared, failed) for v in np.flatnonzero(pair.matched).tolist()]
        while open_units:
            still_open = []
            for explored in open_units:
                if monotonic() > deadline:
                    return
                v, units = explored.v, explored.unexplored()
                if units is None:
                    continue
                still_open.append(explored)
                inside = pair.maximum_within(units)
                found = pair.minimal_within(inside, v) if inside[v] else None
                if found is None or not found.units[v]:
                    failed.append((units, inside & ~pair.only(v)))
                elif note(found):
                    yield found
            open_units = still_open
        self.complete = True


def simple_matches(
    x: ArrayLike, y: ArrayLike, epsilon: ArrayLike, limit: int | None = None, seconds: float | None = None
) -> SimpleMatches:
    """The distinct simple matches of a pair, those that are not unions of smaller ones.

    They are the v-minimal matches of all units v, and every match is a union of some. There may be exponentially many,
    so they come one by one, in an order that is always the same: first one for each unit, which together make up the
    maximum match; then the units in turn, each with one step of its own search.

    Whether v survives in the maximum match of a set of units is monotone in the set, so its minimal matches are the
    minimal sets of a monotone predicate, and are enumerated as minimal unsatisfiable sets are: a SAT solver keeps the
    map of what is known, and proposes a largest set of units of which nothing is known. Where v survives in it, a
    search finds a new v-minimal match inside, and no superset of that is proposed again; where v does not, no subset
    of the proposed set is. When nothing is left to propose, every v-minimal match was found. Each match is
    proven minimal on a factorisation of its own units alone. Proofs hold up to rounding: where a residual ties with ε
    (as it may between activations that are all 0 or 1), two factorisations may decide otherwise.

    Runs on the host, with jitted searches; not to be traced. Needs python-sat.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).
        limit: At most so many; by default all.
        seconds: After the first matches, one for each unit, no new step of the search begins after so long; by default
            it ends by itself. How many matches come then depends on the machine, their order does not.

    Returns:
        An iterator of simple matches, each with the units for which it is minimal. Its attribute `complete` says, once
        it has ended, whether these were all.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, an ε outside [0, 1) or not one number, or a
            limit below 0.
        MissingPackageError: python-sat is missing.

    Source: simple matches: Wang et al. 2018 (arXiv:1810.11750), section 3.2. The search: Liffiton, Previti, Malik and
    Marques-Silva 2016, "Fast, flexible MUS enumeration", Constraints 21 (MARCO).

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0, 0.0], [0.0, 1e-3, 0.0], [0.0, 0.0, 1.0]])   # the first two are nearly the same
    >>> y = jnp.array([[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> found = simple_matches(x, y, 0.1)
    >>> [(simple.match.x.astype(int).tolist(), simple.match.y.astype(int).tolist()) for simple in found]
    [([1, 0, 0], [1, 0]), ([0, 1, 0], [1, 0]), ([0, 0, 1], [0, 1])]
    >>> found.complete
    True
    """
    return SimpleMatches(Pair(x, y, epsilon), limit, seconds)
