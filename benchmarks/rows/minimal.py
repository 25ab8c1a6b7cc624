"""v-minimal matches: one unit against algorithm 2 by least squares; all units of a pair against the clock."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import jaxrepsim
from benchmarks import baseline, threads
from benchmarks.baseline import Array, Mask
from benchmarks.context import Context, match_profile, minimal_matches
from benchmarks.planted import correlated, planted
from benchmarks.rows.epsilons import EPSILONS, matched_layers, matched_units
from benchmarks.table import Check, Row, faster, within
from benchmarks.timing import Timing, interleave, timed
from benchmarks.verify import compressed, minimal

ASKED = 500.0
"""Times faster than least squares, a unit."""
ALL_UNITS = 10.0
"""Seconds for all units of 128 + 128."""
ALL_UNITS_LONG = 120.0
"""Seconds for all units of 512 + 512."""
UNITS = 128
SAMPLES = 2000


class _Case(NamedTuple):
    """A pair to search in, and what the baseline is to do."""

    name: str
    x: Array
    y: Array
    epsilon: float
    matched: NDArray[np.intp]
    """The units of the maximum match."""
    places: NDArray[np.intp]
    """Which of them the baseline searches for."""
    blas: int
    """The number of BLAS threads that serves it best."""


def rows(context: Context) -> Iterator[Row]:
    """One unit, of a digits layer and of planted pairs; all units of each, in orders of their own and in any order."""
    units = context.size(UNITS, 12)
    pairs = {
        "digits": (*_digits_pair(context), ASKED),
        "planted, one group": (*_planted_pair(context, units, groups=1), ASKED),
        "planted, 8 groups": (*_planted_pair(context, units, groups=8), None),
    }
    for name, (x, y, asked) in pairs.items():
        epsilon = _epsilon(x, y)
        matched = np.flatnonzero(threads.limited(1, partial(baseline.maximum_match, x, y, epsilon))())
        if matched.size:
            # Some units, evenly spread, for the baseline: it takes too long for all.
            places = np.linspace(0, matched.size - 1, context.baseline_units + 2).astype(int)[1:-1]
            blas = threads.best_threads(partial(baseline.squared_residuals, x, y))
            case = _Case(name, x, y, epsilon, matched, places, blas)
            yield from _one_unit(context, case, asked)
            yield from _own_orders(context, case, asked)
        else:
            context.say(f"minimal_match: {name} has no match at ε = {epsilon}")
        yield from _all_units(context, name, x, y, epsilon, ALL_UNITS, min(3, context.repeats))
    if context.long:
        x, y = _planted_pair(context, context.size(512, 24), groups=1)
        yield from _all_units(context, "planted, one group", x, y, _epsilon(x, y), ALL_UNITS_LONG, 1)
        x, y = correlated(0, context.size(5120, 400), context.size(512, 24))
        yield from _all_units(context, "correlated", x, y, 0.45, ALL_UNITS_LONG, 1)


def _digits_pair(context: Context) -> tuple[Array, Array]:
    """The layer with the most matched units among the widest, at 2,000 of its rows, drawn at random."""
    layers = matched_layers(context.digits)
    widest = max(x.shape[1] for x, _ in layers.values())
    candidates = {name: pair for name, pair in layers.items() if pair[0].shape[1] == widest}
    name = max(candidates, key=lambda layer: matched_units(candidates[layer]))
    x, y = candidates[name]
    context.say(f"minimal matches on the digits: layer {name}")
    take = np.sort(np.random.default_rng(0).permutation(len(x))[: context.size(SAMPLES, 10)])
    few = context.size(UNITS, 8)  # with so few samples a toy pair matches by chance
    return x[take][:, :few], y[take][:, :few]


def _planted_pair(context: Context, units: int, groups: int) -> tuple[Array, Array]:
    samples = context.size(max(SAMPLES, 10 * units), 400)
    x, y = planted(2, samples, units, groups=groups, noise=0.2 if groups == 1 else 0.05)
    return x, y


def _epsilon(x: Array, y: Array) -> float:
    """The paper's smallest ε at which half of the units or more are matched; the largest where none has so many."""
    profile = match_profile(jnp.asarray(x), jnp.asarray(y))
    return next((e for e in EPSILONS if float(profile.similarity(e)) >= 0.5), EPSILONS[-1])


def _one_unit(context: Context, case: _Case, asked: float | None) -> Iterator[Row]:
    """One plain call for one unit, from raw activations, against algorithm 2 in its best forms."""
    name, x, y, epsilon, matched, places, wide = case
    units = matched[places]
    pair = jnp.asarray(x), jnp.asarray(y)
    small_x, small_y = compressed(x, y)
    narrow = threads.best_threads(lambda: baseline.squared_residuals(small_x, small_y))
    ours: list[float] = []
    theirs: dict[str, list[float]] = {"paper": [], "one-sided": [], "compressed": []}
    wrong, sizes = 0, []
    for done, unit in enumerate(units.tolist()):
        context.progress(f"least squares for {name}", done, len(units), f"unit {unit}, this takes minutes")
        sides = interleave(
            {
                "ours": lambda unit=unit: jaxrepsim.minimal_match(*pair, epsilon, unit),
                "paper": threads.limited(wide, partial(baseline.minimal_match, x, y, epsilon, unit)),
                "one-sided": threads.limited(wide, partial(baseline.minimal_match, x, y, epsilon, unit, True)),
                "compressed": threads.limited(
                    narrow, partial(baseline.minimal_match, small_x, small_y, epsilon, unit, True)
                ),
            },
            {"ours": context.repeats, "paper": 1, "one-sided": 1, "compressed": 1},
            cold=("paper", "one-sided", "compressed"),
        )
        ours += sides["ours"].timing.seconds
        for side, all_seconds in theirs.items():
            all_seconds += sides[side].timing.seconds
        mask = _joint(sides["ours"].result)[0]
        wrong += any((sides[side].result != mask).any() for side in theirs)
        sizes.append(str(int(mask.sum())))
    context.progress(f"least squares for {name}", len(units), len(units))
    check = Check(wrong == 0, f"matches of {', '.join(sizes)} units: {wrong} of {len(units)} differ")
    what = f"`minimal_match`, one plain call for one unit from raw activations, {name}, {_shape(x, y)}, ε = {epsilon}"
    against = f"Algorithm 2 by NumPy least squares ({threads.in_words(wide)})"
    yield faster(what, against, asked, Timing(tuple(ours)), Timing(tuple(theirs["paper"])), check)
    improved = {
        "one-sided": "the same, a side looked at only after the other lost units",
        "compressed": "the same, and on rows compressed beforehand",
    }
    for side, words in improved.items():
        yield faster(what, words, None, Timing(tuple(ours)), Timing(tuple(theirs[side])), check)


def _own_orders(context: Context, case: _Case, asked: float | None) -> Iterator[Row]:
    """All units, each in an order of its own: the time of a matched unit against algorithm 2 in the same order."""
    name, x, y, epsilon, matched, places, wide = case
    pair, key = (jnp.asarray(x), jnp.asarray(y)), jax.random.key(0)
    units = jnp.asarray(matched)
    side = interleave({"ours": lambda: minimal_matches(*pair, epsilon, units, key)}, min(3, context.repeats))["ours"]
    masks = _joint(side.result)
    theirs, wrong = [], 0
    for place in places:
        unit = int(matched[place])
        order = np.asarray(jax.random.permutation(jax.random.fold_in(key, unit), x.shape[1] + y.shape[1]))
        paper = partial(baseline.minimal_match, x, y, epsilon, unit, order=order)
        found, seconds = timed(threads.limited(wide, paper))
        theirs.append(seconds)
        wrong += bool((found != masks[place]).any())
    check = Check(wrong == 0, f"{wrong} of {len(theirs)} matches differ, in the same order")
    share = Timing(tuple(seconds / matched.size for seconds in side.timing.seconds))
    yield faster(
        f"a unit of `minimal_matches`, each in an order of its own, all {matched.size} matched units from raw"
        f" activations, {name}, {_shape(x, y)}, ε = {epsilon}",
        f"Algorithm 2 by NumPy least squares in the same order ({threads.in_words(wide)})",
        asked,
        share,
        Timing(tuple(theirs)),
        check,
    )


def _all_units(
    context: Context, name: str, x: Array, y: Array, epsilon: float, limit: float, repeats: int
) -> Iterator[Row]:
    """All units together against the clock, in any order."""
    count = x.shape[1] + y.shape[1]
    context.say(f"minimal_matches: all {count} units, {name}, ε = {epsilon}")
    pair = jnp.asarray(x), jnp.asarray(y)
    side = interleave({"ours": lambda: minimal_matches(*pair, epsilon)}, repeats)["ours"]
    context.say(f"  first call {side.first:.1f} s, with compilation; now every match is checked")
    masks = _joint(side.result)
    large = count > 2 * UNITS
    deep, deletions = (2, 32) if large else (8, None)
    verdict = threads.limited(1, lambda: minimal(x, y, epsilon, np.arange(count), masks, deep, deletions))()
    sizes = masks.sum(axis=1)
    note = f"; matches of {sizes[sizes > 0].min(initial=count)} to {sizes.max()} units" if sizes.any() else "; no match"
    check = verdict.as_check()
    what = f"`minimal_matches` of all {count} units from raw activations, {name}, {_shape(x, y)}, ε = {epsilon}"
    check = Check(check.passed, check.words + note)
    yield within(what, limit, side.timing, check)


def _joint(match) -> Mask:
    """Masks over the joint index, one a row."""
    return np.atleast_2d(np.concatenate([np.asarray(match.x), np.asarray(match.y)], axis=-1))


def _shape(x: Array, y: Array) -> str:
    return f"{x.shape[1]}+{y.shape[1]} units, {len(x):,} samples"
