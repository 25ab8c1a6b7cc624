"""The stage that compares networks: computed where it is not there yet, warned of where samples are few, drawn."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import xarray as xr

from jaxrepsim import report
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.analysis import analyse, up_to_date
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.correspondence import few_samples
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.part import Inputs
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.progress import Progress, Say
from jaxrepsim.pipeline.results_files import read_netcdf, write_netcdf
from jaxrepsim.report.schema import check, tree

PACKAGES = ("jaxrepsim", "jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "safetensors")


def finished(folder: RunFolder, config: AnalysisConfig) -> xr.DataTree | None:
    """The results of a folder, where they are there and are all that the settings ask for.

    Raises:
        InputError: The file is damaged.
    """
    if not folder.results.exists():
        return None
    results = read_netcdf(folder.results)
    return results if up_to_date(results, config) else None


def match(
    inputs: Inputs,
    config: AnalysisConfig,
    folder: RunFolder | None,
    say: Say,
    attributes: Mapping[str, Any],
    records: Mapping[str, xr.Dataset] | None = None,
) -> xr.DataTree:
    """Computes what the settings ask for, and writes it as one netCDF file and as long tables.

    Args:
        inputs: What is compared.
        config: The settings.
        folder: Where the results go, and what is done of them; None where nothing is written.
        say: Told of warnings, and what was matched.
        attributes: What there is to say of all results; see `jaxrepsim.report.schema`.
        records: Groups that no part computes.

    Returns:
        The results.

    Raises:
        InputError: An activation is NaN or infinite.
    """
    warnings = few_samples(inputs.networks, inputs.layers)
    for warning in warnings:
        say(f"warning: {warning}")
    groups = analyse(inputs, config, folder)
    pairs = len(inputs.pair_names)
    say(f"matched {len(inputs.layers)} layers of {pairs} {'pair' if pairs == 1 else 'pairs'}")
    made = {"config": to_plain(config), "versions": versions(), "warnings": warnings}
    encoded = {name: json.dumps(value) for name, value in made.items()}
    results = tree({**groups, **(records or {})}, {**attributes, **encoded})
    check(results)
    if folder is None:
        return results
    report.write_tables(results, folder.tables)
    write_netcdf(results, folder.results)
    return read_netcdf(folder.results)  # as any later stage has them


def write_report(folder: RunFolder, results: xr.DataTree, progress: Progress, say: Say) -> Path:
    """Draws figures and page."""
    progress("drawing the report", 0, 2)
    with folder.timed("report"):
        drawn = report.draw(results)
        figures = report.write_figures(results, folder.figures, drawn=drawn)
        progress("drawing the report", 1, 2)
        # Without the report's own time, which is known only once it is there.
        results.attrs["timings"] = json.dumps(folder.timings)
        files = [folder.results, *sorted(folder.tables.glob("*.csv")), *figures]
        report.build(results, folder.report, files, figures=drawn)
    progress("drawing the report", 2, 2)
    for stage, seconds in folder.timings.items():
        say(f"{stage}: {seconds:.1f} s")
    say(f"report: {folder.report}")
    return folder.report


def write_versions(folder: RunFolder) -> None:
    """Keeps what software and hardware the run was last worked on with."""
    write_text(folder.path / "versions.json", json.dumps(versions(), indent=2) + "\n")


def versions() -> dict[str, str]:
    """Names and versions of Python, of the packages that shape a result, and of the devices."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    devices = jax.devices()
    return found | {"devices": f"{len(devices)} × {devices[0].device_kind} ({devices[0].platform})"}
