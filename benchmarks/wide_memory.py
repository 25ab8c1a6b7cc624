"""A question about a pair of wide networks, in a process of its own: how long it takes, and with what memory.

python -m benchmarks.wide_memory UNITS QUESTION
prints: seconds of the first call, of the second, and of one n³ matrix product; bytes that the process held before the
second call, with activations and compiled programs, and at most in it; and how many units are wrong
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxrepsim
from benchmarks import verify
from benchmarks.baseline import unit_columns
from benchmarks.environment import forget_peak, peak_memory
from benchmarks.planted import planted
from benchmarks.timing import timed

EPSILONS = (0.15, 0.2, 0.25, 0.3, 0.5)
SEARCHED = 16
"""Units of which a minimal match is searched."""
EPSILON = 0.3
LARGE = 2048
"""Units a side above which sets are only checked to be matches, not to be the largest."""
QUESTIONS: dict[str, Callable[[jax.Array, jax.Array], Any]] = {
    "profile": jaxrepsim.match_profile,
    "sets": lambda x, y: jaxrepsim.match_profile(x, y).match(np.array(EPSILONS)),
    "minimal": lambda x, y: jaxrepsim.minimal_matches(x, y, EPSILON, chosen(x.shape[1])),
}


class Wide(NamedTuple):
    """What a question took."""

    first: float
    """Seconds of the first call, compilation included."""
    seconds: float
    """Of the second."""
    product: float
    """Of one product of two (n, n) matrices, in the same process."""
    before: float
    """Bytes that the process held before the second call: JAX, the activations and the compiled programs."""
    peak: float
    """Bytes, the largest resident memory of the second call."""

    wrong: float
    """Units that are in a set and should not be, or the other way round."""

    def words(self, units: int) -> float:
        """What the question took beyond that, in n² numbers of float64."""
        return (self.peak - self.before) / (8 * units**2)


def chosen(units: int) -> np.ndarray:
    """Units of a pair, evenly spread."""
    return np.linspace(0, 2 * units - 1, min(SEARCHED, 2 * units)).astype(int)


def in_a_process(units: int, question: str) -> Wide:
    """Runs this file in a process of its own."""
    # By default the allocator keeps what is freed, and resident memory is not what is in use.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(2**20), "MALLOC_TRIM_THRESHOLD_": str(2**20)}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.wide_memory", str(units), question]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Wide(*map(float, done.stdout.split()))


def main(units: int, question: str) -> None:
    """Asks it twice, and prints the figures."""
    x, y = (jnp.asarray(a) for a in planted(0, 4 * units, units))
    ask = partial(QUESTIONS[question], x, y)
    first = timed(ask)[1]
    # Programs are compiled now, and what they take is not counted.
    before = forget_peak()
    found, again = timed(ask)
    peak = peak_memory()
    square = jnp.asarray(np.asarray(x[:units]))
    multiply = jax.jit(jnp.matmul)
    jax.block_until_ready(multiply(square, square))
    product = median(timed(lambda: multiply(square, square))[1] for _ in range(5))
    print(first, again, product, before, peak, wrong(question, np.asarray(x), np.asarray(y), found))


def wrong(question: str, x: np.ndarray, y: np.ndarray, found: tuple) -> int:
    """How many units contradict the definitions."""
    sides = np.concatenate([np.asarray(side) for side in found[:2]], axis=-1)
    if question == "minimal":
        units = chosen(x.shape[1])
        verdict = verify.minimal(x, y, EPSILON, units, sides, deep=1, deletions=4)
        return verdict.not_matches + verdict.without_v + verdict.not_minimal
    x, y = (unit_columns(side) for side in verify.compressed(x, y))
    epsilon = EPSILONS[2] if question == "sets" else verify.clear_epsilons(sides)[1]
    ours = sides[2] if question == "sets" else sides <= epsilon
    if x.shape[1] > LARGE:
        return int((verify.both_sides(x, y, ours) > epsilon + verify.TIE).sum())
    return int((verify.largest_match(x, y, epsilon, np.ones(len(ours), bool)) != ours).sum())


if __name__ == "__main__":
    with jax.enable_x64(True):
        main(int(sys.argv[1]), sys.argv[2])
