"""Timings of several functions in turn, so that what slows the machine slows all of them."""

from collections.abc import Callable, Collection, Mapping
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

import jax

SETTLE = 0.1
"""Seconds of rest before a timed call: BLAS keeps its threads spinning for a while, which would slow the other side."""


class Timing(NamedTuple):
    """Wall-clock seconds of repeated calls."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)

    def __str__(self) -> str:
        if len(self.seconds) == 1:
            return in_words(self.median)
        return f"{in_words(self.median)} ({in_words(min(self.seconds))} – {in_words(max(self.seconds))})"


class Measured(NamedTuple):
    """One side of a comparison."""

    timing: Timing
    result: Any
    """Of the last call."""
    first: float | None
    """Seconds of the call that warmed it up, compilation included; None where there was none."""


def spread(values: tuple[float, ...]) -> str:
    """The least and the largest."""
    return f"{min(values):.3g} – {max(values):.3g}"


def in_words(seconds: float) -> str:
    """Three digits, in the unit that suits."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.4g} s"


LEAST = 0.1
"""Seconds that are timed at least: short calls are made one after the other, as `timeit` does, and averaged."""


def timed(function: Callable[[], Any], calls: int = 1) -> tuple[Any, float]:
    """The result of some calls, computed to the end, and the seconds of one."""
    sleep(SETTLE)
    result = None
    start = perf_counter()
    for _ in range(calls):
        result = jax.block_until_ready(function())
    return result, (perf_counter() - start) / calls


def nothing() -> None:
    """Prepares nothing."""


def interleave(
    sides: Mapping[str, Callable[[], Any]],
    repeats: int | Mapping[str, int],
    cold: Collection[str] = (),
    prepare: Callable[[], Any] = nothing,
) -> dict[str, Measured]:
    """Times the sides in turn, round by round, each round in the other order than the one before it.

    Args:
        sides: Functions without arguments.
        repeats: How many rounds; or how many for each side, where one takes long.
        cold: Sides that need no warming up: those that compile nothing and take long.
        prepare: Called before each call, its time not taken.

    Returns:
        For each side its timings and last result.
    """
    counts = {name: repeats if isinstance(repeats, int) else repeats[name] for name in sides}
    first: dict[str, float | None] = dict.fromkeys(sides)
    calls = dict.fromkeys(sides, 1)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    results: dict[str, Any] = {}
    for name, function in sides.items():
        if name not in cold:
            prepare()
            first[name] = timed(function)[1]
            if prepare is nothing:
                calls[name] = max(1, round(LEAST / timed(function)[1]))
    for round_ in range(max(counts.values())):
        for name in list(sides)[:: 1 if round_ % 2 == 0 else -1]:
            if round_ < counts[name]:
                prepare()
                results[name], took = timed(sides[name], calls[name])
                seconds[name].append(took)
    return {name: Measured(Timing(tuple(seconds[name])), results[name], first[name]) for name in sides}


def ratios(over: Timing, under: Timing) -> tuple[float, tuple[float, ...]]:
    """How many times longer `over` took than `under`.

    Returns:
        The median of the ratios within a round, and all of them; where the sides were not timed equally often, the
        ratio of the medians, and the two extremes.
    """
    if len(over.seconds) == len(under.seconds):
        paired = tuple(a / b for a, b in zip(over.seconds, under.seconds, strict=True))
        return median(paired), paired
    extremes = (min(over.seconds) / max(under.seconds), max(over.seconds) / min(under.seconds))
    return over.median / under.median, extremes
