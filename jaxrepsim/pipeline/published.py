"""What scripts on a paper's findings share: they read finished runs, print a table, and draw a figure."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.report.schema import check
from jaxrepsim.report.style import Column, save


class Needs(NamedTuple):
    """What results must hold."""

    there: Callable[[xr.Dataset], bool]
    setting: str
    """The setting that makes a run compute it."""


def finished(run: Path, *needs: Needs) -> xr.Dataset:
    """Reads the results of a finished run.

    Args:
        run: The run folder.
        *needs: What they must hold.

    Returns:
        The results.

    Raises:
        InputError: There are none, or they lack something; the message names the setting.
    """
    path = RunFolder(run).results
    if not path.exists():
        raise InputError(f"{run} holds no results ({path.relative_to(run)}): finish it with `jaxrepsim run {run}`")
    results = read_netcdf(path)
    check(results)
    if lacking := [need.setting for need in needs if not need.there(results)]:
        raise InputError(
            f"{path} lacks what this needs: set {' and '.join(f'`{setting}`' for setting in lacking)}, as "
            "configs/digits_convergent.py does, and run again"
        )
    return results


def draw(run: Path, name: str, figure: Callable[[xr.Dataset, Column], Figure], results: xr.Dataset) -> list[Path]:
    """Writes a figure, one column wide, into a run's figures folder.

    Args:
        run: The run folder.
        name: The stem of the files.
        figure: What draws it.
        results: The run's results.

    Returns:
        An SVG and a PNG file.
    """
    drawn = figure(results, "single")
    paths = []
    for kind in ("svg", "png"):
        paths.append(RunFolder(run).figures / f"{name}.{kind}")
        with atomic_path(paths[-1]) as temporary, temporary.open("wb") as handle:
            save(drawn, handle, kind)
    return paths


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table; the first column is text, the others are numbers.

    Args:
        title: What stands above it.
        columns: The headings.
        rows: One text a column.
    """
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
