"""What a run leaves in its folder beside its results: the report, and what made it."""

import json
from collections.abc import Callable
from pathlib import Path

import xarray as xr

from jaxrepsim import report
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.versions import versions

Say = Callable[[str], None]
"""Tells the user a line: what a stage found."""


def write_report(folder: RunFolder, results: xr.DataTree, progress: Progress, say: Say) -> Path:
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
