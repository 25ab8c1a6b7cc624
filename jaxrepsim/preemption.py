"""Being asked to stop: SIGTERM, as a batch system or a cloud sends it before it takes a machine away.

The signal only sets a flag. Work that can stop looks at it between two steps, keeps what it has, and raises
`Preempted`:

    with heeded():
        for step in steps:
            check()
            ...
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


class Preempted(Exception):  # noqa: N818  (nothing went wrong)
    """Work stopped because it was asked to. Its message says where; the same work can go on from there."""


def requested() -> bool:
    """Whether a SIGTERM has come since `heeded` was entered."""
    return _asked.is_set()


def check() -> None:
    """Returns at once, or stops the work.

    Raises:
        Preempted: A SIGTERM has come.
    """
    if requested():
        raise Preempted("stopped by SIGTERM")


@contextmanager
def heeded() -> Iterator[None]:
    """Within the block SIGTERM does not end the process but makes `requested` true.

    Enter it once in a program, and after `jax.distributed.initialize`, which sets a handler of its own unless
    `jax_enable_preemption_service` is off, as the command line has it.

    A second signal changes nothing (some senders send two); SIGINT and SIGKILL work as ever. Signals can only be
    handled from the main thread: in another one this does nothing. Afterwards the handler from before is back, and
    `requested` is false.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        _asked.set()

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield
    finally:
        # None stands for a handler that was not set from Python, which cannot be put back.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
        _asked.clear()
