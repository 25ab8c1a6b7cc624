"""The whole engine on a GPU or TPU, in one go of minutes: first whether it is right, then time against a cost model.

python -m benchmarks.accelerator

Right means: against float64 on the CPU of the same machine, in the same process (JAX_PLATFORMS must not leave the CPU
out). Without an accelerator it measures the CPU, and says so. What does not work on a device is a line in the table,
not an end. After seven minutes nothing new is begun.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from rich.console import Console

from benchmarks import cost_model, verify
from benchmarks.context import match_profile, minimal_matches
from benchmarks.cost_model import Cost, Rates
from benchmarks.environment import described
from benchmarks.planted import planted
from benchmarks.table import markdown
from benchmarks.timing import in_words, interleave
from jaxrepsim import compression
from jaxrepsim.progress_bars import Bars

ENOUGH = 420.0
"""Seconds after which nothing new is begun."""
EPSILON = 0.4
SQUARED_ERROR = {"float64": 1e-9, "float32": 1e-5}
"""Bounds on the error of squared residuals, from the documentation."""
COSINES = {"float64": 1e-12, "float32": 1e-5}
TIES = {"float64": verify.TIE, "float32": 1e-4}


@dataclass(frozen=True)
class Options:
    """Prints two tables as GitHub markdown; progress goes to standard error."""

    quick: bool = False
    """At toy size, to see that it works; on any device."""
    repeats: int = 3
    """Timed calls of each stage."""


class Sizes(NamedTuple):
    """How much is computed."""

    check_samples: int
    check_units: int
    samples: int
    """Of the stream."""
    batch: int
    rows: int
    """Samples of each layer of the vmapped profile."""
    units: int
    """A side."""
    layers: int
    searched: int
    """Units of which a minimal match is searched."""
    product: int
    """Size of the matrix product that gives the device's rate."""


FULL = Sizes(4000, 64, 1_000_000, 20_000, 20_000, 256, 8, 16, 8192)
ON_CPU = FULL._replace(samples=200_000, rows=8000, product=2048)
TOY = Sizes(200, 8, 1000, 200, 200, 8, 2, 2, 128)

streamed = jax.jit(compression.update, donate_argnums=0)
finalized = jax.jit(compression.finalize)
layered = jax.jit(jax.vmap(match_profile))


def main(options: Options) -> int:
    """Checks, measures, prints.

    Returns:
        0 where everything ran and was right within its bound, else 1.
    """
    start = monotonic()
    platform = jax.default_backend()
    sizes = TOY if options.quick else ON_CPU if platform == "cpu" else FULL
    bars = Bars(Console(stderr=True))
    right: list[tuple[str, ...]] = []
    fast: list[tuple[str, ...]] = []
    with jax.enable_x64(True), bars.live():
        # A TPU has no float64 units: what is m·n² there is for float32 alone.
        dtypes = ("float32",) if platform == "tpu" else ("float32", "float64")
        rates = {dtype: cost_model.measured_rates(dtype, sizes.product, options.repeats) for dtype in dtypes}
        stages = [(right, dtype, _right(sizes, dtype)) for dtype in dtypes]
        if platform == "tpu":
            stages.append((right, "float64", _right_compressed(sizes)))
        stages += [(fast, dtype, _fast(sizes, dtype, rates[dtype], options.repeats)) for dtype in dtypes]
        for lines, dtype, steps in stages:
            for name, step in steps:
                late = monotonic() - start > ENOUGH
                lines.append((name, dtype, *(("not begun: out of time",) if late else _or_why_not(step))))
                bars.say(f"after {monotonic() - start:.0f} s: {', '.join(lines[-1])}")
    print(f"{described()}\n\nMeasured: {platform}, {jax.devices()[0].device_kind}, {monotonic() - start:.0f} s in all.")
    for dtype, rate in rates.items():
        words = f"{rate.operations / 1e12:.3g} TFLOP/s in a matrix product, {rate.bandwidth / 1e9:.4g} GB/s"
        print(f"Its {dtype}: {words}, measured.")
    print("\n" + _table(("result", "dtype", "error against float64 on the CPU", "bound", "within"), right) + "\n")
    heads = ("stage", "dtype", "time", "operations", "bytes", "bound by the model", "times the bound")
    print(_table(heads, fast))
    if options.quick:
        print("\nAt toy size: the figures mean nothing.")
    return int(any(len(line) < len(heads) for line in fast) or any(line[-1] != "yes" for line in right))


Step = tuple[str, Callable[[], tuple[str, ...]]]


def _right(sizes: Sizes, dtype: str) -> Iterator[Step]:
    """Each result on the device, from raw activations that float32 holds exactly."""
    raw = [x.astype(np.float32) for x in planted(0, sizes.check_samples, sizes.check_units)]
    exact = [x.astype(float) for x in raw]
    here = [jnp.asarray(x, dtype) for x in raw]

    def stream() -> tuple[str, ...]:
        joint = np.concatenate([np.asarray(x, float) for x in _stream(here, sizes.check_samples // 4)], axis=1)
        truth = np.concatenate(exact, axis=1)
        norms = np.linalg.norm(truth, axis=0)
        error = np.abs(joint.T @ joint - truth.T @ truth) / np.outer(norms, norms)
        return _bounded(float(error.max()), COSINES[dtype])

    def minimal() -> tuple[str, ...]:
        units = np.linspace(0, 2 * sizes.check_units - 1, min(8, sizes.check_units)).astype(int)
        found = minimal_matches(*here, EPSILON, jnp.asarray(units))
        masks = np.concatenate([np.asarray(found.x), np.asarray(found.y)], axis=1)
        x, y = exact
        check = verify.minimal(x, y, EPSILON, units, masks, deep=len(units), tie=TIES[dtype]).as_check()
        return check.words, f"ties within {TIES[dtype]:.0e}", "yes" if check.passed else "**no**"

    yield "streaming compression, cosines", stream
    yield "`match_profile`, squared critical ε", lambda: _profile_error(exact, here, dtype)
    yield f"`minimal_matches` at ε = {EPSILON}", minimal


def _right_compressed(sizes: Sizes) -> Iterator[Step]:
    """The float64 match stage alone, on rows compressed on the CPU."""
    exact = planted(0, sizes.check_samples, sizes.check_units)
    yield (
        "`match_profile` of compressed rows, squared critical ε",
        lambda: _profile_error(exact, [jnp.asarray(x) for x in verify.compressed(*exact)], "float64"),
    )


def _profile_error(exact: list[np.ndarray], here: list[jax.Array], dtype: str) -> tuple[str, ...]:
    truth = match_profile(*(jax.device_put(x, jax.devices("cpu")[0]) for x in exact))
    result = match_profile(*here)
    errors = [np.abs(np.asarray(a, float) ** 2 - np.asarray(b) ** 2).max() for a, b in zip(result, truth, strict=True)]
    return _bounded(float(max(errors)), SQUARED_ERROR[dtype])


def _fast(sizes: Sizes, dtype: str, rates: Rates, repeats: int) -> Iterator[Step]:
    """Each stage at full size, on made-up activations that are already on the device."""
    itemsize = jnp.dtype(dtype).itemsize
    n = sizes.units
    keys = jax.random.split(jax.random.key(0), 2)
    batches = [jax.random.normal(key, (sizes.batch, n), jnp.float32) for key in keys]
    pair = [jnp.asarray(x, dtype) for x in planted(1, sizes.rows, n)]
    stacked = [jnp.stack([x] * sizes.layers) for x in pair]
    units = jnp.linspace(0, 2 * n - 1, sizes.searched).astype(int)

    def stream() -> Any:
        state = compression.init((n, n))
        for _ in range(sizes.samples // sizes.batch):
            state = streamed(state, *batches)
        return finalized(state)

    yield (
        f"streaming compression, {sizes.samples:,} × {n}+{n}, float32, batches of {sizes.batch:,}",
        lambda: _against(rates, cost_model.streaming(sizes.samples, 2 * n), stream, repeats),
    )
    yield (
        f"`match_profile` vmapped, {sizes.layers} layers of {sizes.rows:,} × {n}+{n}",
        lambda: _against(
            rates, cost_model.profile(sizes.rows, n, sizes.layers, itemsize), lambda: layered(*stacked), repeats
        ),
    )
    yield (
        f"`minimal_matches`, {sizes.searched} units of {n}+{n} at ε = {EPSILON}",
        lambda: _against(
            rates,
            cost_model.minimal(n, sizes.searched, itemsize),
            lambda: minimal_matches(*pair, EPSILON, units),
            repeats,
        ),
    )


def _stream(arrays: list[jax.Array], batch: int) -> tuple[jax.Array, ...]:
    state = compression.init([x.shape[1] for x in arrays])
    for first in range(0, len(arrays[0]), batch):
        state = streamed(state, *(x[first : first + batch] for x in arrays))
    return finalized(state)


def _against(rates: Rates, cost: Cost, stage: Callable[[], Any], repeats: int) -> tuple[str, ...]:
    timing = interleave({"it": stage}, repeats)["it"].timing
    bound = rates.seconds(cost)
    times = f"{timing.median / bound:.3g}"
    return str(timing), f"{cost.operations:.2g}", f"{cost.bytes:.2g}", in_words(bound), times


def _bounded(error: float, bound: float) -> tuple[str, ...]:
    return f"{error:.1e}", f"{bound:.0e}", "yes" if error <= bound else "**no**"


def _or_why_not(step: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """What a step gives, or the first line of its error: one device's gap must not hide the rest."""
    try:
        return step()
    except (jax.errors.JaxRuntimeError, NotImplementedError) as error:
        return (f"failed: {type(error).__name__}: {str(error).splitlines()[0][:160]}",)


def _table(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    return markdown(heads, [(*line, *[""] * (len(heads) - len(line))) for line in lines])


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
