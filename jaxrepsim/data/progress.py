"""How long work tells how far it has come, without a line for work that is over at once."""

import sys
import time
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called as `progress(what, done, total)`, now and then and at the end."""


def patient(progress: Progress | None, seconds: float = 2.0) -> Progress:
    """The same callback, silent for the first `seconds`.

    Args:
        progress: What to call, or None for nothing.
        seconds: How long to stay silent, counted from this call.

    Returns:
        A callback of the same form.

    >>> patient(print, seconds=0.0)("loading", 5, 10)
    loading 5 10
    >>> patient(print)("loading", 5, 10)
    """
    start = time.monotonic()

    def report(what: str, done: int, total: int) -> None:
        if progress is not None and time.monotonic() - start >= seconds:
            progress(what, done, total)

    return report


def on_stderr(what: str, done: int, total: int) -> None:
    """Tells how far work has come, in one line of stderr that is written over until it is done.

    Args:
        what: The work.
        done: How much of it is done.
        total: Of how much.
    """
    print(f"\r{what}: {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def asked(progress: bool | Progress | None) -> Progress:
    """What a call tells its progress: `on_stderr` for True, nothing for False; after two seconds.

    Args:
        progress: As the user gave it.
    """
    return patient(on_stderr if progress is True else progress or None)
