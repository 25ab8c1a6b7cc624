"""Many seeds: one joint compression for all pairs, against a call a pair from raw activations."""

from collections.abc import Iterator
from itertools import combinations

import jax.numpy as jnp
import numpy as np

from benchmarks.context import Context, compress, match_profile
from benchmarks.planted import planted
from benchmarks.table import Check, Row, faster
from benchmarks.timing import interleave

SEEDS = 4


def rows(context: Context) -> Iterator[Row]:
    """For information."""
    samples, units = context.size(10_000, 400), context.size(128, 8)
    context.say("all pairs of four seeds")
    networks = [jnp.asarray(x) for x in planted(3, samples, units, networks=SEEDS)]
    pairs = list(combinations(range(SEEDS), 2))

    def jointly() -> list:
        small = compress(*networks)
        return [match_profile(small[i], small[j]) for i, j in pairs]

    def separately() -> list:
        return [match_profile(networks[i], networks[j]) for i, j in pairs]

    sides = interleave({"jointly": jointly, "separately": separately}, context.repeats)
    error = max(
        float(np.abs(np.asarray(a) - np.asarray(b)).max())
        for ours, theirs in zip(sides["jointly"].result, sides["separately"].result, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    )
    yield faster(
        f"{len(pairs)} profiles of {SEEDS} seeds, compressed jointly once, {units} units each, {samples:,} samples",
        f"{len(pairs)} calls from raw activations",
        None,
        sides["jointly"].timing,
        sides["separately"].timing,
        Check(error < 1e-6, f"critical ε agree to {error:.0e}"),
    )
