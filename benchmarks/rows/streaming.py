"""Streaming compression against bare sums of products, and LAPACK; extraction against forward passes; peak memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from scipy.linalg import get_lapack_funcs

from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.stream_memory import in_a_process
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import in_words, interleave
from jaxrepsim import compression, models
from jaxrepsim.pipeline import MatchingConfig
from jaxrepsim.pipeline.passes.extraction import extract
from jaxrepsim.pipeline.passes.forward import Subject, responses

SUMS = 1.5
"""Times of the bare sum of products."""
BUSY = 2.0
"""The same where other processes have all cores."""
FORWARD = 1.3
"""Times of the forward passes alone."""
QR = 2.0
"""Times of LAPACK's own: half the speed."""
BATCH = 2000
GIGABYTE = 1e9

push = jax.jit(compression.update, donate_argnums=0)
finished = jax.jit(compression.finalize)


def rows(context: Context) -> Iterator[Row]:
    """Few columns and many, on an idle machine and on a busy one; two narrow networks; a layer that no memory holds."""
    batch = context.size(BATCH, 100)
    sizes = [
        (context.size(samples, 1000), context.size(units, 8))
        for samples, units in ((400_000, 128), (100_000, 512), (40_000, 1024))
    ]
    for samples, units in sizes:
        yield _sums(context, samples, units, batch, SUMS, "")
    with _busy():
        for samples, units in sizes:
            yield _sums(context, samples, units, batch, BUSY, ", two other processes at work")
    yield _qr(context, context.size(20_000, 1000), context.size(1024, 16), batch)
    for name in ("vgg11", "resnet18"):
        yield _extraction(context, name)
    if context.long or context.quick:
        yield _memory(context, context.size(50_000_000, 20_000), context.size(64, 8), context.size(20_000, 1000))


@contextmanager
def _busy() -> Iterator[None]:
    """Two processes that do nothing but work."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@jax.jit
def _added(total: jax.Array, rows: jax.Array) -> jax.Array:
    wide = rows.astype(jnp.float64)
    return total + wide.T @ wide


def _sums(context: Context, samples: int, units: int, batch: int, limit: float, where: str) -> Row:
    context.say(f"streaming: {samples:,} × {units}{where}")
    joint = np.random.default_rng(0).standard_normal((samples, units), dtype=np.float32)
    x, y = (np.ascontiguousarray(half) for half in np.split(joint, 2, axis=1))
    add = jax.jit(_added, donate_argnums=0)

    def streamed() -> tuple[jax.Array, ...]:
        state = compression.init((units // 2, units // 2))
        for first in range(0, samples, batch):
            state = push(state, x[first : first + batch], y[first : first + batch])
        return finished(state)

    def bare() -> jax.Array:
        total = jnp.zeros((units, units))
        for first in range(0, samples, batch):
            total = add(total, joint[first : first + batch])
        return total

    sides = interleave({"ours": streamed, "bare": bare}, min(context.repeats, 5))
    ours, theirs = sides["ours"], sides["bare"]
    check = _same_geometry(ours.result, np.asarray(theirs.result))
    what = f"streaming compression, {samples:,} × {units} float32, batches of {batch:,}{where}"
    return no_slower(what, "the bare sum of ZᵀZ in float64", limit, ours.timing, theirs.timing, check)


def _extraction(context: Context, name: str) -> Row:
    images = np.random.default_rng(0).random((context.size(1024, 8), 32, 32, 3), np.float32)
    context.say(f"extraction: {name} at quarter width, {len(images):,} images")
    model = models.build(models.ModelConfig(name, width=0.25, dense_std=None), 32, 10)
    mean = std = (0.5, 0.5, 0.5)
    config = MatchingConfig(batch_size=context.size(128, 4), positions=None)
    with jax.enable_x64(False):  # networks run in float32
        variables = jax.jit(lambda key: model.init(key, jnp.zeros((1, 32, 32, 3)), train=False))(jax.random.key(0))
        mesh = Mesh(np.array(jax.devices()), ("data",))

        subject = Subject(model, variables, mean, std)

        def passes() -> Array:
            found = []
            for batch in responses(mesh, [subject], images, config.batch_size):
                found.append(np.asarray(jax.block_until_ready(batch.networks)[0]["logits"]))
            return np.concatenate(found)

        def extracted() -> Array:
            return extract({0: subject}, images, config).layers[0]["logits"]

        sides = interleave({"ours": extracted, "forward": passes}, min(context.repeats, 5))
    ours, theirs = sides["ours"], sides["forward"]
    logits = theirs.result.astype(float)
    check = _same_geometry((ours.result,), logits.T @ logits)
    what = f"extraction of {name} at quarter width, {len(images):,} images of 32 × 32, all positions of all layers"
    return no_slower(what, "its forward passes alone", FORWARD, ours.timing, theirs.timing, check)


def _qr(context: Context, samples: int, units: int, batch: int) -> Row:
    context.say(f"streaming: {samples:,} × {units} in float64")
    joint = np.random.default_rng(0).standard_normal((samples, units))
    half = units // 2

    def streamed() -> tuple[jax.Array, ...]:
        state = compression.init((half, units - half), jnp.float64)
        for first in range(0, samples, batch):
            rows = joint[first : first + batch]
            state = push(state, rows[:, :half], rows[:, half:])
        return finished(state)

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
    check = _same_geometry(ours.result, theirs.result.T @ theirs.result)
    what = f"streaming compression, {samples:,} × {units} float64, batches of {batch:,}"
    against = "LAPACK's `dgeqrf` of the matrix in memory, in place"
    return no_slower(what, against, QR, ours.timing, theirs.timing, check)


def _same_geometry(streamed: tuple[jax.Array | Array, ...], products: Array) -> Check:
    """Inner products relative to the norms: what every result depends on."""
    joint = np.concatenate([np.asarray(side) for side in streamed], axis=1)
    norms = np.sqrt(np.diag(products))
    error = np.abs(joint.T @ joint - products) / np.outer(norms, norms)
    return Check(bool(error.max() < 1e-12), f"cosines agree to {error.max():.0e}")


def _memory(context: Context, samples: int, units: int, batch: int) -> Row:
    context.say(f"streaming: peak memory of {samples:,} samples of {units}+{units} units, in a process of its own")
    peak, before, seconds, error = in_a_process(samples, units, batch)
    return Row(
        what=f"peak memory of streaming {samples:,} samples of {units}+{units} units, float32",
        against="",
        asked="below 1 GB",
        measured=f"{peak / 1e9:.2f} GB, of which {before / 1e9:.2f} GB JAX itself",
        met=peak < GIGABYTE,
        ours=f"{in_words(seconds)} of compression",
        theirs="",
        check=Check(error < 1e-9, f"Gram matrix against a running sum: {error:.0e}"),
    )
