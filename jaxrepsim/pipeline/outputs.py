"""What a run leaves in its folder: the table of results, the report, and what made them."""

import json
from collections.abc import Callable
from pathlib import Path

import xarray as xr

from jaxrepsim import report
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.config import ConvergentConfig, TheoryConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.results_files import write_netcdf
from jaxrepsim.pipeline.versions import versions

Say = Callable[[str], None]
"""Tells the user a line: what a stage found."""


def up_to_date(results: xr.Dataset, theory: TheoryConfig, convergent: ConvergentConfig) -> bool:
    """Whether results are those of the theory and of the alignments that the settings ask for now."""
    before = json.loads(results.attrs.get("config", "{}"))
    asked = {"theory": theory, "convergent": convergent}
    return all(before.get(name, to_plain(type(config)())) == to_plain(config) for name, config in asked.items())


def write_results(folder: RunFolder, results: xr.Dataset) -> None:
    """Writes the table, as netCDF and as CSV."""
    results.attrs["versions"] = json.dumps(versions())
    report.check(results)
    report.write_csv(results, folder.table)
    report.write_tables(results, folder.tables)
    write_netcdf(results, folder.results)


def write_report(folder: RunFolder, results: xr.Dataset, progress: Progress, say: Say) -> Path:
    """Draws figures and page."""
    progress("drawing the report", 0, 2)
    with folder.timed("report"):
        figures = report.write_figures(results, folder.figures)
        progress("drawing the report", 1, 2)
        # Without the report's own time, which is known only once it is there.
        results.attrs["timings"] = json.dumps(folder.timings)
        report.build(results, folder.report, [folder.results, *sorted(folder.tables.glob("*.csv")), *figures])
    progress("drawing the report", 2, 2)
    for stage, seconds in folder.timings.items():
        say(f"{stage}: {seconds:.1f} s")
    say(f"report: {folder.report}")
    return folder.report


def write_versions(folder: RunFolder) -> None:
    """Keeps what software and hardware the run was last worked on with."""
    write_text(folder.path / "versions.json", json.dumps(versions(), indent=2) + "\n")
