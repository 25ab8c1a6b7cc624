"""What tables share: those on the page, and the long ones for other programs."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.results import Spread


class Cell(NamedTuple):
    """A value over pairs of networks."""

    mean: float
    low: float
    high: float


def cells(values: Spread) -> list[Cell]:
    """One cell for each place of values, such as (layer,)."""
    return [Cell(*parts) for parts in np.transpose(values).tolist()]


def by_layer(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows that have a `layer`, put together where it is the same."""
    return [{"layer": layer, "rows": list(part)} for layer, part in groupby(rows, lambda row: row.layer)]


def long_table(table: Dataset, dims: Sequence[str], measured: str) -> DataFrame:
    """One row for each place along `dims`, in this order, at which `measured` was computed."""
    return table.to_dataframe(dim_order=list(dims)).reset_index().dropna(subset=[measured])
