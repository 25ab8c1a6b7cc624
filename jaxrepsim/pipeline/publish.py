"""How scripts in experiments/ publish what they find: a table, printed and as CSV, and a figure for papers."""

import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tyro
from matplotlib.figure import Figure
from pandas import DataFrame
from rich.console import Console
from rich.table import Table

from jaxrepsim.exit_status import exit_status, use_compilation_cache
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.finished_runs import Finished
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.report.files import write_figure


def publish(
    runs: Sequence[Finished],
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    figure: Callable[[], Figure],
) -> None:
    """Prints a table, writes it and then a figure to the place of the runs, and prints where they are.

    Args:
        runs: Whose table and figure it is.
        name: The stem of the files: `results/NAME.csv`, and `figures/NAME` as `.svg`, `.pdf` and `.png`.
        title: What stands above the printed table.
        columns: The headings of the table.
        rows: One text a column; the first is printed as text, the next as numbers.
        figure: Draws it.
    """
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    folder = RunFolder(place(runs))
    path = folder.tables / f"{name}.csv"
    write_text(path, DataFrame(rows, columns=[*columns]).to_csv(index=False, lineterminator="\n"))
    print(path)
    print(*write_figure(figure(), folder.figures, name), sep="\n")


def place(runs: Sequence[Finished]) -> Path:
    """Where a figure or table of runs belongs: the folder of a single one, else the nearest that holds all of them.

    Of runs that have no folder in common but the root, the current one.
    """
    if len(runs) == 1:
        return runs[0].folder
    common = Path(os.path.commonpath([Path(os.path.abspath(run.folder)) for run in runs]))
    if common == Path(common.anchor):
        return Path()
    return common.relative_to(Path.cwd()) if common.is_relative_to(Path.cwd()) else common


def number(value: float, digits: int = 2, missing: str = "") -> str:
    """A number of a table as text.

    Args:
        value: The number; NaN for none.
        digits: Behind the point.
        missing: What stands where there is none.

    >>> number(0.5), number(0.0251, 3), number(float("nan"))
    ('0.50', '0.025', '')
    """
    return missing if math.isnan(value) else f"{value:.{digits}f}"


def script(main: Callable[..., Any]) -> None:
    """Runs a script's function with the arguments of the command line, and ends as `jaxrepsim` does.

    What the user can put right is told in one message, with exit status 2; SIGTERM ends it with 143.
    """
    use_compilation_cache()
    sys.exit(exit_status(lambda: tyro.cli(main)))
