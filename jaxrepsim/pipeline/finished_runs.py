"""The finished runs that a script in experiments/ compares; those of a config file are done first."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import tyro
from rich.console import Console

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.distinct_names import distinct
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Job, carry_out, load_source
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.progress_bars import Bars
from jaxrepsim.report.results import Results
from jaxrepsim.report.schema import check

Sources = tyro.conf.Positional[tuple[Path, ...]]
"""What a script is given on its command line: run folders, folders of run folders, config files."""


class Needs(NamedTuple):
    """What results must hold."""

    present: Callable[[Results], bool]
    setting: str
    """The setting that makes a run compute it, such as `chance.draws`."""


class Finished(NamedTuple):
    """A finished run."""

    name: str
    """Its name in its config file, or that of its folder; no two of one call have the same."""
    folder: Path
    results: Results


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
    missing = [job for job in jobs if isinstance(job, Job) and not job.finished]
    for job in missing:
        if off := [need.setting for need in needs if not _asked(job.config, need.setting)]:
            raise InputError(f"the settings of {job.name} lack what this needs: set {_listed(off)}")
    if missing:
        bars = Bars(Console(stderr=True))
        with bars.live():
            carry_out(missing, "run", bars, bars.say)
    once: dict[Path, tuple[str, Path]] = {}
    for job in jobs:
        folder = job.folder if isinstance(job, Job) else job
        once.setdefault(folder.resolve(), (job.name, folder))
    folders = [folder for _, folder in once.values()]
    names = distinct([name for name, _ in once.values()], folders)
    return [Finished(name, folder, _results(folder, needs)) for name, folder in zip(names, folders, strict=True)]


def _jobs(source: Path) -> list[Job] | list[Path]:
    """The runs of a config file; or the run folders of a folder, which is perhaps one itself."""
    if not source.is_dir():
        return load_source(source).jobs()
    inside = [] if RunFolder(source).results.exists() else sorted(source.iterdir())
    folders = [path for path in inside if RunFolder(path).record.exists()] or [source]
    for folder in folders:
        if not RunFolder(folder).results.exists():
            if not RunFolder(folder).record.exists():
                raise InputError(f"{folder} is no run folder, and holds none: name a config file, or finished runs")
            raise InputError(f"{folder} holds no results: finish it with `jaxrepsim run {folder}`")
    return folders


def _results(run: Path, needs: Sequence[Needs]) -> Results:
    path = RunFolder(run).results
    results = check(read_netcdf(path))
    if lacking := [need.setting for need in needs if not need.present(results)]:
        raise InputError(f"{path} lacks what this needs: set {_listed(lacking)}, and run again")
    return results


def _asked(config: RunConfig, setting: str) -> bool:
    """Whether the part that has the setting is computed; a setting of no part shows in the results alone."""
    parts, name = config.parts, setting.partition(".")[0]
    return name not in parts or any(part.asked and name in (own, *part.uses) for own, part in parts.items())


def _listed(settings: Sequence[str]) -> str:
    return " and ".join(f"`{setting}`" for setting in settings)
