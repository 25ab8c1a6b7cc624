"""The command line. `jaxrepsim --help` is enough to start."""

import errno
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Union

import jax
import tyro
from rich.console import Console

from jaxrepsim.errors import InputError
from jaxrepsim.files import is_disk_full
from jaxrepsim.pipeline import folder as run_folder
from jaxrepsim.pipeline import processes, run
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import load_config, to_plain
from jaxrepsim.pipeline.files import match_files
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.progress_bars import Bars

_Source = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER")]
_Sources = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CONFIG|FOLDER|FILE FILE...")]
_Out = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")]
_Settings = Annotated[RunConfig, tyro.conf.arg(name="")]


@dataclass
class _OnRun:
    source: _Source
    """A config file, such as configs/digits_vgg.py; or the folder of a run to go on with."""
    out: _Out = None
    """The run folder; by default runs/NAME for configs/NAME.py."""
    settings: _Settings = field(default_factory=RunConfig)


@dataclass
class RunCommand(_OnRun):
    """The whole job: train every seed, extract and match every layer, write the report. Goes on where it stopped."""


@dataclass
class TrainCommand(_OnRun):
    """Train every seed, and stop there."""


@dataclass
class ExtractCommand(_OnRun):
    """Write every network's compressed activations, as activation files; train first where needed."""


@dataclass
class MatchCommand:
    """Match the networks of a run, or activation files of any origin.

    An activation file is .safetensors or .npz, one array a layer: (samples, units), or (N, H, W, C). Files need --out,
    use the --matching, --theory and --convergent settings alone, and get a report too.
    """

    source: _Sources
    """A config file or run folder; or two activation files or more, of networks on the same inputs."""
    out: _Out = None
    """The folder of the results; by default runs/NAME for configs/NAME.py."""
    settings: _Settings = field(default_factory=RunConfig)


@dataclass
class ReportCommand:
    """Draw the report of a finished run or match again."""

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The run folder."""


Command = RunCommand | TrainCommand | ExtractCommand | MatchCommand | ReportCommand
_NAMES = {
    "run": RunCommand,
    "train": TrainCommand,
    "extract": ExtractCommand,
    "match": MatchCommand,
    "report": ReportCommand,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: As on the command line; by default those of the process.

    Returns:
        The exit status: 0; 2 where the input is at fault, told in one message; 130 where the user interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _use_compilation_cache()
    bars = Bars(Console())
    try:
        command = _parse(arguments)
        with bars.shown(), _full_disk_told():
            _carry_out(command, arguments, bars)
    except InputError as error:
        Console(stderr=True).print(f"error: {error}", soft_wrap=True, markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted; the same command goes on where this one stopped")
        return 130
    return 0


def _parse(arguments: list[str]) -> Command:
    """The settings that a config file makes are the defaults of the options that override them."""
    settings = RunConfig()
    place = Path(arguments[1]) if len(arguments) > 1 and not arguments[1].startswith("-") else None
    if place is not None and arguments[0] in _NAMES and arguments[0] != "report":
        settings = _settings(place)
    defaults = {
        name: kind(tyro.MISSING) if kind is ReportCommand else kind(tyro.MISSING, settings=settings)
        for name, kind in _NAMES.items()
    }
    union: Any = Union[  # noqa: UP007  (made at run time, from a tuple)
        tuple(Annotated[kind, tyro.conf.subcommand(name, default=defaults[name])] for name, kind in _NAMES.items())
    ]
    parser: Any = tyro.cli  # its overloads do not know a union that is put together at run time
    command: Command = parser(
        union,
        args=arguments,
        prog="jaxrepsim",
        description="How far do neural networks, trained from different seeds, learn the same representation?",
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )
    source = command.source[0] if isinstance(command.source, tuple) and command.source else command.source
    if source != place and source != ():
        raise InputError(f"name {source} right after the command: jaxrepsim {arguments[0]} {source} ...")
    return command


def _settings(place: Path) -> RunConfig:
    if place.is_dir():
        return run_folder.load(place)
    return RunConfig() if place.suffix in (".npz", ".safetensors") else load_config(place)


def _carry_out(command: Command, arguments: list[str], bars: Bars) -> None:
    here = processes.place()
    shared = isinstance(command, RunCommand | ExtractCommand) or (
        isinstance(command, MatchCommand) and len(command.source) == 1
    )
    if here and here.number and not shared:
        return  # the first process does it
    if isinstance(command, ReportCommand):
        folder = RunFolder(command.source)
        if not folder.path.is_dir():
            raise InputError(f"there is no run folder {folder.path}")
        if not folder.results.is_file():
            raise InputError(f"{folder.path} holds no results yet: run `jaxrepsim run {folder.path}` first")
        with folder.locked():
            run.write_report(folder, run.read_netcdf(folder.results), bars, bars.say)
        return
    if isinstance(command, MatchCommand) and len(command.source) != 1:
        _match_files(command, bars)
        return
    source = command.source[0] if isinstance(command, MatchCommand) else command.source
    path = command.out or (source if source.is_dir() else Path("runs") / source.stem)
    job = run.Run(command.settings, RunFolder(path), bars, bars.say)
    together = here is not None and shared and not job.extracted
    if here and together and here.number == 0:
        processes.run_alone(["train", *arguments[1:]])
    if here and together:
        processes.join(here)
    if here and here.number:
        if together:
            job.help_extract()
            processes.leave()
        return
    job.check()
    with RunFolder(path).locked():
        run_folder.claim(job.folder, {"config": to_plain(command.settings)})
        run.write_versions(job.folder)
        if together:
            job.extract()
            processes.leave()
        match command:
            case RunCommand():
                job.report()
            case TrainCommand():
                job.train()
            case ExtractCommand():
                job.extract()
            case MatchCommand():
                job.match()


def _match_files(command: MatchCommand, bars: Bars) -> None:
    if not command.source:
        raise InputError("name a config file, a run folder, or two activation files or more")
    if command.out is None:
        raise InputError("say where the results go: --out FOLDER")
    folder = RunFolder(command.out)
    asked = command.settings
    results = match_files(command.source, asked.matching, asked.theory, asked.convergent, folder, bars, bars.say)
    with folder.locked():
        run.write_report(folder, results, bars, bars.say)


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if isinstance(error, InputError) or not is_disk_full(error):
            raise
        raise InputError(
            f"the disk is full: {os.strerror(errno.ENOSPC)} ({error}). Free some space; the same command goes on"
        ) from error


def _use_compilation_cache() -> None:
    """Programs compiled once are kept between processes, unless the user chose a place or none."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ or "JAX_ENABLE_COMPILATION_CACHE" in os.environ:
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # A folder for each machine: what is compiled for one processor may not run on another that shares the home.
    jax.config.update("jax_compilation_cache_dir", str(home / "jaxrepsim" / f"xla-{platform.node()}"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
