"""The match profile and its sets at five values of ε, against algorithm 1 by least squares at each."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

import jaxrepsim
from benchmarks import baseline, threads
from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.digits import Layers
from benchmarks.planted import planted
from benchmarks.table import Row, faster
from benchmarks.timing import interleave
from benchmarks.verify import same_sets

EPSILONS = (0.15, 0.2, 0.25, 0.3, 0.5)
"""The paper's."""
ASKED = 20.0
SAMPLES = 2000
"""Layers of fewer are left out."""


@jax.jit
def profile_and_sets(x: jax.Array, y: jax.Array) -> tuple:
    """The whole profile, and the maximum match at each ε."""
    profile = jaxrepsim.match_profile(x, y)
    return profile, [profile.match(epsilon) for epsilon in EPSILONS]


def rows(context: Context) -> Iterator[Row]:
    """Every layer of the digits networks whose match is not empty, and a planted pair."""
    for layer, (x, y) in matched_layers(context.digits).items():
        yield _row(context, f"digits, {layer}", x, y)
    yield _row(context, "planted", *planted(1, context.size(10_000, 400), context.size(128, 12)))


def matched_layers(layers: Layers) -> Layers:
    """Layers of 2,000 samples or more with a match at the largest ε; the last of them where there is none."""
    large = {layer: pair for layer, pair in layers.items() if len(pair[0]) >= SAMPLES}
    matched = {layer: pair for layer, pair in large.items() if matched_units(pair) > 0}
    return matched or dict(list(large.items())[-1:])


def matched_units(pair: tuple[Array, Array]) -> int:
    """How many units are in the maximum match at the largest ε."""
    return int(threads.limited(1, lambda: baseline.maximum_match(*pair, EPSILONS[-1]))().sum())


def _row(context: Context, name: str, x: Array, y: Array) -> Row:
    context.say(f"five ε: {name}")
    pair = jnp.asarray(x), jnp.asarray(y)
    blas = threads.best_threads(lambda: baseline.squared_residuals(x, y))

    sides = interleave(
        {
            "ours": lambda: profile_and_sets(*pair),
            "paper": threads.limited(blas, lambda: [baseline.maximum_match(x, y, epsilon) for epsilon in EPSILONS]),
            "compressed": threads.limited(blas, lambda: _on_compressed_rows(x, y)),
        },
        {"ours": context.repeats, "paper": min(3, context.repeats), "compressed": min(3, context.repeats)},
        cold=("paper", "compressed"),
    )
    profile = sides["ours"].result[0]
    critical = np.concatenate([np.asarray(profile.x), np.asarray(profile.y)])
    check = same_sets(critical, list(zip(EPSILONS, sides["paper"].result, strict=True)))
    note = f"; least squares on compressed rows: {sides['compressed'].timing}"
    what = f"profile and sets at five ε, {name}, {x.shape[1]}+{y.shape[1]} units, {len(x):,} samples"
    against = f"Algorithm 1 by NumPy least squares at five ε ({threads.in_words(blas)})"
    row = faster(what, against, ASKED, sides["ours"].timing, sides["paper"].timing, check)
    return row._replace(theirs=row.theirs + note)


def _on_compressed_rows(x: Array, y: Array) -> list:
    """The same sets, with the package's idea of compression given to the baseline: for information."""
    triangle = np.asarray(np.linalg.qr(np.concatenate([x, y], axis=1), mode="r"))
    small_x, small_y = triangle[:, : x.shape[1]], triangle[:, x.shape[1] :]
    return [baseline.maximum_match(small_x, small_y, epsilon) for epsilon in EPSILONS]
