"""Streaming compression against LAPACK's own QR of the whole matrix, and its peak memory."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import get_lapack_funcs

from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.stream_memory import in_a_process
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import in_words, interleave
from jaxrepsim import compression

ASKED = 2.0
"""Times of LAPACK's own: half the speed."""
BATCH = 2000
GIGABYTE = 1e9


def rows(context: Context) -> Iterator[Row]:
    """A wide matrix, a long one, and a layer that no memory holds."""
    batch = context.size(BATCH, 100)
    wide = context.size(20_000, 1000), context.size(1024, 16)
    long = context.size(1_000_000, 5000), context.size(128, 8)
    for samples, units in (wide, long):
        yield _speed(context, samples, units, batch)
    if context.long or context.quick:
        yield _memory(context, context.size(50_000_000, 20_000), context.size(64, 8), context.size(20_000, 1000))


def _speed(context: Context, samples: int, units: int, batch: int) -> Row:
    context.say(f"streaming: {samples:,} × {units}")
    joint = np.random.default_rng(0).standard_normal((samples, units))
    half = units // 2
    update = jax.jit(compression.update, donate_argnums=0)
    finalize = jax.jit(compression.finalize)

    def streamed() -> tuple[jax.Array, ...]:
        state = compression.init((half, units - half), jnp.float64)
        for first in range(0, samples, batch):
            rows = joint[first : first + batch]
            state = update(state, rows[:, :half], rows[:, half:])
        return finalize(state)

    fortran = np.empty((samples, units), order="F")  # as LAPACK wants it, and it works in place
    geqrf, geqrf_lwork = get_lapack_funcs(("geqrf", "geqrf_lwork"), (fortran,))
    workspace = int(geqrf_lwork(samples, units)[0])

    def whole() -> Array:
        factored, *_ = geqrf(fortran, lwork=workspace, overwrite_a=True)
        return np.triu(factored[:units])

    sides = interleave(
        {"ours": streamed, "lapack": whole}, min(context.repeats, 5), prepare=lambda: np.copyto(fortran, joint)
    )
    ours, theirs = sides["ours"], sides["lapack"]
    check = _same_geometry(ours.result, theirs.result)
    what = f"streaming compression, {samples:,} × {units} float64, batches of {batch:,}"
    against = "LAPACK's `dgeqrf` of the matrix in memory, in place"
    return no_slower(what, against, ASKED, ours.timing, theirs.timing, check)


def _same_geometry(streamed: tuple[jax.Array, ...], triangle: Array) -> Check:
    """Inner products relative to the norms: what every result depends on."""
    joint = np.concatenate([np.asarray(side) for side in streamed], axis=1)
    norms = np.linalg.norm(triangle, axis=0)
    error = np.abs(joint.T @ joint - triangle.T @ triangle) / np.outer(norms, norms)
    return Check(bool(error.max() < 1e-12), f"cosines agree to {error.max():.0e}")


def _memory(context: Context, samples: int, units: int, batch: int) -> Row:
    context.say(f"streaming: peak memory of {samples:,} samples of {units}+{units} units, in a process of its own")
    peak, before, seconds, error = in_a_process(samples, units, batch)
    return Row(
        what=f"peak memory of streaming {samples:,} samples of {units}+{units} units, float32 in, float64 kept",
        against="",
        asked="below 1 GB",
        measured=f"{peak / 1e9:.2f} GB, of which {before / 1e9:.2f} GB JAX itself",
        met=peak < GIGABYTE,
        ours=f"{in_words(seconds)} of compression",
        theirs="",
        check=Check(error < 1e-9, f"Gram matrix against a running sum: {error:.0e}"),
    )
