"""The command line. `jaxrepsim --help` is enough to start."""

import argparse
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

from jaxrepsim import __version__, commands
from jaxrepsim.errors import InputError
from jaxrepsim.exit_status import exit_status, use_compilation_cache
from jaxrepsim.pipeline import processes
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Source, carry_out, load_source
from jaxrepsim.pipeline.matches import agreed_settings, match_files, match_runs
from jaxrepsim.pipeline.matching_stage import write_report
from jaxrepsim.pipeline.progress import stopping
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.progress_bars import Bars

_NOT_SETTINGS = ("--out", "--only", "--processes", "--help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: As on the command line; by default those of the process.

    Returns:
        The exit status: 0; 2 where the input is at fault, which one message says; 130 where the user interrupted; 141
        where nobody reads the output any more; 143 where SIGTERM stopped it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        return exit_status(lambda: print(f"jaxrepsim {__version__}"))
    use_compilation_cache()
    return exit_status(lambda: _carry_out(*_parse(given)))


def _parse(arguments: list[str]) -> tuple[commands.Command, Source | None]:
    """The command, and its config file or run folder, where it has one.

    The settings that a config file makes are the defaults of the options that override them.
    """
    paths = [Path(argument) for argument in takewhile(lambda word: not word.startswith("-"), arguments[1:])]
    options = arguments[1 + len(paths) :]
    settings: dict[type, Any] = {}
    source, match = None, commands.MatchCommand
    if len(paths) > 1 and arguments[0] in ("run", "train", "extract"):
        raise InputError(
            f"`jaxrepsim {arguments[0]}` takes one config file or run folder; received {' '.join(map(str, paths))}"
        )
    if len(paths) > 1 and arguments[0] == "match" and any(path.is_dir() for path in paths):
        if files := [path for path in paths if not path.is_dir()]:
            raise InputError(
                f"{files[0]} is no folder, and {next(path for path in paths if path.is_dir())} is one: name run "
                "folders, or activation files, and not both"
            )
        match = commands.MatchRunsCommand
        agreed = agreed_settings(paths, _replaced(options))
        settings[match] = commands.RunsSettings(matching=agreed.matching, minimal_matches=agreed.minimal_matches)
    elif len(paths) == 1 and arguments[0] in commands.STAGES.values():
        match = commands.MatchRunCommand
        source = load_source(paths[0])
        settings = dict.fromkeys(commands.STAGES, _settings(source, options))
    classes: dict[str, type] = {stage: command for command, stage in commands.STAGES.items()} | {"match": match}
    union: Any = Union[  # made at run time, from a tuple
        (
            *(
                Annotated[command, tyro.conf.subcommand(name, default=_with(command, settings))]
                for name, command in classes.items()
            ),
            Annotated[commands.ReportCommand, tyro.conf.subcommand("report")],
            Annotated[commands.DataCommand, tyro.conf.subcommand("data")],
        )
    ]
    command = _parsed(union, arguments)
    if not isinstance(command, commands.DataCommand):
        named = command.source if isinstance(command.source, tuple) else (command.source,)
        if named != tuple(paths[: len(named)]):
            raise InputError(
                f"name {named[0]} right after the command: jaxrepsim {arguments[0]} {' '.join(map(str, named))} ..."
            )
    return command, source


def _with(command: type, settings: dict[type, Any]) -> Any:
    return command(source=tyro.MISSING, **({"settings": settings[command]} if command in settings else {}))


def _parsed(union: Any, arguments: list[str]) -> commands.Command:
    """The command; what a settings class finds wrong is said as such, without the parser's names for where it was."""
    messages = io.StringIO()
    parser: Any = tyro.cli  # its overloads do not know a union that is put together at run time
    try:
        with redirect_stderr(messages):
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
        sys.stderr.write(messages.getvalue())
        number = r"[-+.\deE]+"
        for word in arguments:
            if exit.code and re.fullmatch(rf"{number}(,{number})+", word):
                sys.stderr.write(f"Several values are separated by spaces: {word.replace(',', ' ')}\n")
        raise


def _replaced(options: list[str]) -> set[str]:
    """The settings that options replace, such as "matching.epsilons"."""
    return {option.split("=")[0].removeprefix("--").replace("-", "_") for option in options if option.startswith("--")}


def _settings(source: Source, options: list[str]) -> RunConfig:
    """What the options of a run override."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--only", nargs="?")
    jobs = source.jobs(parser.parse_known_args(options)[0].only)
    overriding = [option for option in options if option.startswith("--") and option.split("=")[0] not in _NOT_SETTINGS]
    if len(jobs) > 1 and overriding:
        raise InputError(
            f"{source.path} has the runs {', '.join(job.name for job in jobs)}: say with --only for which one "
            f"{overriding[0]} is meant"
        )
    return jobs[0].config


def _carry_out(command: commands.Command, source: Source | None) -> None:
    bars, here = Bars(Console()), processes.ONLY_PROCESS
    if isinstance(command, commands.OnRuns):
        here = processes.join(command.processes == "auto")
    with bars.live():
        match command:
            case commands.DataCommand():
                from jaxrepsim.data.preparation import prepare

                prepare(command.name, command.archive, command.directory, stopping(bars), bars.say)
            case commands.ReportCommand():
                _draw_again(RunFolder(command.source), bars)
            case commands.MatchCommand() | commands.MatchRunsCommand():
                _match(command, bars)
            case _:
                assert source is not None  # these commands have one
                jobs = source.jobs(command.only, command.out)
                if len(jobs) == 1:
                    jobs = [jobs[0]._replace(config=command.settings)]
                carry_out(jobs, commands.STAGES[type(command)], bars, bars.say, here)


def _draw_again(folder: RunFolder, bars: Bars) -> None:
    if not folder.path.is_dir():
        raise InputError(f"there is no run folder {folder.path}")
    if not folder.results.is_file():
        raise InputError(f"{folder.path} holds no results yet: run `jaxrepsim run {folder.path}` first")
    with folder.locked():
        write_report(folder, read_netcdf(folder.results), stopping(bars), bars.say)


def _match(command: commands.MatchCommand | commands.MatchRunsCommand, bars: Bars) -> None:
    if not command.source:
        raise InputError("name a config file, a run folder, two run folders or more, or two activation files or more")
    if command.out is None:
        raise InputError("say where the results go: --out FOLDER")
    folder, progress = RunFolder(command.out), stopping(bars)
    if isinstance(command, commands.MatchRunsCommand):
        results = match_runs(command.source, command.settings, folder, progress, bars.say)
    else:
        results = match_files(command.source, command.settings, folder, progress, bars.say, command.layout)
    with folder.locked():
        write_report(folder, results, progress, bars.say)
