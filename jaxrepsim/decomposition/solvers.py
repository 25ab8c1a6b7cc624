"""The SAT solvers, from python-sat, which is needed only where they are used."""

from typing import Any

from jaxrepsim.extras import needs

_WHAT = "the search for matches"


def new_solver() -> Any:
    """A solver with no clause; the same clauses in the same order give the same models."""
    with needs("decomposition", _WHAT):
        from pysat.solvers import Minisat22
    return Minisat22()


def new_hitting_sets() -> Any:
    """A search for the smallest sets that hit all sets it is told of; none yet."""
    with needs("decomposition", _WHAT):
        from pysat.examples.hitman import Hitman
    return Hitman(htype="sorted")
