"""Many pairs of networks at once, against a call a pair from raw activations: seeds, and layers against layers."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import jax
import jax.numpy as jnp
import numpy as np

import jaxrepsim
from benchmarks.context import Context, match_profile
from benchmarks.planted import planted
from benchmarks.table import Check, Row, faster
from benchmarks.timing import interleave
from jaxrepsim import MatchProfile


def rows(context: Context) -> Iterator[Row]:
    """At least twice as fast."""
    samples, units = context.size(10_000, 400), context.size(128, 8)
    for seeds in (4, 8):
        context.say(f"all pairs of {seeds} seeds")
        networks = [jnp.asarray(x) for x in planted(3, samples, units, networks=seeds)]
        what = f"of {seeds} seeds, {units} units each, {samples:,} samples"
        yield _row(context, what, networks, list(combinations(range(seeds), 2)), match_profile, "jitted")
    samples, widths = context.size(2_000, 200), [context.size(16, 2) * i for i in range(1, 9)]
    context.say("every layer against every layer")
    whole = planted(4, samples, max(widths), networks=2)
    layers = [jnp.asarray(network[:, :width]) for network in whole for width in widths]
    what = f"of 8 × 8 layers of two networks, {widths[0]} to {widths[-1]} units, {samples:,} samples"
    # Plain calls share programs; jitted ones would be compiled 64 times, minutes for half a second's work.
    yield _row(context, what, layers, list(product(range(8), range(8, 16))), jaxrepsim.match_profile, "plain")


def _row(
    context: Context,
    what: str,
    networks: list[jax.Array],
    pairs: Sequence[tuple[int, int]],
    one: Callable[[jax.Array, jax.Array], MatchProfile],
    how: str,
) -> Row:
    sides = interleave(
        {
            "together": lambda: jaxrepsim.match_profiles(networks, pairs),
            "separately": lambda: [one(networks[a], networks[b]) for a, b in pairs],
        },
        context.repeats,
    )
    together, separately = sides["together"], sides["separately"]
    error = max(
        float(np.abs(np.asarray(a) ** 2 - np.asarray(b) ** 2).max())
        for a, b in zip(jax.tree.leaves(together.result), jax.tree.leaves(separately.result), strict=True)
    )
    return faster(
        f"`match_profiles`: {len(pairs)} profiles {what}",
        f"{len(pairs)} calls of `match_profile`, {how}, from raw activations",
        2.0,
        together.timing,
        separately.timing,
        Check(error < 1e-9, f"squared critical ε agree to {error:.0e}"),
    )
