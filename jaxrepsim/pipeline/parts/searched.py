"""What the parts that enumerate simple matches have in common."""

from dataclasses import dataclass
from importlib.util import find_spec

from jaxrepsim.decomposition import solvers
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.part import LayerPart, Switch


@dataclass(frozen=True)
class Searched(Switch, LayerPart):
    """Bounds of the search for all simple matches of a layer, pair and ε."""

    requirements = (
        ("simple_matches", "at least 1", lambda value: value >= 1),
        ("seconds", "above 0", lambda value: value > 0),
    )

    simple_matches: int = 100
    """At most so many simple matches of a layer, pair and ε."""
    seconds: float = 30.0
    """Of a layer, pair and ε: after one simple match for each unit, no search for a further one begins after so long;
    nor a step in the search for the smallest match of a unit."""

    def check(self) -> None:
        if not (solvers.available() and find_spec("networkx")):
            raise InputError('decomposition and stability need more: pip install "jaxrepsim[decomposition]"')
