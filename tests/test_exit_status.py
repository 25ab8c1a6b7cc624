"""How a command ends, and how a stage is stopped."""

import errno
import os
import signal

import pytest

from jaxrepsim import preemption
from jaxrepsim.errors import InputError
from jaxrepsim.exit_status import exit_status
from jaxrepsim.pipeline.progress import stopping


def fail(error):
    raise error


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("no [b]such[/b] thing"), 2, "error: no [b]such[/b] thing"),
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on where this one stopped"),
        (preemption.Preempted("stopped by SIGTERM"), 143, "stopped by SIGTERM; the same command goes on where"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 2, "error: the disk is full: No space left on device"),
    ],
)
def test_what_ends_a_command_is_said(error, status, message, capsys):
    assert exit_status(lambda: fail(error)) == status
    assert capsys.readouterr().err.startswith(message)


def test_an_error_of_ours_is_no_message():
    with pytest.raises(KeyError):
        exit_status(lambda: fail(KeyError("layer")))


def test_a_stage_stops_when_it_next_says_how_far_it_is(capsys):
    calls = []
    work = stopping(lambda *args: calls.append(args))

    def stage():
        work("matching", 1, 3)
        os.kill(os.getpid(), signal.SIGTERM)
        calls.append("still at work")
        work("matching", 2, 3, "a note")
        calls.append("never")

    assert exit_status(stage) == 143
    assert calls == [("matching", 1, 3, ""), "still at work", ("matching", 2, 3, "a note")]
    assert capsys.readouterr().err.startswith("stopped by SIGTERM")
