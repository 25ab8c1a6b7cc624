"""The map of what a search for all v-minimal matches knows, kept by a SAT solver."""

from collections.abc import Sequence

import numpy as np

from jaxrepsim.decomposition.host import Mask, Minimal, Pair
from jaxrepsim.decomposition.solvers import new_solver


class Explored:
    """What is known of the sets of units that hold v: those that contain a known match, and those in which v dies.

    What was found for one unit tells of others too, so all units share two growing lists: matches, each with the units
    for which it is minimal, and pairs of a set of units and the maximum match within it.
    """

    def __init__(self, v: int, pair: Pair, known: Sequence[Minimal], failed: Sequence[tuple[Mask, Mask]]) -> None:
        self.v = v
        self._candidates = pair.matched
        self._known, self._failed = known, failed
        self._read = [0, 0]
        self._matches = np.zeros((0, pair.units), bool)
        self._solver = new_solver()
        for unit in np.flatnonzero(pair.necessary[:, v]):
            self._solver.add_clause([int(unit) + 1])

    def unexplored(self) -> Mask | None:
        """A set of units of which nothing is known, as large as can be; None where there is none."""
        self._catch_up()
        if not self._solver.solve():
            return None
        chosen = np.zeros_like(self._candidates)
        model = self._solver.get_model() or []
        chosen[[literal - 1 for literal in model if literal > 0]] = True  # units that no clause names are not in it
        return self._grown(chosen)

    def _catch_up(self) -> None:
        for found in self._known[self._read[0] :]:
            if found.units[self.v]:
                self._matches = np.concatenate([self._matches, found.match[None]])
                self._solver.add_clause([-int(unit) - 1 for unit in np.flatnonzero(found.match) if unit != self.v])
        for units, inside in self._failed[self._read[1] :]:
            if units[self.v] and not inside[self.v]:
                self._solver.add_clause([int(unit) + 1 for unit in np.flatnonzero(self._candidates & ~units)])
        self._read = [len(self._known), len(self._failed)]

    def _grown(self, units: Mask) -> Mask:
        """With every unit added that completes no known match: then a set in which v dies is a largest such set."""
        units = units.copy()
        missing = (self._matches & ~units).sum(axis=1)
        for unit in np.flatnonzero(self._candidates & ~units):
            completes = self._matches[:, unit] & (missing == 1)
            if not completes.any():
                units[unit] = True
                missing -= self._matches[:, unit]
        return units
