"""What a command says and where: to a reader, to one who wants the result alone, or to another program."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from jaxrepsim.pipeline.progress import Note, unheard
from jaxrepsim.progress_bars import Bars


class _Stream(Console):
    """An output that says so when nobody reads it any more; Rich's own ends the process with status 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def bars(quiet: bool, as_json: bool) -> Bars:
    """Progress and lines for a reader.

    Args:
        quiet: There are none.
        as_json: They go to the error stream, as JSON has the other.
    """
    return Bars(_Stream(stderr=as_json, quiet=quiet))


def note(quiet: bool, as_json: bool) -> Note:
    """What is done with news of finished stages and runs.

    Args:
        quiet: The path of the report is printed, or that of the results where none is drawn.
        as_json: All is printed, a line each.
    """
    return _print_json if as_json else _print_path if quiet else unheard


def _print_json(event: Mapping[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _print_path(event: Mapping[str, Any]) -> None:
    if path := event.get("report") or event.get("results") or event.get("data"):
        print(path, flush=True)
