"""What a section of the page is: one subject, from the variables of its group of results to its table and its words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pandas import DataFrame

from jaxrepsim.report.figure import Drawing
from jaxrepsim.report.results import Results
from jaxrepsim.report.variable import Variable


def _nothing(results: Results) -> Any:
    return {}


def _no_sentences(results: Results) -> list[str]:
    return []


@dataclass(frozen=True)
class Section:
    """One subject. Its name is that of its part, its settings, its group of results, its CSV and its anchor."""

    name: str
    title: str
    """Heads it, and is its entry in the list of sections."""
    template: Path
    """Its HTML within the section: it reads what all pages know (see `page`), `figures`, and its own context."""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    """What its group of results holds, coordinates of dimensions of its own among them; empty where it has no group."""
    optional: frozenset[str] = frozenset()
    """Those that may be absent."""
    context: Callable[[Results], Mapping[str, Any]] = _nothing
    """What its template reads, table rows above all."""
    sentences: Callable[[Results], list[str]] = _no_sentences
    """What it says, counted from the results, in the summary at the head of the page."""
    figures: Sequence[Drawing] = ()
    tables: Mapping[str, Callable[[Results], DataFrame]] = field(default_factory=dict)
    """Long tables for other programs, by the stem of their CSV file: its own name, and further ones."""
    present: Callable[[Results], bool] | None = None
    """Whether the page has it; by default where the results hold its group, and always where it has none."""

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
