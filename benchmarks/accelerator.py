"""The whole engine on a GPU or TPU, in one go of minutes: first whether it is right, then time against a cost model.

python -m benchmarks.accelerator --out runs/accelerator

Right means: against float64 on the CPU of the same machine, in the same process (JAX_PLATFORMS must not leave the CPU
out). Without an accelerator it measures the CPU, and says so. What does not work on a device is a line in the table,
not an end. After five minutes nothing new is begun. All of it is in `accelerator.json` too, line by line as it comes.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import combinations
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from rich.console import Console

import jaxrepsim
from benchmarks import cost_model, verify
from benchmarks.context import match_profile, minimal_matches
from benchmarks.cost_model import Cost, Rates
from benchmarks.environment import described, versions
from benchmarks.kernels import LAUNCH, kernels
from benchmarks.planted import ill_conditioned, planted
from benchmarks.table import markdown
from benchmarks.timing import Timing, in_words, interleave, ratios
from jaxrepsim import compression
from jaxrepsim.files import write_text
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.progress_bars import Bars

ENOUGH = 300.0
"""Seconds after which nothing new is begun."""
EPSILON = 0.4
SQUARED_ERROR = {"float64": 1e-9, "float32": 1e-5}
"""Bounds on the error of squared residuals, from the documentation."""
COSINES = {"float64": 1e-12, "float32": 1e-5}
CONDITIONS = {"float64": 1e4, "float32": 1e2}
"""Of the ill-conditioned pair."""
TIES = {"float64": verify.TIE, "float32": 1e-4}


@dataclass(frozen=True)
class Options:
    """Prints tables as GitHub markdown, and writes `accelerator.json`; progress goes to standard error."""

    out: Path = Path("runs/accelerator")
    """The folder of the file."""
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
    """Samples of each layer of the vmapped profile, and of each network of all pairs."""
    units: int
    """A side, of all but the plain profiles."""
    plain: tuple[int, ...]
    """Units a side of the plain profiles, of four times as many samples."""
    largest: int
    """The same, last of all; 0 for none."""
    layers: int
    networks: int
    """Of all pairs."""
    hard: int
    """Units a side of the ill-conditioned pair."""
    searched: int
    """Units of which a minimal match is searched."""
    product: int
    """Size of the matrix product that gives the device's rate."""


FULL = Sizes(4000, 64, 1_000_000, 20_000, 20_000, 256, (128, 512, 1024), 4096, 8, 8, 512, 16, 8192)
ON_CPU = FULL._replace(samples=200_000, rows=8000, units=128, largest=0, product=2048)
TOY = Sizes(200, 8, 1000, 200, 200, 8, (8,), 12, 2, 3, 12, 2, 128)

streamed = jax.jit(compression.update, donate_argnums=0)
finalized = jax.jit(compression.finalize)
layered = jax.jit(jax.vmap(match_profile))

Cells = dict[str, Any]
Step = tuple[str, Callable[[], Cells]]


@dataclass
class Report:
    """What was found so far: the file."""

    head: Cells
    checks: list[Cells] = field(default_factory=list)
    stages: list[Cells] = field(default_factory=list)
    kernels: list[Cells] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Whole or not at all, over the one before."""
        write_text(folder / "accelerator.json", json.dumps(vars(self), indent=1, ensure_ascii=False) + "\n")


def main(options: Options) -> int:
    """Checks, measures, prints.

    Returns:
        0 where everything ran and was right within its bound, else 1.
    """
    start = monotonic()
    platform = jax.default_backend()
    sizes = TOY if options.quick else ON_CPU if platform == "cpu" else FULL
    bars = Bars(Console(stderr=True))
    device = {"platform": platform, "device": jax.devices()[0].device_kind, "devices": len(jax.devices())}
    about = {"date": date.today().isoformat(), "versions": versions(), "toy": options.quick}
    with jax.enable_x64(True), bars.live():
        # A TPU has no float64 units: what is m·n² there is for float32 alone.
        dtypes = ("float32",) if platform == "tpu" else ("float64", "float32")
        rates = {dtype: cost_model.measured_rates(dtype, sizes.product, options.repeats) for dtype in dtypes}
        found = Report(about | device | {"rates": {dtype: rate._asdict() for dtype, rate in rates.items()}})
        stages = [(found.checks, dtype, _right(sizes, dtype)) for dtype in dtypes]
        if platform == "tpu":
            stages.append((found.checks, "float64", _right_compressed(sizes)))
        stages += [(found.stages, dtype, _fast(sizes, dtype, rates[dtype], options.repeats)) for dtype in dtypes]
        stages.append((found.kernels, dtypes[0], _launches(sizes, dtypes[0])))
        if sizes.largest:
            stages += [
                (found.stages, dtype, iter([_profile(sizes.largest, dtype, rates[dtype], 1)])) for dtype in dtypes
            ]
        for lines, dtype, steps in stages:
            for name, step in steps:
                late = monotonic() - start > ENOUGH
                cells = {"failed": "not begun, out of time"} if late else _or_why_not(step)
                lines.append({"name": name, "dtype": dtype} | cells)
                found.head["seconds"] = round(monotonic() - start, 1)
                found.write(options.out)
                bars.say(f"after {monotonic() - start:.0f} s: {name}, {dtype}: {', '.join(_words(cells))}")
    print(f"{described()}\n\nMeasured: {platform}, {device['device']}, {monotonic() - start:.0f} s in all.")
    for dtype, rate in rates.items():
        words = f"{rate.operations / 1e12:.3g} TFLOP/s in a matrix product, {rate.bandwidth / 1e9:.4g} GB/s"
        print(f"Its {dtype}: {words}, measured.")
    heads = ("result", "dtype", "error against float64 on the CPU", "bound", "within")
    print(f"\n{_table(heads, found.checks)}\n")
    heads = (
        "stage",
        "dtype",
        "time",
        "operations",
        "bytes",
        "bound by the model",
        "times the bound",
        "against",
        "ratio",
    )
    print(f"{_table(heads, found.stages)}\n")
    print(f"Kernels of the peeling, as XLA makes it for a {platform}; the model has {LAUNCH * 1e6:g} µs for each:\n")
    heads = ("program", "dtype", "kernels a step", "steps", "removals", "kernels a removal", "launches by the model")
    print(f"{_table(heads, found.kernels)}\n\nAlso in {options.out / 'accelerator.json'}.")
    if options.quick:
        print("\nAt toy size: the figures mean nothing.")
    every = [*found.checks, *found.stages, *found.kernels]
    return int(any("failed" in line for line in every) or not all(line.get("within") for line in found.checks))


def _right(sizes: Sizes, dtype: str) -> Iterator[Step]:
    """Each result on the device, from raw activations that float32 holds exactly."""
    raw = [x.astype(np.float32) for x in planted(0, sizes.check_samples, sizes.check_units)]
    exact = [x.astype(float) for x in raw]
    here = [jnp.asarray(x, dtype) for x in raw]

    def stream() -> Cells:
        joint = np.concatenate([np.asarray(x, float) for x in _stream(here, sizes.check_samples // 4)], axis=1)
        truth = np.concatenate(exact, axis=1)
        norms = np.linalg.norm(truth, axis=0)
        error = np.abs(joint.T @ joint - truth.T @ truth) / np.outer(norms, norms)
        return _bounded(float(error.max()), COSINES[dtype])

    def minimal() -> Cells:
        units = np.linspace(0, 2 * sizes.check_units - 1, min(8, sizes.check_units)).astype(int)
        found = minimal_matches(*here, EPSILON, jnp.asarray(units))
        masks = np.concatenate([np.asarray(found.x), np.asarray(found.y)], axis=1)
        x, y = exact
        check = verify.minimal(x, y, EPSILON, units, masks, deep=len(units), tie=TIES[dtype]).as_check()
        return {"error": check.words, "bound": f"ties within {TIES[dtype]:.0e}", "within": check.passed}

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


def _profile_error(exact: list[np.ndarray], here: list[jax.Array], dtype: str) -> Cells:
    truth = match_profile(*(jax.device_put(x, jax.devices("cpu")[0]) for x in exact))
    result = match_profile(*here)
    errors = [np.abs(np.asarray(a, float) ** 2 - np.asarray(b) ** 2).max() for a, b in zip(result, truth, strict=True)]
    return _bounded(float(max(errors)), SQUARED_ERROR[dtype])


def _fast(sizes: Sizes, dtype: str, rates: Rates, repeats: int) -> Iterator[Step]:
    """Each stage at full size, on made-up activations that are already on the device."""
    itemsize = jnp.dtype(dtype).itemsize
    n = sizes.units
    for units in sizes.plain:
        yield _profile(units, dtype, rates, repeats)
    # The sums are in float64 whatever else is.
    if dtype == "float64" or jax.default_backend() == "tpu":
        yield _stream_against_sums(sizes, rates, repeats)
    pair = [jnp.asarray(x, dtype) for x in planted(1, sizes.rows, n)]
    stacked = [jnp.stack([x] * sizes.layers) for x in pair]
    yield (
        f"`match_profile` vmapped, {sizes.layers} layers of {sizes.rows:,} × {n}+{n}",
        lambda: _against(
            rates, cost_model.profile(sizes.rows, n, sizes.layers, itemsize), lambda: layered(*stacked), repeats
        ),
    )
    yield _all_pairs(sizes, dtype, rates, repeats)
    units = jnp.linspace(0, 2 * n - 1, sizes.searched).astype(int)
    yield (
        f"`minimal_matches`, {sizes.searched} units of {n}+{n} at ε = {EPSILON}",
        lambda: _against(
            rates,
            cost_model.minimal(n, sizes.searched, itemsize),
            lambda: minimal_matches(*pair, EPSILON, units),
            repeats,
        ),
    )
    hard, kappa = sizes.hard, CONDITIONS[dtype]
    ill = [jnp.asarray(x, dtype) for x in ill_conditioned(2, 4 * hard, hard, kappa)]
    yield (
        f"`match_profile`, plain, {4 * hard:,} × {hard}+{hard}, κ = {kappa:.0e}",
        lambda: _against(
            rates, cost_model.profile(4 * hard, hard, 1, itemsize), lambda: jaxrepsim.match_profile(*ill), repeats
        ),
    )


def _profile(units: int, dtype: str, rates: Rates, repeats: int) -> Step:
    """A plain call, against the Gram product of the same activations."""

    def step() -> Cells:
        x, y = (jnp.asarray(a, dtype) for a in _wide(units))
        cost = cost_model.profile(4 * units, units, 1, jnp.dtype(dtype).itemsize)
        sides = (lambda: jaxrepsim.match_profile(x, y)), (lambda: _gram(x, y))
        return _against(rates, cost, sides[0], repeats, "its Gram product", sides[1])

    return f"`match_profile`, plain, {4 * units:,} × {units}+{units}", step


def _wide(units: int) -> list[Any]:
    """Planted; the widest, which NumPy would be long about, half common and half their own."""
    if units <= 1024:
        return planted(1, 4 * units, units)
    common, *own = jax.random.normal(jax.random.key(1), (3, 4 * units, units))
    return [common + jnp.linspace(0.1, 1.0, units) * side for side in own]


def _stream_against_sums(sizes: Sizes, rates: Rates, repeats: int) -> Step:
    n = sizes.units
    keys = jax.random.split(jax.random.key(0), 2)
    batches = [jax.random.normal(key, (sizes.batch, n), jnp.float32) for key in keys]
    count = sizes.samples // sizes.batch

    def stream() -> Any:
        state = compression.init((n, n))
        for _ in range(count):
            state = streamed(state, *batches)
        return finalized(state)

    def sums() -> Any:
        total = jnp.zeros((2 * n, 2 * n))
        for _ in range(count):
            total = _plus_gram(total, *batches)
        return total

    name = f"streaming compression, {sizes.samples:,} × {n}+{n}, float32 in, batches of {sizes.batch:,}"
    cost = cost_model.streaming(sizes.samples, 2 * n)
    return name, lambda: _against(rates, cost, stream, repeats, "the bare sum of ZᵀZ in float64", sums)


def _all_pairs(sizes: Sizes, dtype: str, rates: Rates, repeats: int) -> Step:
    k, n = sizes.networks, sizes.units

    def step() -> Cells:
        networks = [jnp.asarray(x, dtype) for x in planted(3, sizes.rows, n, networks=k)]
        pairs = list(combinations(networks, 2))
        cost = cost_model.profile(sizes.rows, n, len(pairs), jnp.dtype(dtype).itemsize)

        def each() -> Any:
            return [jaxrepsim.match_profile(*pair) for pair in pairs]

        return _against(rates, cost, lambda: jaxrepsim.match_profiles(networks), repeats, f"{len(pairs)} calls", each)

    return f"`match_profiles`, all pairs of {k} networks of {sizes.rows:,} × {n}", step


def _launches(sizes: Sizes, dtype: str) -> Iterator[Step]:
    """Of the peeling of a pair, in one program."""

    def count(units: int) -> Cells:
        pair = [jnp.asarray(x, dtype) for x in planted(1, 4 * units, units)]
        found = kernels(prepared(pair).basis)
        return found._asdict() | {"each": found.each, "launch_seconds": found.launches}

    for units in sizes.plain:
        yield f"peeling, {units}+{units} units", partial(count, units)


def _stream(arrays: list[jax.Array], batch: int) -> tuple[jax.Array, ...]:
    state = compression.init([x.shape[1] for x in arrays])
    for first in range(0, len(arrays[0]), batch):
        state = streamed(state, *(x[first : first + batch] for x in arrays))
    return finalized(state)


@jax.jit
@with_all_digits
def _gram(x: jax.Array, y: jax.Array) -> jax.Array:
    z = jnp.concatenate([x, y], axis=1)
    return z.T @ z


@partial(jax.jit, donate_argnums=0)
def _plus_gram(total: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    return total + _gram(x.astype(total.dtype), y.astype(total.dtype))


def _against(
    rates: Rates,
    cost: Cost,
    stage: Callable[[], Any],
    repeats: int,
    name: str = "",
    other: Callable[[], Any] | None = None,
) -> Cells:
    """Times a stage, beside what it is compared with."""
    sides = interleave({"it": stage} | ({} if other is None else {"other": other}), repeats)
    timing, bound = sides["it"].timing, rates.seconds(cost)
    cells = {
        "seconds": timing.seconds,
        "first_seconds": sides["it"].first,
        "operations": cost.operations,
        "bytes": cost.bytes,
        "bound_seconds": bound,
        "times_bound": timing.median / bound,
    }
    if other is not None:
        beside = sides["other"].timing
        cells |= {"against": name, "against_seconds": beside.seconds, "ratio": ratios(timing, beside)[0]}
    return cells


def _bounded(error: float, bound: float) -> Cells:
    return {"error": error, "bound": bound, "within": error <= bound}


def _or_why_not(step: Callable[[], Cells]) -> Cells:
    """What a step gives, or the first line of its error: one device's gap must not hide the rest."""
    try:
        return step()
    except (jax.errors.JaxRuntimeError, NotImplementedError) as error:
        return {"failed": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}


def _words(cells: Cells) -> list[str]:
    """For the table."""
    if "failed" in cells:
        return [f"failed: {cells['failed']}"]
    if "within" in cells:
        bounds = [value if isinstance(value, str) else f"{value:.1e}" for value in (cells["error"], cells["bound"])]
        return [*bounds, "yes" if cells["within"] else "**no**"]
    if "step" in cells:
        counts = [str(cells["step"] + cells["condition"]), str(cells["steps"]), str(cells["removals"])]
        return [*counts, f"{cells['each']:.3g}", in_words(cells["launch_seconds"])]
    words = [str(Timing(cells["seconds"])), f"{cells['operations']:.2g}", f"{cells['bytes']:.2g}"]
    words += [in_words(cells["bound_seconds"]), f"{cells['times_bound']:.3g}"]
    if "against" in cells:
        words += [f"{cells['against']}: {Timing(cells['against_seconds'])}", f"{cells['ratio']:.3g}"]
    return words


def _table(heads: tuple[str, ...], lines: list[Cells]) -> str:
    rows = [[line["name"], line["dtype"], *_words(line)] for line in lines]
    return markdown(heads, [(*row, *[""] * (len(heads) - len(row))) for row in rows])


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
