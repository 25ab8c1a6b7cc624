"""How time and memory grow with samples, units, values of ε, layers and seeds, one axis at a time.

python -m benchmarks.growth

Exponents are slopes of a least-squares line in log-log, over the upper half of the range, where the leading term shows.
Memory is what XLA plans for the compiled function: arguments, results and temporaries; for the stream it is the peak
resident memory of a process of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from rich.console import Console

import jaxrepsim
from benchmarks.environment import described
from benchmarks.planted import planted
from benchmarks.stream_memory import in_a_process
from benchmarks.table import markdown
from benchmarks.timing import in_words, interleave
from jaxrepsim.progress_bars import Bars

EPSILON = 0.3


@dataclass(frozen=True)
class Options:
    """Prints a table of exponents as GitHub markdown; progress goes to standard error."""

    quick: bool = False
    """At toy size, to see that it works."""
    repeats: int = 3
    """Timed calls a point; the median counts."""


class Point(NamedTuple):
    """One size."""

    seconds: float
    bytes: float


class Curve(NamedTuple):
    """One function along one axis."""

    axis: str
    function: str
    others: str
    values: tuple[int, ...]
    build: Callable[[int], tuple[Callable, tuple]]
    """For a size: the function, to be compiled, and its arguments."""


def exponent(sizes: Sequence[float], amounts: Sequence[float]) -> float:
    """The slope in log-log over the upper half of the range (two points at least)."""
    upper = max(2, (len(sizes) + 1) // 2)
    return float(np.polyfit(np.log(sizes[-upper:]), np.log(amounts[-upper:]), 1)[0])


def measure(function: Callable, arguments: tuple, repeats: int) -> Point:
    """Compiles, and times."""
    compiled = jax.jit(function).lower(*arguments).compile()
    planned = compiled.memory_analysis()
    side = interleave({"it": lambda: compiled(*arguments)}, repeats)["it"]
    return Point(side.timing.median, _bytes(planned))


def curves(quick: bool) -> list[Curve]:
    """Every axis, and what is measured along it."""
    m, n = (200, 8) if quick else (8192, 64)

    def doubled(first: int, last: int) -> tuple[int, ...]:
        last = 2 * first if quick else last
        return tuple(first * 2**i for i in range((last // first).bit_length()))

    pair = partial(_pair, n)
    samples = doubled(m, 16 * m)
    units = doubled(8 if quick else 32, 512)
    few_units = doubled(8 if quick else 32, 256)
    at = f"{n}+{n} units"
    return [
        Curve("samples m", "`compress`", at, samples, lambda m: (jaxrepsim.compress, pair(m))),
        Curve("samples m", "`match_profile`", at, samples, lambda m: (jaxrepsim.match_profile, pair(m))),
        Curve("units n+n", "`compress`", f"m = {m}", units, lambda n: (jaxrepsim.compress, _pair(n, m))),
        Curve("units n+n", "`match_profile`", f"m = {m}", units, lambda n: (jaxrepsim.match_profile, _pair(n, m))),
        Curve(
            "units n+n",
            "`match_profile`, compressed before",
            "2n rows",
            units,
            lambda n: (jaxrepsim.match_profile, jaxrepsim.compress(*_pair(n, m))),
        ),
        Curve("units n+n", "`minimal_match`", f"m = {m}", few_units, lambda n: (_one_minimal, _pair(n, m))),
        Curve("values of ε", "`maximum_match`, vmapped", at, doubled(1, 32), lambda k: (_each, (*pair(m), _grid(k)))),
        Curve("values of ε", "one profile, `.match`", at, doubled(1, 32), lambda k: (_read, (*pair(m), _grid(k)))),
        Curve("layers", "`match_profile`, vmapped", at, doubled(1, 16), lambda k: (_layers, _stacked(k, n, m))),
        Curve("seeds k", "all pairs, compressed jointly", at, (2, 3) if quick else (2, 3, 4, 6, 8), _seeds(n, m)),
    ]


def main(options: Options) -> None:
    """Measures every curve, and prints the table."""
    bars = Bars(Console(stderr=True))
    lines = []
    with jax.enable_x64(True), bars.live():
        for curve in curves(options.quick):
            points = []
            for done, size in enumerate(curve.values):
                bars(f"{curve.axis}: {curve.function}", done, len(curve.values), f"at {size}")
                points.append(measure(*curve.build(size), options.repeats))
            bars(f"{curve.axis}: {curve.function}", len(curve.values), len(curve.values))
            lines.append(_line(curve.axis, f"{curve.function}, {curve.others}", curve.values, points))
            bars.say(f"{curve.axis}, {curve.function}: time ∝ size^{lines[-1][3]}")
        sizes = (1000, 2000) if options.quick else (100_000, 200_000, 400_000, 800_000, 1_600_000)
        bars.say("streaming, in processes of their own")
        units, batch = (8, 500) if options.quick else (64, 10_000)
        points = [_streamed(samples, units, batch) for samples in sizes]
        lines.append(_line("samples m", f"streaming, {units}+{units} units, peak of the process", sizes, points))
    heads = ("axis", "function", "range", "time ∝", "at the largest", "memory ∝", "at the largest")
    print(f"{described()}, float64\n\n{markdown(heads, lines)}")


def _line(axis: str, function: str, sizes: Sequence[int], points: Sequence[Point]) -> tuple[str, ...]:
    seconds, memory = ([point[i] for point in points] for i in range(2))
    return (
        axis,
        function,
        f"{sizes[0]:,} to {sizes[-1]:,}",
        f"{exponent(sizes, seconds):.2f}",
        in_words(seconds[-1]),
        f"{exponent(sizes, memory):.2f}" if min(memory) > 0 else "not told",
        f"{memory[-1] / 1e6:.3g} MB" if min(memory) > 0 else "",
    )


def _pair(units: int, samples: int) -> tuple[jax.Array, ...]:
    return tuple(jnp.asarray(x) for x in planted(0, samples, units))


def _stacked(layers: int, units: int, samples: int) -> tuple[jax.Array, ...]:
    return tuple(jnp.stack([x] * layers) for x in _pair(units, samples))


def _grid(count: int) -> jax.Array:
    return jnp.linspace(0.1, 0.6, count)


def _one_minimal(x: jax.Array, y: jax.Array) -> Any:
    """Of unit 0, at an ε at which it is matched."""
    return jaxrepsim.minimal_match(x, y, 0.6, 0)


def _each(x: jax.Array, y: jax.Array, epsilons: jax.Array) -> Any:
    return jax.vmap(jaxrepsim.maximum_match, in_axes=(None, None, 0))(x, y, epsilons)


def _read(x: jax.Array, y: jax.Array, epsilons: jax.Array) -> Any:
    return jax.vmap(jaxrepsim.match_profile(x, y).match)(epsilons)


def _layers(x: jax.Array, y: jax.Array) -> Any:
    return jax.vmap(jaxrepsim.match_profile)(x, y)


def _seeds(units: int, samples: int) -> Callable[[int], tuple[Callable, tuple]]:
    def all_pairs(*networks: jax.Array) -> Any:
        small = jnp.stack(jaxrepsim.compress(*networks))
        first, second = np.array(list(combinations(range(len(networks)), 2))).T
        return jax.vmap(jaxrepsim.match_profile)(small[first], small[second])

    return lambda k: (all_pairs, tuple(jnp.asarray(x) for x in planted(0, samples, units, networks=k)))


def _streamed(samples: int, units: int, batch: int) -> Point:
    stream = in_a_process(samples, units, batch)
    return Point(stream.seconds, stream.peak)


def _bytes(planned: Any) -> float:
    """0 where the back end does not say."""
    names = ("temp_size_in_bytes", "argument_size_in_bytes", "output_size_in_bytes")
    return float(sum(getattr(planned, name, 0) for name in names))


if __name__ == "__main__":
    main(tyro.cli(Options))
