"""The whole match profile against one Gram product of the same activations."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import threads
from benchmarks.baseline import Array, alive, unit_columns
from benchmarks.context import Context, match_profile
from benchmarks.planted import condition_number, dependent, ill_conditioned, independent, planted
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import interleave
from benchmarks.verify import clear_epsilons, compressed, largest_match, same_sets

ASKED = 2.0
"""Times of a Gram product that the whole profile may take."""
DEPENDENT = 2.5
"""The same where the Gram matrix cannot be trusted."""


@jax.jit
def gram(x: jax.Array, y: jax.Array) -> jax.Array:
    """ZᵀZ with Z = [x y]."""
    z = jnp.concatenate([x, y], axis=1)
    return z.T @ z


def rows(context: Context) -> Iterator[Row]:
    """Planted, independent, ill-conditioned and rank-deficient pairs."""
    samples, units = context.size(10_000, 400), context.size(512, 12)
    cases = (
        ("planted matches", planted(0, samples, units), ASKED),
        ("independent units", independent(0, samples, units), ASKED),
        ("planted, ill conditioned", ill_conditioned(0, samples, units, 1e4), DEPENDENT),
        ("planted, an eighth of the units copies and sums", dependent(0, samples, units), DEPENDENT),
    )
    for name, (x, y), limit in cases:
        context.say(f"match_profile: {name}")
        pair = jnp.asarray(x), jnp.asarray(y)
        sides = interleave(
            {"ours": lambda pair=pair: match_profile(*pair), "gram": lambda pair=pair: gram(*pair)}, context.repeats
        )
        ours, theirs = sides["ours"], sides["gram"]
        context.say(f"  first call {ours.first:.1f} s, with compilation")
        critical = np.concatenate([np.asarray(ours.result.x), np.asarray(ours.result.y)])
        check = threads.limited(1, partial(_against_shrinking, x, y, critical))()
        kappa = f", κ = {condition_number(x):.0e}"
        what = f"`match_profile` from raw activations, {units}+{units} units, {samples:,} samples, {name}{kappa}"
        yield no_slower(what, "Gram product ZᵀZ, jitted", limit, ours.timing, theirs.timing, check)


def _against_shrinking(x: Array, y: Array, critical: Array) -> Check:
    """The sets at three values of ε against those that NumPy finds by throwing out what is over ε."""
    small_x, small_y = (unit_columns(side) for side in compressed(x, y))
    found = [(e, largest_match(small_x, small_y, e, alive(x, y))) for e in clear_epsilons(critical)]
    return same_sets(critical, found)
