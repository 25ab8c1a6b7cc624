"""A run in several processes: each extracts its share of the images, the first does everything else."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

import jax

from jaxrepsim.errors import InputError

VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
PATIENCE = 7 * 24 * 3600
"""Seconds that the other processes wait for the first, which trains meanwhile."""


class Place(NamedTuple):
    """Which of several processes this is.

    Fields:
        coordinator: Address and port at which the first one listens.
        processes: How many there are.
        number: Which this is, from 0.
    """

    coordinator: str
    processes: int
    number: int


def place() -> Place | None:
    """What the environment says; None for a process on its own.

    Raises:
        InputError: Only some of the variables are set, or not to what they mean.
    """
    values = [os.environ.get(name, "") for name in VARIABLES]
    if not any(values):
        return None
    coordinator, processes, number = values
    if ":" not in coordinator or not (processes.isdecimal() and number.isdecimal() and int(number) < int(processes)):
        told = ", ".join(f"{name}={value!r}" for name, value in zip(VARIABLES, values, strict=True))
        raise InputError(
            f"several processes need all of {', '.join(VARIABLES)}: HOST:PORT of the first process, how many there are,"
            f" and which this is, from 0. Received: {told}"
        )
    return Place(coordinator, int(processes), int(number))


def run_alone(arguments: Sequence[str]) -> None:
    """Runs a command in a process of its own, which knows nothing of the others.

    Orbax, and all that a training does, would else wait for processes that do not train.

    Raises:
        InputError: It failed; it has said why.
    """
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    status = subprocess.run([sys.executable, "-m", "jaxrepsim", *arguments], env=environment, check=False).returncode
    if status:
        raise InputError(f"`jaxrepsim {' '.join(arguments)}` ended with status {status}, see above")


def join(here: Place) -> None:
    """Waits until all processes have come here; from then on `jax.devices()` are those of all of them."""
    jax.distributed.initialize(here.coordinator, here.processes, here.number, initialization_timeout=PATIENCE)


def leave() -> None:
    """Waits for the others a last time: what follows, no process needs another for."""
    jax.distributed.shutdown()
