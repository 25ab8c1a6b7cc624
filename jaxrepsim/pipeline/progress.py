"""How a stage says how far it has come."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from jaxrepsim import preemption

Say = Callable[[str], None]
"""Tells the user a line: what a stage found."""

Note = Callable[[Mapping[str, Any]], None]
"""Takes note of what is finished: a stage of a run and its seconds, or a run and the paths of what it has made."""


class Progress(Protocol):
    """A function that stages call while they work; it must be quick."""

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        """Takes note.

        Args:
            what: The piece of work: "training seed 0".
            done: How far it has come.
            total: Where it ends, in the same unit.
            note: What has been seen so far: "loss 0.12, accuracy 98.1 %".
        """


def silent(what: str, done: int, total: int, note: str = "") -> None:
    """A `Progress` that does nothing."""


def unheard(event: Mapping[str, Any]) -> None:
    """A `Note` that does nothing."""


def stopping(progress: Progress) -> Progress:
    """A `Progress` that ends the stage where SIGTERM has come: for stages that lose nothing by it.

    Args:
        progress: What is called first.

    Returns:
        A function that raises `preemption.Preempted` when it is called after SIGTERM.
    """

    def report(what: str, done: int, total: int, note: str = "") -> None:
        progress(what, done, total, note)
        preemption.check()

    return report
