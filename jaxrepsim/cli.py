"""The command line. `jaxrepsim --help` is enough to start."""

import argparse
import dataclasses
import io
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Union

import tyro
from rich.console import Console

from jaxrepsim import __version__
from jaxrepsim.commands import (
    DataCommand,
    ExtractCommand,
    MatchCommand,
    MatchRunCommand,
    MatchRunsCommand,
    ReportCommand,
    RunCommand,
    TrainCommand,
)
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import processes
from jaxrepsim.pipeline.config import ConvergentConfig, MatchingConfig, RunConfig, TheoryConfig
from jaxrepsim.pipeline.ending import ending, use_compilation_cache
from jaxrepsim.pipeline.files import match_files
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Stage, carry_out, find_jobs
from jaxrepsim.pipeline.joint_runs import match_runs, matching_of
from jaxrepsim.pipeline.outputs import write_report
from jaxrepsim.pipeline.progress import stopping
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.progress_bars import Bars

OnOneRun = RunCommand | TrainCommand | ExtractCommand | MatchRunCommand
Command = OnOneRun | MatchCommand | MatchRunsCommand | ReportCommand | DataCommand
_STAGES: dict[type, Stage] = {
    RunCommand: "run",
    TrainCommand: "train",
    ExtractCommand: "extract",
    MatchRunCommand: "match",
}

_NOT_SETTINGS = ("--out", "--only", "--processes", "--help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: As on the command line; by default those of the process.

    Returns:
        The exit status: 0; 2 where the input is at fault, told in one message; 130 where the user interrupted; 141
        where nobody reads the output any more; 143 where SIGTERM stopped it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        return ending(lambda: print(f"jaxrepsim {__version__}"))
    use_compilation_cache()
    return ending(lambda: _carry_out(_parse(given)))


def _parse(arguments: list[str]) -> Command:
    """The settings that a config file makes are the defaults of the options that override them."""
    sources = [Path(argument) for argument in takewhile(lambda word: not word.startswith("-"), arguments[1:])]
    options = arguments[1 + len(sources) :]
    settings: dict[type, Any] = {}
    match_kind: type = MatchCommand
    if arguments and arguments[0] in ("run", "train", "extract") and len(sources) > 1:
        raise InputError(
            f"`jaxrepsim {arguments[0]}` takes one config file or run folder; received {' '.join(map(str, sources))}"
        )
    if sources and arguments[0] == "match" and len(sources) > 1 and any(source.is_dir() for source in sources):
        if files := [source for source in sources if not source.is_dir()]:
            raise InputError(
                f"{files[0]} is no folder, and {next(s for s in sources if s.is_dir())} is one: name run folders, or "
                "activation files, and not both"
            )
        match_kind = MatchRunsCommand
        default = MatchRunsCommand(source=()).settings
        settings[match_kind] = dataclasses.replace(default, matching=matching_of(sources, _said(options)))
    elif sources and arguments[0] in _STAGES.values() and not (arguments[0] == "match" and len(sources) > 1):
        match_kind = MatchRunCommand
        settings = dict.fromkeys(_STAGES, _settings(sources[0], options))
    kinds: dict[str, type] = {stage: kind for kind, stage in _STAGES.items()} | {"match": match_kind}
    union: Any = Union[  # made at run time, from a tuple
        (
            *(
                Annotated[kind, tyro.conf.subcommand(name, default=_with(kind, settings))]
                for name, kind in kinds.items()
            ),
            Annotated[ReportCommand, tyro.conf.subcommand("report")],
            Annotated[DataCommand, tyro.conf.subcommand("data")],
        )
    ]
    command = _parsed(union, arguments)
    if isinstance(command, DataCommand):
        return command
    named = command.source if isinstance(command.source, tuple) else (command.source,)
    if named != tuple(sources[: len(named)]):
        raise InputError(
            f"name {named[0]} right after the command: jaxrepsim {arguments[0]} {' '.join(map(str, named))} ..."
        )
    return command


def _with(kind: type, settings: dict[type, Any]) -> Any:
    return kind(source=tyro.MISSING, **({"settings": settings[kind]} if kind in settings else {}))


def _parsed(union: Any, arguments: list[str]) -> Command:
    """The command; what a settings class finds wrong is told as such, without the parser's names for where it was."""
    told = io.StringIO()
    parser: Any = tyro.cli  # its overloads do not know a union that is put together at run time
    try:
        with redirect_stderr(told):
            return parser(
                union,
                args=arguments,
                prog="jaxrepsim",
                description="How far do neural networks, trained from different seeds, learn the same representation?",
                config=(tyro.conf.OmitSubcommandPrefixes,),
            )
    except SystemExit as exit:
        fault: BaseException | None = exit
        while fault is not None:
            if isinstance(fault, InputError):
                raise fault from None
            fault = fault.__context__
        sys.stderr.write(told.getvalue())
        number = r"[-+.\deE]+"
        for word in arguments:
            if exit.code and re.fullmatch(rf"{number}(,{number})+", word):
                sys.stderr.write(f"Several values are separated by spaces: {word.replace(',', ' ')}\n")
        raise


def _said(options: list[str]) -> set[str]:
    """The settings of matching that options replace."""
    names = (option.split("=")[0].replace("-", "_") for option in options if option.startswith("--matching."))
    return {name.removeprefix("__matching.") for name in names}


def _settings(place: Path, options: list[str]) -> RunConfig:
    """What the options of a run override."""
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
        case MatchCommand() | MatchRunsCommand():
            with bars.shown():
                _match_several(command, bars)
        case _:
            jobs = find_jobs(command.source, command.only, command.out)
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


def _match_several(command: MatchCommand | MatchRunsCommand, bars: Bars) -> None:
    if not command.source:
        raise InputError("name a config file, a run folder, two run folders or more, or two activation files or more")
    if command.out is None:
        raise InputError("say where the results go: --out FOLDER")
    folder, told, asked = RunFolder(command.out), stopping(bars), command.settings
    # The classes of the command line hide options; what is computed knows the plain ones only.
    matching = MatchingConfig(**dataclasses.asdict(asked.matching))
    theory = TheoryConfig(**dataclasses.asdict(asked.theory))
    if isinstance(command, MatchRunsCommand):
        results = match_runs(command.source, matching, theory, folder, told, bars.say)
    else:
        convergent = ConvergentConfig(**dataclasses.asdict(command.settings.convergent))
        results = match_files(command.source, matching, theory, convergent, folder, told, bars.say, command.layout)
    with folder.locked():
        write_report(folder, results, told, bars.say)
