"""Streams made-up activations through the compression, and prints what memory that took.

python -m benchmarks.stream_memory SAMPLES UNITS BATCH
prints: peak bytes, bytes before anything was compiled, seconds of the compression alone, relative error of the Gram
matrix against a sum over the batches
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import jax
import numpy as np
from rich.console import Console

from benchmarks.environment import peak_memory
from jaxrepsim import compression
from jaxrepsim.progress_bars import Bars


class Streamed(NamedTuple):
    """What a stream in a process of its own took."""

    peak: float
    """Bytes, the largest resident memory."""
    before: float
    """Bytes before anything was compiled."""
    seconds: float
    """Of the compression alone."""
    error: float
    """Of the Gram matrix, relative to the norms."""


def in_a_process(samples: int, units: int, batch: int) -> Streamed:
    """Runs this file in a process of its own, whose memory is that of the stream alone."""
    command = [sys.executable, "-m", "benchmarks.stream_memory", *map(str, (samples, units, batch))]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    return Streamed(*map(float, done.stdout.split()))


def main(samples: int, units: int, batch: int) -> None:
    """Streams `samples` rows of units + units in batches, and prints the figures."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((2 * units, 2 * units), dtype=np.float32)
    bars = Bars(Console(stderr=True))
    update = jax.jit(compression.update, donate_argnums=0)
    finalize = jax.jit(compression.finalize)
    before = peak_memory()
    nothing = np.zeros((min(batch, samples), units), np.float32)
    jax.block_until_ready(finalize(update(compression.init((units, units)), nothing, nothing)))

    state = compression.init((units, units))
    gram = np.zeros((2 * units, 2 * units))
    seconds = 0.0  # of the compression alone
    with bars.live():
        for first in range(0, samples, batch):
            rows = rng.standard_normal((min(batch, samples - first), 2 * units), dtype=np.float32) @ mixing
            start = perf_counter()
            state = jax.block_until_ready(update(state, rows[:, :units], rows[:, units:]))
            seconds += perf_counter() - start
            wide = rows.astype(float)
            gram += wide.T @ wide
            bars("streaming", first + len(rows), samples)
    start = perf_counter()
    small = np.concatenate([np.asarray(side) for side in finalize(state)], axis=1)
    seconds += perf_counter() - start
    norms = np.sqrt(np.diag(gram))
    error = np.abs(small.T @ small - gram) / np.outer(norms, norms)
    print(peak_memory(), before, seconds, error.max())


if __name__ == "__main__":
    with jax.enable_x64(True):
        main(*map(int, sys.argv[1:]))
