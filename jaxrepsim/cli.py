"""The command line. `jaxrepsim --help` is enough to start."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import tyro
from rich.console import Console

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import processes
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.ending import ending, use_compilation_cache
from jaxrepsim.pipeline.files import match_files
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Stage, carry_out, find_jobs
from jaxrepsim.pipeline.outputs import write_report
from jaxrepsim.pipeline.progress import stopping
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.progress_bars import Bars

_Source = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER")]
_Sources = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER|FILE FILE...")]
_Folder = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")]
_Settings = Annotated[RunConfig, tyro.conf.arg(name="")]


@dataclass(kw_only=True)
class _OnRuns:
    out: _Folder = None
    """Where the results go, those of several runs into a folder each; by default runs/NAME for configs/NAME.py."""
    only: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Of a config file with several runs, this one."""
    processes: Literal["environment", "auto"] = "environment"
    """Which processes work together: those that JAX_COORDINATOR_ADDRESS and its like name, if they are set; or, with
    auto, those of a job of Slurm or Open MPI, or of a TPU slice, as JAX finds them."""
    settings: _Settings = field(default_factory=RunConfig)


@dataclass(kw_only=True)
class _OnOneSource(_OnRuns):
    source: _Source
    """A config file, such as configs/digits_vgg.py; or the folder of a run to go on with."""


@dataclass(kw_only=True)
class RunCommand(_OnOneSource):
    """The whole job: train every seed, extract and match every layer, write the report. Goes on where it stopped."""


@dataclass(kw_only=True)
class TrainCommand(_OnOneSource):
    """Train every seed, and stop there."""


@dataclass(kw_only=True)
class ExtractCommand(_OnOneSource):
    """Write every network's compressed activations, as activation files; train first where needed."""


@dataclass(kw_only=True)
class MatchCommand(_OnRuns):
    """Match the networks of a run, or activation files of any origin.

    An activation file is .safetensors or .npz, one array a layer: (samples, units), or (N, H, W, C). Files need --out,
    use the --matching, --theory and --convergent settings alone, and get a report too.
    """

    source: _Sources
    """A config file or run folder; or two activation files or more, of networks on the same inputs."""


@dataclass(kw_only=True)
class ReportCommand:
    """Draw the report of a finished run or match again."""

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The run folder."""


@dataclass(kw_only=True)
class DataCommand:
    """Prepare a data set, from the archive that its makers publish: `jaxrepsim data prepare cifar10 --archive FILE`."""

    what: Annotated[Literal["prepare"], tyro.conf.Positional]
    """Write it in the format of tensorflow-datasets, as its own builder does. Goes on where it stopped."""
    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """As in tensorflow-datasets: cifar10, imagenette/160px-v2."""
    archive: Annotated[Path | None, tyro.conf.arg(metavar="PATH")] = None
    """The original file, or the folder of several; without it you are told which are needed, and where they are."""
    directory: _Folder = None
    """Where prepared sets are kept; by default ~/tensorflow_datasets."""


Command = RunCommand | TrainCommand | ExtractCommand | MatchCommand | ReportCommand | DataCommand
_STAGES: dict[type, Stage] = {
    RunCommand: "run",
    TrainCommand: "train",
    ExtractCommand: "extract",
    MatchCommand: "match",
}

_NOT_SETTINGS = ("--out", "--only", "--processes", "--help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: As on the command line; by default those of the process.

    Returns:
        The exit status: 0; 2 where the input is at fault, told in one message; 130 where the user interrupted; 143
        where SIGTERM stopped it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    use_compilation_cache()
    return ending(lambda: _carry_out(_parse(given)))


def _parse(arguments: list[str]) -> Command:
    """The settings that a config file makes are the defaults of the options that override them."""
    settings = RunConfig()
    place = Path(arguments[1]) if len(arguments) > 1 and not arguments[1].startswith("-") else None
    if place is not None and arguments[0] in _STAGES.values():
        settings = _settings(place, arguments[2:])
    kinds = [
        Annotated[kind, tyro.conf.subcommand(stage, default=_with_settings(kind, settings))]
        for kind, stage in _STAGES.items()
    ]
    union: Any = Union[  # made at run time, from a tuple
        (
            *kinds,
            Annotated[ReportCommand, tyro.conf.subcommand("report")],
            Annotated[DataCommand, tyro.conf.subcommand("data")],
        )
    ]
    parser: Any = tyro.cli  # its overloads do not know a union that is put together at run time
    command: Command = parser(
        union,
        args=arguments,
        prog="jaxrepsim",
        description="How far do neural networks, trained from different seeds, learn the same representation?",
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )
    if isinstance(command, DataCommand):
        return command
    source = command.source[0] if isinstance(command.source, tuple) and command.source else command.source
    if source != place and source != ():
        raise InputError(f"name {source} right after the command: jaxrepsim {arguments[0]} {source} ...")
    return command


def _with_settings(kind: Any, settings: RunConfig) -> Any:
    return kind(source=tyro.MISSING, settings=settings)


def _settings(place: Path, options: list[str]) -> RunConfig:
    """What the options of a run override."""
    if place.suffix in (".npz", ".safetensors") and not place.is_dir():
        return RunConfig()
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--only", nargs="?")
    jobs = find_jobs(place, parser.parse_known_args(options)[0].only)
    overriding = [option for option in options if option.startswith("--") and option.split("=")[0] not in _NOT_SETTINGS]
    if len(jobs) > 1 and overriding:
        raise InputError(
            f"{place} has the runs {', '.join(job.name for job in jobs)}: say with --only for which one "
            f"{overriding[0]} is meant"
        )
    return jobs[0].config


def _carry_out(command: Command) -> None:
    bars = Bars(Console())
    match command:
        case DataCommand():
            from jaxrepsim.data.preparation import prepare

            with bars.shown():
                prepare(command.name, command.archive, command.directory, stopping(bars), bars.say)
        case ReportCommand():
            with bars.shown():
                _draw_again(RunFolder(command.source), bars)
        case MatchCommand() if len(command.source) != 1:
            with bars.shown():
                _match_files(command, bars)
        case _:
            source = command.source[0] if isinstance(command, MatchCommand) else command.source
            jobs = find_jobs(source, command.only, command.out)
            if len(jobs) == 1:
                jobs = [jobs[0]._replace(config=command.settings)]
            here = processes.join(command.processes == "auto")
            with bars.shown():
                carry_out(jobs, _STAGES[type(command)], bars, bars.say, here)


def _draw_again(folder: RunFolder, bars: Bars) -> None:
    if not folder.path.is_dir():
        raise InputError(f"there is no run folder {folder.path}")
    if not folder.results.is_file():
        raise InputError(f"{folder.path} holds no results yet: run `jaxrepsim run {folder.path}` first")
    with folder.locked():
        write_report(folder, read_netcdf(folder.results), stopping(bars), bars.say)


def _match_files(command: MatchCommand, bars: Bars) -> None:
    if not command.source:
        raise InputError("name a config file, a run folder, or two activation files or more")
    if command.out is None:
        raise InputError("say where the results go: --out FOLDER")
    folder, asked, told = RunFolder(command.out), command.settings, stopping(bars)
    results = match_files(command.source, asked.matching, asked.theory, asked.convergent, folder, told, bars.say)
    with folder.locked():
        write_report(folder, results, told, bars.say)
