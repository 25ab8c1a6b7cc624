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
