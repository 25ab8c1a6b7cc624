"""The SAT solvers, from python-sat, which is needed only where they are used."""

from importlib.util import find_spec
from typing import Any

MISSING = 'python-sat is needed to search for matches: pip install "jaxrepsim[decomposition]"'


def available() -> bool:
    """Whether there are any."""
    return find_spec("pysat") is not None


def new_solver() -> Any:
    """A solver with no clause; the same clauses in the same order give the same models."""
    try:
        from pysat.solvers import Minisat22
    except ImportError as error:
        raise ImportError(MISSING) from error
    return Minisat22()


def new_hitting_sets() -> Any:
    """A search for the smallest sets that hit all sets it is told of; none yet."""
    try:
        from pysat.examples.hitman import Hitman
    except ImportError as error:
        raise ImportError(MISSING) from error
    return Hitman(htype="sorted")
