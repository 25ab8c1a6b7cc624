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


class Alike(NamedTuple):
    """What variables that are declared together have in common.

    Its methods take the words of each variable: its long name, a colon, and its description.

    >>> Alike(("layer",), COUNT).named(units="units: Number of units of the layer.")["units"].description
    'Number of units of the layer.'
    """

    dims: tuple[str, ...]
    units: str = ""

    def variable(self, words: str) -> Variable:
        """One declaration."""
        long_name, description = words.split(": ", 1)
        return Variable(self.dims, long_name, description, self.units)

    def named(self, **words: str) -> dict[str, Variable]:
        """The declarations, by name."""
        return {name: self.variable(text) for name, text in words.items()}

    def of_sides(self, **words: str) -> dict[str, Variable]:
        """The declarations of variables of the units of either network of a pair, by names that end in `_x` and `_y`.

        Args:
            **words: By names without their side; `{own}` and `{other}` stand for the network in words, and for its
                partner.

        >>> best = Alike(("unit",)).of_sides(best="best partner in the {other} network: Its index.")
        >>> best["best_y"].long_name
        'best partner in the first network'
        """
        return {
            f"{name}_{side}": self.variable(text.format(own=own, other=other))
            for name, text in words.items()
            for side, own, other in SIDES
        }


def coordinates(units: str = "", **words: str) -> dict[str, Variable]:
    """Declarations of the coordinates of dimensions, by name: as `Alike` takes them, each along itself."""
    return {name: Alike((name,), units).variable(text) for name, text in words.items()}


ROOT = coordinates(
    layer="layer: Name of the layer, from input to output.",
    pair="pair of networks: Names of the two networks, the first (x) and the second (y), such as 0-1.",
    network="network: Name of the network: its seed, or its file.",
) | coordinates(PURE, epsilon="ε: Largest residual (relative distance to a span) that a unit in a match may have.")
"""The dimensions that all groups share: at the root, and inherited by every group."""
SHARED = coordinates(
    redraw="redraw: Index of the draw of positions of maps; one where all positions are used.",
    unit="unit: Index of the unit (neuron or channel) within its layer, from 0.",
    other_unit="other unit: Index of the second of two units, from 0.",
    sample="sampled unit: Place among the units of a layer and pair for which minimal matches were searched; not a "
    "sample of the data.",
)
"""In the groups whose variables have them. A section declares the dimensions that are its own."""


@dataclass(frozen=True)
class Section:
    """One subject. Its file, its part, its settings, its group of results, its CSV and its anchor have its name."""

    title: str
    """Heads it, and is its entry in the list of sections."""
    file: str
    """The Python file that declares it, `__file__`: `NAME.py` or `NAME/__init__.py`; `NAME.html` lies beside it."""
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
    def name(self) -> str:
        """That of its file, or of its folder."""
        file = Path(self.file)
        return file.parent.name if file.stem == "__init__" else file.stem

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
