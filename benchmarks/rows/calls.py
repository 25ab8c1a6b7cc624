"""Plain calls, as in a notebook, against the same under a hand-written jit."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from statistics import median
from typing import Any

import jax
import numpy as np

from benchmarks import calls
from benchmarks.context import Context
from benchmarks.table import Check, Row
from benchmarks.timing import in_words, interleave, ratios, spread

ASKED = 1.5
"""Times a hand-jitted call that a plain one may take."""
APART = 1e-3
"""Or so many seconds more."""
SIZES = ((2000, 64, 64), (400, 12, 10))
"""Samples and units: small, and tiny."""
PADDED = ((400, 17, 17), (650, 65, 65), (1300, 129, 129), (2600, 257, 257))
"""One unit more than fits in a size that programs are compiled for: nothing is padded by more."""


def rows(context: Context) -> Iterator[Row]:
    """Every function on small and on tiny pairs, and what padding costs where it is most; float64."""
    every = [(size, name) for size in SIZES for name in calls.CALLS]
    padded = [(size, name) for size in PADDED for name in ("match_profile", "minimal_match")]
    for (samples, n_x, n_y), names in groupby(every + padded, lambda row: row[0]):
        if context.quick and n_x > 12:
            continue
        pair = calls.on_device(*calls.pair(samples, n_x, n_y))
        for _, name in names:
            function = calls.CALLS[name]
            context.say(f"calls: {name}, {n_x}+{n_y}")
            compiled = jax.jit(function)
            sides = interleave({"plain": partial(function, *pair), "jitted": partial(compiled, *pair)}, context.repeats)
            plain, jitted = sides["plain"].timing, sides["jitted"].timing
            ratio, range_of = ratios(plain, jitted)
            apart = median(plain.seconds) - median(jitted.seconds)
            first = in_words(sides["plain"].first or 0.0)
            yield Row(
                f"`{name}` called plainly, {n_x}+{n_y} units, {len(pair[0]):,} samples; first call {first}",
                "the same under `jax.jit`",
                f"at most {ASKED:g}×, or {in_words(APART)} more",
                f"{ratio:.2f}× ({spread(range_of)}), {in_words(abs(apart))} {'more' if apart > 0 else 'less'}",
                ratio <= ASKED or apart <= APART,
                str(plain),
                str(jitted),
                _same(name, sides["plain"].result, sides["jitted"].result),
            )


def _same(name: str, plain: Any, jitted: Any) -> Check:
    """Sets are equal, and numbers to 1e-6; of compressed activations the inner products."""
    if name == "compress":
        plain, jitted = ([a.T @ b for a in sides for b in sides] for sides in (plain, jitted))

    def close(a: Any, b: Any) -> bool:
        return bool(np.allclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True))

    equal = all(jax.tree.leaves(jax.tree.map(close, plain, jitted)))
    return Check(equal, "equal results" if equal else "results differ")
