"""How a variable of the results file is declared: its dimensions, and what a reader of the file must know."""

from typing import NamedTuple

PURE = "1"
"""The unit of pure numbers: shares, correlations, R², relative distances such as ε."""
COUNT = "count"
SIDES = (("x", "first", "second"), ("y", "second", "first"))
"""Of a pair: its letter in names, its network in words, and the other one."""


class Variable(NamedTuple):
    """A variable, or the coordinate of a dimension."""

    dims: tuple[str, ...]
    long_name: str
    """A few words, as for the axis of a plot."""
    description: str
    """One sentence: how to read the values."""
    units: str = ""
    """Empty for names, indices and codes."""

    @property
    def attributes(self) -> dict[str, str]:
        """What stands beside the values in a file."""
        units = {"units": self.units} if self.units else {}
        return {"long_name": self.long_name, **units, "description": self.description}


def of_sides(
    name: str, dims: tuple[str, ...], long_name: str, description: str, units: str = ""
) -> dict[str, Variable]:
    """A variable of the units of either network of a pair.

    Args:
        name: Its name without its side.
        dims: Of both.
        long_name: As of a `Variable`; `{own}` and `{other}` in it stand for the network in words and for its partner.
        description: Likewise.
        units: Of both.

    Returns:
        The declarations, by names that end in `_x` and `_y`.

    >>> of_sides("best", ("unit",), "best partner in the {other} network", "Its index.")["best_y"].long_name
    'best partner in the first network'
    """
    return {
        f"{name}_{side}": Variable(
            dims, long_name.format(own=own, other=other), description.format(own=own, other=other), units
        )
        for side, own, other in SIDES
    }
