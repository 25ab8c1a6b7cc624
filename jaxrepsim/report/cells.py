"""Cells of a table from what was counted over pairs."""

from jaxrepsim.report.summaries import Spread
from jaxrepsim.report.tables import Cell


def cells(values: Spread) -> list[Cell]:
    """One cell per layer, of values (layer,)."""
    return [Cell(*(float(part) for part in parts)) for parts in zip(*values, strict=True)]
