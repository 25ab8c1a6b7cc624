"""Correlation of all units of two layers against one matrix product of the same activations."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.baseline import Array
from benchmarks.context import Context, correlation
from benchmarks.planted import correlated
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import interleave

ASKED = 1.5
"""Times of a matrix product that all correlations may take."""
BOUND = {"float32": 1e-5, "float64": 1e-12}


@jax.jit
def product(x: jax.Array, y: jax.Array) -> jax.Array:
    """XᵀY, of raw activations."""
    return x.T @ y


def rows(context: Context) -> Iterator[Row]:
    """In both precisions."""
    samples, units = context.size(100_000, 1200), context.size(512, 12)
    x, y = (side / side.std(axis=0) + 2 for side in correlated(0, samples, units))
    for dtype in BOUND:
        context.say(f"correlation: {dtype}")
        pair = jnp.asarray(x, dtype), jnp.asarray(y, dtype)
        sides = interleave(
            {"ours": lambda pair=pair: correlation(*pair), "product": lambda pair=pair: product(*pair)},
            context.repeats,
        )
        ours, theirs = sides["ours"], sides["product"]
        check = _against_numpy([np.asarray(side) for side in pair], np.asarray(ours.result), BOUND[dtype])
        what = f"`convergent.correlation`, {units}+{units} units, {samples:,} samples, {dtype}"
        yield no_slower(what, "matrix product XᵀY, jitted", ASKED, ours.timing, theirs.timing, check)


def _against_numpy(pair: list[Array], found: Array, bound: float) -> Check:
    """The definition, in float64."""
    sides = []
    for side in pair:
        centred = side - side.mean(axis=0, dtype=np.float64)
        centred /= np.linalg.norm(centred, axis=0)
        sides.append(centred)
    wanted = sides[0].T @ sides[1]
    error = np.abs(found - wanted).max()
    return Check(bool(error < bound), f"correlations up to {np.abs(wanted).max():.2g} agree to {error:.0e}")
