"""What tables share: those on the page, and the long ones for other programs."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.results import Ints, Spread

Rows = list[Any]
"""Of a table of the page: named tuples, whose parts have the names of its columns."""


class Cell(NamedTuple):
    """A value over pairs of networks."""

    mean: float
    low: float
    high: float


def cells(values: Spread) -> list[Cell]:
    """One cell per value, in order: one per layer, of values (layer,)."""
    return [Cell(*parts) for parts in zip(*(part.ravel().tolist() for part in values), strict=True)]


def by_layer(rows: Rows) -> list[dict[str, Any]]:
    """Rows that have a `layer`, put together where it is the same."""
    return [{"layer": layer, "rows": list(part)} for layer, part in groupby(rows, lambda row: row.layer)]


def long_table(table: Dataset, dims: Sequence[str], measured: str) -> DataFrame:
    """One row for each place along `dims`, in this order, at which `measured` was computed."""
    return table.to_dataframe(dim_order=list(dims)).reset_index().dropna(subset=[measured])


def page_rows(columns: Mapping[str, Any], kept: Sequence[int] | Ints | slice = slice(None)) -> Rows:
    """Rows of a table of the page, whose parts have the names of its columns.

    Args:
        columns: The columns, all of the same length.
        kept: Which of the rows; by default all.

    Returns:
        The rows, named tuples.

    >>> page_rows({"layer": ["a", "b"], "units": [3, 4]}, [1])
    [Row(layer='b', units=4)]
    """
    return list(DataFrame(columns).iloc[kept].itertuples(index=False, name="Row"))
