"""What a section of the page is: one subject, from the variables of its group of results to its table and its words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pandas import DataFrame

from jaxrepsim.report.figure import Drawing
from jaxrepsim.report.results import Results

PURE = "1"
"""The unit of pure numbers: shares, correlations, R², relative distances such as ε."""
COUNT = "count"
SIDES = (("x", "first", "second"), ("y", "second", "first"))
"""Of a pair: its letter in names, its network in words, and the other one."""


class Variable(NamedTuple):
    """How a variable of the results file is declared, or the coordinate of a dimension."""

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


def coordinates(*rows: tuple[str, ...]) -> dict[str, Variable]:
    """The coordinates of dimensions: each a name, and then what a `Variable` has beside its dimension."""
    return {name: Variable((name,), *words) for name, *words in rows}


ROOT = coordinates(
    ("layer", "layer", "Name of the layer, from input to output."),
    ("pair", "pair of networks", "Names of the two networks, the first (x) and the second (y), such as 0-1."),
    ("network", "network", "Name of the network: its seed, or its file."),
    ("epsilon", "ε", "Largest residual (relative distance to a span) that a unit in a match may have.", PURE),
)
"""The dimensions that all groups share: at the root, and inherited by every group."""
SHARED = coordinates(
    ("redraw", "redraw", "Index of the draw of positions of maps; one where all positions are used."),
    ("unit", "unit", "Index of the unit (neuron or channel) within its layer, from 0."),
    ("other_unit", "other unit", "Index of the second of two units, from 0."),
    (
        "sample",
        "sampled unit",
        "Place among the units of a layer and pair for which minimal matches were searched; not a sample of the data.",
    ),
)
"""In the groups whose variables have them. A section declares the dimensions that are its own."""


@dataclass(frozen=True)
class Section:
    """One subject. Its name is that of its part, its settings, its group of results, its CSV and its anchor."""

    name: str
    title: str
    """Heads it, and is its entry in the list of sections."""
    file: str
    """The Python file that declares it, `__file__`; `NAME.html` lies beside it."""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    """What its group of results holds, coordinates of dimensions of its own among them; empty where it has no group."""
    optional: frozenset[str] = frozenset()
    """Those that may be absent."""
    context: Callable[[Results], Mapping[str, Any]] = lambda results: {}
    """What its template reads, table rows above all."""
    sentences: Callable[[Results], list[str]] = lambda results: []
    """What it says, counted from the results, in the summary at the head of the page."""
    figures: Sequence[Drawing] = ()
    tables: Mapping[str, Callable[[Results], DataFrame]] = field(default_factory=dict)
    """Long tables for other programs, by the stem of their CSV file: its own name, and further ones."""
    present: Callable[[Results], bool] | None = None
    """Whether the page has it; by default where the results hold its group, and always where it has none."""

    @property
    def template(self) -> Path:
        """Its HTML within the section: it reads what all pages know (see `page`), `figures`, and its own context."""
        return Path(self.file).with_name(f"{self.name}.html")

    @property
    def method(self) -> Path:
        """Its entries in the list of definitions, where there is this file beside its template."""
        return self.template.with_suffix(".method.html")

    def is_in(self, results: Results) -> bool:
        """Whether the page of these results has it."""
        if self.present is not None:
            return self.present(results)
        return not self.variables or self.name in results.children

    def drawings(self, results: Results) -> list[Drawing]:
        """Those of its figures for which these results have data."""
        return [drawing for drawing in self.figures if self.is_in(results) and drawing.present(results)]
