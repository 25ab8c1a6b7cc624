"""One-to-one partners of largest total similarity: against optax's compiled algorithm."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.optimize import linear_sum_assignment

from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.planted import planted
from benchmarks.table import Check, Row, faster
from benchmarks.timing import interleave
from jaxrepsim.convergent import bipartite_match, moments

hungarian = jax.jit(lambda similarity: optax.assignment.hungarian_algorithm(-similarity))


def rows(context: Context) -> Iterator[Row]:
    """Correlations of planted pairs, and with a quarter of the units of each side dead. For information."""
    for units in (context.size(128, 12), context.size(512, 24)):
        x, y = planted(4, 4 * units, units)
        dead_x, dead_y = x.copy(), y.copy()
        dead_x[:, ::4], dead_y[:, 1::4] = 0, 0
        for name, pair in (("planted", (x, y)), ("planted, a quarter of the units dead", (dead_x, dead_y))):
            context.say(f"assignment: {units} units, {name}")
            yield from _rows(context, name, np.asarray(moments.of(*map(jnp.asarray, pair)).between(0, 1)))


def _rows(context: Context, name: str, correlation: Array) -> Iterator[Row]:
    similarity = jnp.asarray(correlation)
    sides = interleave(
        {
            "ours": lambda: bipartite_match(similarity),
            "optax": lambda: hungarian(similarity),
            "scipy": lambda: linear_sum_assignment(correlation, maximize=True),
        },
        context.repeats,
    )
    units = np.arange(len(correlation))
    best = correlation[sides["scipy"].result].sum()
    totals = [
        correlation[units, np.asarray(sides["ours"].result)].sum(),
        correlation[tuple(map(np.asarray, sides["optax"].result))].sum(),
    ]
    error = float(np.abs(np.array(totals) - best).max())
    check = Check(error < 1e-9 * len(units), f"total correlation {best:.3f} on all sides, to {error:.0e}")
    shape = f"correlations of {len(units)}+{len(units)} units, {name}"
    ours, theirs = sides["ours"].timing, sides["optax"].timing
    yield faster(f"`bipartite_match`, {shape}", "optax's Hungarian algorithm, jitted", None, ours, theirs, check)
