"""What scripts on a paper's findings share: they take finished runs, print and write a table, and draw a figure."""

import csv
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tyro
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.ending import ending, use_compilation_cache
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Job, carry_out, find_jobs
from jaxrepsim.pipeline.names import distinct
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.progress_bars import Bars
from jaxrepsim.report.schema import check
from jaxrepsim.report.style import save


class Needs(NamedTuple):
    """What results must hold."""

    there: Callable[[xr.Dataset], bool]
    setting: str
    """The setting that makes a run compute it."""


class Finished(NamedTuple):
    """A finished run.

    Fields:
        name: Its name in its config file, or that of its folder; no two of one call have the same.
        folder: Its run folder.
        results: Its table of results.
    """

    name: str
    folder: Path
    results: xr.Dataset


def finished(sources: Sequence[Path], *needs: Needs) -> list[Finished]:
    """The results of runs. Those of a config file are done first where they are not finished.

    Args:
        sources: Each a run folder, a folder of run folders, or a config file.
        *needs: What the results must hold.

    Returns:
        The runs, in order; those of a folder of run folders by name. One that is named twice is there once.

    Raises:
        InputError: A folder holds no results; some lack something, and the message names the setting, before a run that
            would lack it begins; what the run of a config file raises.
    """
    if not sources:
        raise InputError("name a config file, or the folder of a finished run, or several of them")
    jobs = [job for source in sources for job in _jobs(source)]
    todo = [job for job in jobs if isinstance(job, Job) and not job.finished]
    for job in todo:
        if off := [need.setting for need in needs if not _asked(job.config, need.setting)]:
            raise InputError(f"the settings of {job.name} lack what this needs: set {_listed(off)}")
    if todo:
        bars = Bars(Console(stderr=True))
        with bars.shown():
            carry_out(todo, "run", bars, bars.say)
    once: dict[Path, tuple[str, Path]] = {}
    for job in jobs:
        folder = job.folder if isinstance(job, Job) else job
        once.setdefault(folder.resolve(), (job.name, folder))
    folders = [folder for _, folder in once.values()]
    names = distinct([name for name, _ in once.values()], folders)
    return [Finished(name, folder, _results(folder, needs)) for name, folder in zip(names, folders, strict=True)]


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


def draw(place: Path, name: str, figure: Figure) -> list[Path]:
    """Writes a figure into the figures folder of a place.

    Args:
        place: A run folder, or a folder of several; see `place`.
        name: The stem of the files.
        figure: What to write.

    Returns:
        An SVG and a PNG file.
    """
    paths = []
    for kind in ("svg", "png"):
        paths.append(RunFolder(place).figures / f"{name}.{kind}")
        with atomic_path(paths[-1]) as temporary, temporary.open("wb") as handle:
            save(figure, handle, kind)
    return paths


def write_table(place: Path, name: str, columns: Sequence[str], rows: Sequence[Sequence[str | float]]) -> Path:
    """Writes a table as CSV into the results folder of a place.

    Args:
        place: A run folder, or a folder of several; see `place`.
        name: The stem of the file.
        columns: The headings.
        rows: One value a column.

    Returns:
        The file.
    """
    path = RunFolder(place).tables / f"{name}.csv"
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


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
        name: The stem of the files.
        title: What stands above the printed table.
        columns: See `show`.
        rows: See `show`.
        figure: Draws it.
    """
    where = place(runs)
    show(title, columns, rows)
    print(write_table(where, name, columns, rows))
    print(*draw(where, name, figure()), sep="\n")


def script(main: Callable[..., Any]) -> None:
    """Runs a script's function with the arguments of the command line, and ends as `jaxrepsim` does.

    What the user can put right is told in one message, with exit status 2; SIGTERM ends it with 143.
    """
    use_compilation_cache()
    sys.exit(ending(lambda: tyro.cli(main)))


def _jobs(source: Path) -> list[Job] | list[Path]:
    """The runs of a config file; or the run folders of a folder, which is perhaps one itself."""
    if not source.is_dir():
        return find_jobs(source)
    inside = [] if RunFolder(source).results.exists() else sorted(source.iterdir())
    folders = [path for path in inside if RunFolder(path).record.exists()] or [source]
    for folder in folders:
        if not RunFolder(folder).results.exists():
            if not RunFolder(folder).record.exists():
                raise InputError(f"{folder} is no run folder, and holds none: name a config file, or finished runs")
            raise InputError(f"{folder} holds no results: finish it with `jaxrepsim run {folder}`")
    return folders


def _results(run: Path, needs: Sequence[Needs]) -> xr.Dataset:
    path = RunFolder(run).results
    results = read_netcdf(path)
    check(results)
    if lacking := [need.setting for need in needs if not need.there(results)]:
        raise InputError(f"{path} lacks what this needs: set {_listed(lacking)}, and run again")
    return results


def _asked(config: RunConfig, setting: str) -> bool:
    """Whether a part of the theory is asked for; the rest shows in the results alone."""
    section, _, name = setting.partition(".")
    return section != "theory" or bool(getattr(config.theory, name))


def _listed(settings: Sequence[str]) -> str:
    return " and ".join(f"`{setting}`" for setting in settings)
