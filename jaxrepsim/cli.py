"""The command line. `jaxrepsim --help` is enough to start."""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from jaxrepsim import help, output
from jaxrepsim.commands import COMMANDS, OnData, OnNetworks, OnRun, Talk
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.exit_status import exit_status, use_compilation_cache
from jaxrepsim.files import shortened
from jaxrepsim.measures import MEASURES
from jaxrepsim.options import options_of, read, replaced
from jaxrepsim.pipeline import processes, shipped_configs
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.folder import RunFolder, load
from jaxrepsim.pipeline.jobs import Stage, carry_out, load_source
from jaxrepsim.pipeline.matches import agreed_settings, match_files, match_runs, name_of
from jaxrepsim.pipeline.matching_stage import write_report
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.progress import stopping
from jaxrepsim.pipeline.results_files import read_netcdf

T = TypeVar("T", bound=Talk)
_HELP = ("-h", "--help")
_ANYWHERE = ("--quiet", "--json")
"""Options without a value, which may stand before a command and what it takes."""


class _Given(NamedTuple):
    """A command as it was given.

    Fields:
        name: Of the command.
        takes: What follows its name, before all options.
        options: Those of the command itself, by field.
        settings: Those that override settings, by field.
    """

    name: str
    takes: tuple[str, ...]
    options: dict[str, Any]
    settings: dict[str, Any]

    def own(self, kind: type[T]) -> T:
        """The command's own options."""
        return kind(**self.options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: As on the command line; by default those of the process.

    Returns:
        The exit status: 0; 2 where the input is at fault, which one message says; 130 where the user interrupted; 141
        where nobody reads the output any more; 143 where SIGTERM stopped it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    use_compilation_cache()
    return exit_status(lambda: _carry_out(given))


def _carry_out(words: list[str]) -> None:
    while words[:1] and words[0] in _ANYWHERE:
        words = [*words[1:], words[0]]
    if words[:1] and words[0] in _HELP:
        print(_help(words[1:2] + words[:1]) if words[1:2] else help.overview())
    elif not words or words[0] not in COMMANDS:
        raise (
            unknown("command", words[0], COMMANDS)
            if words
            else InputError(f"name a command: {', '.join(COMMANDS)}. `jaxrepsim --help` says what each does")
        )
    elif any(word.split("=")[0] in _HELP for word in words):
        print(_help(words))
    else:
        _OTHERS.get(words[0], _do_stage)(_parsed(words))


def _parsed(words: Sequence[str]) -> _Given:
    """What is given, each value of its declared type; no file is looked at yet."""
    name, command = words[0], COMMANDS[words[0]]
    rest = [word for word in words[1:] if word not in _ANYWHERE]
    takes = tuple(takewhile(lambda word: not word.startswith("-"), rest))
    usage = f"jaxrepsim {name} {command.takes}".rstrip()
    if not takes and command.takes:
        raise InputError(f"`jaxrepsim {name}` needs {command.takes} right after it: {usage} ...")
    if takes and not command.takes:
        raise InputError(f"`jaxrepsim {name}` takes nothing; received {' '.join(takes)}")
    own = options_of(command.options())
    of_settings = options_of(command.settings) if command.settings else {}
    options = [*rest[len(takes) :], *(word for word in words[1:] if word in _ANYWHERE)]
    elsewhere = set() if command.settings is None else {each.name for each in options_of(RunConfig()).values()}
    elsewhere -= {each.name for each in (own | of_settings).values()}
    for word in options:
        if (option := word.partition("=")[0].replace("_", "-")) in elsewhere:
            raise InputError(f"{option} is for `jaxrepsim run`: `jaxrepsim {name}` takes networks as they are")
    values = read(options, own | of_settings, f"jaxrepsim {name} --help")
    mine, others = ({field: values[field] for field in values if (field in own) == first} for first in (True, False))
    return _Given(name, takes, mine, others)


def _help(words: Sequence[str]) -> str:
    """The page that is asked for, with the values of a config where one is named."""
    name, rest = words[0], words[1:]
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    place = next(place for place, word in enumerate(rest) if word.split("=")[0] in _HELP)
    after = rest[place].partition("=")[2] or "".join(rest[place + 1 : place + 2])
    topic = "" if after.startswith("-") else after.partition(".")[0].replace("_", "-")
    settings = None
    if isinstance(COMMANDS[name].options(), OnRun) and place and not rest[0].startswith("-"):
        settings = next(iter(load_source(Path(rest[0])).configs.values()))
    return help.page(name, topic or None, settings)


def _do_stage(given: _Given) -> None:
    stage = cast(Stage, given.name)
    own = given.own(OnRun)
    place, *others = given.takes
    if others:
        words = " ".join(given.takes)
        advice = f"; several are compared by `jaxrepsim compare {words}`" if stage == "match" else ""
        raise InputError(f"`jaxrepsim {stage}` takes one config or run folder; received {words}{advice}")
    source = load_source(Path(place))
    jobs = source.jobs(own.only, own.out)
    if given.settings:
        if len(jobs) > 1:
            option = next(iter(given.settings))
            raise InputError(
                f"{source.path} has the runs {', '.join(job.name for job in jobs)}: say with --only for which one "
                f"--{option.replace('_', '-')} is meant"
            )
        jobs = [jobs[0]._replace(config=replaced(jobs[0].config, given.settings))]
    bars, here = output.bars(own.quiet, own.json), processes.join(own.processes == "auto")
    with bars.live():
        carry_out(jobs, stage, bars, bars.say, here, output.note(own.quiet, own.json))


def _compare(given: _Given) -> None:
    own, paths = given.own(OnNetworks), [Path(word) for word in given.takes]
    if len(paths) < 2:
        raise InputError(f"`jaxrepsim compare` takes two runs or activation files, or more; received {paths[0]}")
    runs = [path for path in paths if RunFolder(path).record.is_file() and load(path)]
    for path in paths:
        if path not in runs:
            _check_origin(path)
    if runs and (others := [path for path in paths if path not in runs]):
        raise InputError(
            f"{runs[0]} is a run, and {others[0]} is none: the networks of runs are compressed jointly, and files hold "
            "what they hold. Name runs, or activation files, and not both"
        )
    bars = output.bars(own.quiet, own.json)
    folder = RunFolder(own.out or _place(paths), output.note(own.quiet, own.json))
    progress = stopping(bars)
    with bars.live():
        if runs:
            if given_to := [name for name in ("layout", "rename") if given.options.get(name)]:
                raise InputError(f"--{given_to[0]} is for activation files: leave it out")
            config = replaced(agreed_settings(paths, {*given.settings}), given.settings)
            results = match_runs(paths, config, folder, progress, bars.say)
        else:
            for field in help.OF_RUNS:
                if field in given.settings:
                    raise InputError(
                        f"--{field.replace('_', '-')} is for runs: files hold the activations that they hold"
                    )
            config = replaced(AnalysisConfig(), given.settings)
            results = match_files(paths, config, folder, progress, bars.say, own.layout, own.rename)
        with folder.locked():
            write_report(folder, results, progress, bars.say)
    folder.note_end(folder.results, folder.report)


def _check_origin(path: Path) -> None:
    """Says what is wrong with a path that is no run's, before any is read."""
    if path.suffix == ".py" or not path.exists():
        run = shipped_configs.run_folder(path)
        raise InputError(
            f"{path} is a config: name the folder of its run, {run}, which `jaxrepsim run {path}` makes"
            if run
            else f"{path} is missing: name runs, or activation files"
        )


def _place(paths: Sequence[Path]) -> Path:
    """Where the results of a comparison go."""
    first, second, *others = map(name_of, paths)
    last = f"{len(others) + 1}_others" if others else second
    return Path("runs", f"{shortened(first)}_and_{shortened(last)}")


def _draw_again(given: _Given) -> None:
    own = given.own(Talk)
    place, *others = given.takes
    if others:
        raise InputError(f"`jaxrepsim report` takes one run folder; received {' '.join(given.takes)}")
    folder = RunFolder(Path(place), output.note(own.quiet, own.json))
    if not folder.path.is_dir():
        raise InputError(f"there is no run folder {folder.path}")
    if not folder.results.is_file():
        raise InputError(f"{folder.path} holds no results yet: run `jaxrepsim run {folder.path}` first")
    bars = output.bars(own.quiet, own.json)
    with bars.live(), folder.locked():
        write_report(folder, read_netcdf(folder.results), stopping(bars), bars.say)
    folder.note_end(folder.results, folder.report)


def _prepare(given: _Given) -> None:
    from jaxrepsim.data.preparation import prepare

    own = given.own(OnData)
    what, *names = given.takes
    if what != "prepare" or len(names) != 1:
        raise InputError(f"the command is `jaxrepsim data prepare NAME`; received {' '.join(given.takes)}")
    bars = output.bars(own.quiet, own.json)
    with bars.live():
        place = prepare(names[0], own.archive, own.directory, stopping(bars), bars.say)
    output.note(own.quiet, own.json)({"data": str(place)})


def _list_configs(given: _Given) -> None:
    found = shipped_configs.shipped()
    _listed(given, [{**config._asdict(), "path": str(config.path)} for config in found], help.configs(found))


def _list_measures(given: _Given) -> None:
    rows = [
        {
            "name": name,
            **{field: value for field, value in measure._asdict().items() if field != "function"},
            "range": [str(end) for end in measure.range],
            "invariances": sorted(measure.invariances),
        }
        for name, measure in MEASURES.items()
    ]
    _listed(given, rows, help.measures(MEASURES))


def _listed(given: _Given, rows: Sequence[dict[str, Any]], page: str) -> None:
    """Prints a page; with --json a line for each row, with --quiet its name."""
    own = given.own(Talk)
    lines = map(json.dumps, rows) if own.json else (row["name"] for row in rows) if own.quiet else [page]
    print(*lines, sep="\n")


_OTHERS: dict[str, Callable[[_Given], None]] = {
    "compare": _compare,
    "report": _draw_again,
    "configs": _list_configs,
    "measures": _list_measures,
    "data": _prepare,
}
"""The commands that are no stages of a run."""
