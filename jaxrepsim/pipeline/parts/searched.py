"""What the parts that enumerate simple matches have in common."""

from dataclasses import dataclass

from jaxrepsim import extras
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
        extras.check("decomposition", "the search for simple matches", "pysat", "networkx")
