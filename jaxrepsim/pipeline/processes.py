"""A run in several processes: the seeds are shared out, then each extracts its share of the images."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, NamedTuple

import jax
from jax._src import distributed  # the store that all processes share has no public name

from jaxrepsim import preemption
from jaxrepsim.errors import InputError

VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
_MET, _FAILED, _STOPPED = "jaxrepsim/met/", "jaxrepsim/failed/", "was stopped by SIGTERM"


class Place(NamedTuple):
    """Which of several processes this is.

    Fields:
        processes: How many there are.
        number: Which this is, from 0.
    """

    processes: int
    number: int

    @property
    def first(self) -> bool:
        """Whether it is the one that writes results."""
        return self.number == 0

    def meet(self, where: str) -> None:
        """Waits until all processes have come here, however long that takes.

        Args:
            where: Names the meeting; each has a name of its own.

        Raises:
            Preempted: SIGTERM came, or another process failed; see `watched`.
        """
        if self.processes == 1:
            return
        preemption.check()
        store, mine = _store(), f"{_MET}{where}/{self.number}"
        store.key_value_set(mine, "")
        while len(store.key_value_dir_get(f"{_MET}{where}/")) < self.processes:
            if preemption.requested():
                store.key_value_delete(mine)  # nobody may go on in the belief that this one does
                preemption.check()
            time.sleep(0.1)


ONLY_PROCESS = Place(1, 0)


def join(auto: bool = False) -> Place:
    """Waits until all processes have come here; from then on `jax.devices()` are those of all of them.

    Args:
        auto: Let JAX find out which processes there are, as it can in a job of Slurm or Open MPI and on a TPU slice;
            else the environment says it, in `JAX_COORDINATOR_ADDRESS` (HOST:PORT of the first process),
            `JAX_NUM_PROCESSES` and `JAX_PROCESS_ID` (from 0).

    Returns:
        Which process this is; `ONLY_PROCESS` where the environment says nothing.

    Raises:
        InputError: Only some of the variables are set, or not to what they mean; JAX finds no job; not all have come.
    """
    coordinator, processes, number = values = [os.environ.get(name, "") for name in VARIABLES]
    if not (auto or any(values)):
        return ONLY_PROCESS
    # Its handler of SIGTERM would take the place of the one that lets a training write a checkpoint.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        if auto:
            jax.distributed.initialize()
        elif ":" in coordinator and processes.isdecimal() and number.isdecimal() and int(number) < int(processes):
            jax.distributed.initialize(coordinator, int(processes), int(number))
        else:
            received = ", ".join(f"{name}={value!r}" for name, value in zip(VARIABLES, values, strict=True))
            raise InputError(
                f"several processes need all of {', '.join(VARIABLES)}: HOST:PORT of the first process, how many there "
                f"are, and which this is, from 0. Received: {received}"
            )
    except (ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        how = "--processes auto finds no others" if auto else "the processes do not find one another"
        raise InputError(f"{how}: {error}") from error
    return Place(jax.process_count(), jax.process_index())


@contextmanager
def watched(here: Place) -> Iterator[None]:
    """Ends the block of all processes when that of one fails, so that none waits for it for ever.

    The others end as by SIGTERM: a training writes a checkpoint first. All have to heed SIGTERM; see `preemption`.

    Args:
        here: Which process this is.

    Raises:
        InputError: Another process failed.
        Preempted: Another process was stopped by SIGTERM, or this one was.
    """
    if here.processes == 1:
        yield
        return
    store, over = _store(), Event()
    watcher = Thread(target=_watch, args=(store, over), daemon=True)
    watcher.start()
    try:
        yield
    except BaseException as error:
        # What goes wrong here because another is gone has many names, that of a broken connection among them.
        failures = {} if isinstance(error, InputError) else _failures(store)
        with suppress(jax.errors.JaxRuntimeError):
            store.key_value_set(f"{_FAILED}{here.number}", _why(error))
        if failures:
            reasons = "; ".join(f"process {number} {why}" for number, why in failures.items())
            kind = preemption.Preempted if set(failures.values()) == {_STOPPED} else InputError
            raise kind(reasons) from error
        raise
    finally:
        over.set()
        watcher.join()


def leave(here: Place) -> None:
    """Parts from the others, who must all come here: what follows, no process needs another for."""
    if here.processes > 1:
        jax.distributed.shutdown()


def _watch(store: Any, over: Event) -> None:
    while not over.wait(0.5):
        if _failures(store):
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _failures(store: Any) -> dict[str, str]:
    """Which processes have failed, and why."""
    try:
        return {key.removeprefix(_FAILED): why for key, why in store.key_value_dir_get(_FAILED)}
    except jax.errors.JaxRuntimeError as error:
        return {"0": f"cannot be reached any more: {error}"}


def _why(error: BaseException) -> str:
    if isinstance(error, preemption.Preempted):
        return _STOPPED
    return f"failed: {error}" if isinstance(error, InputError) else f"failed: {type(error).__name__}: {error}"


def _store() -> Any:
    """What all processes can read and write."""
    return distributed.global_state.client
