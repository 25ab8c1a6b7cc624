"""Cells of a table from what was counted over pairs."""

from jaxrepsim.report.summaries import Spread
from jaxrepsim.report.tables import Cell


def cells(values: Spread) -> list[Cell]:
    """One cell per value, in order: one per layer, of values (layer,)."""
    return [Cell(*parts) for parts in zip(*(part.ravel().tolist() for part in values), strict=True)]
