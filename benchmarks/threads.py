"""The number of BLAS threads that serves NumPy best: two cores can be slower than one on matrices of a few hundred."""

import os
from collections.abc import Callable
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.timing import timed


def limited(threads: int, function: Callable[[], Any]) -> Callable[[], Any]:
    """The function, with so many threads for BLAS while it runs."""

    def call() -> Any:
        with threadpool_limits(limits=threads, user_api="blas"):
            return function()

    return call


def best_threads(probe: Callable[[], Any], repeats: int = 5) -> int:
    """One thread or one a core: that with which the probe took less time, by the median."""
    choices = sorted({1, os.cpu_count() or 1})
    sides = {threads: limited(threads, probe) for threads in choices}
    seconds: dict[int, list[float]] = {threads: [] for threads in choices}
    for _ in range(repeats if len(choices) > 1 else 0):
        for threads, call in sides.items():
            seconds[threads].append(timed(call)[1])
    return min(choices, key=lambda threads: median(seconds[threads] or [0.0]))


def in_words(threads: int) -> str:
    """For a table."""
    return f"{threads} BLAS thread{'' if threads == 1 else 's'}, the faster choice"
