"""The linear measures of a pair of networks against its match profile."""

from collections.abc import Iterator
from functools import partial

import jaxrepsim
from benchmarks.context import Context
from benchmarks.planted import planted
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import interleave
from jaxrepsim import compression, measures
from jaxrepsim.measures import LINEAR, MEASURES

ASKED = 0.2
"""The share of the time of a match profile that all linear measures of a pair may take."""
BY_PRODUCTS = ("linear_cka", "debiased_cka")
OF_SINGULAR_VALUES = (*BY_PRODUCTS, "procrustes", "angular_procrustes", "bures")


def rows(context: Context) -> Iterator[Row]:
    """All of them, and those that are in reach of a fifth."""
    for units in (context.size(128, 6), context.size(512, 12)):
        context.say(f"linear measures of a pair: {units}+{units} units")
        samples = context.size(10_000, 400)
        pair = compression.summarise(*planted(0, samples, units))
        small = [network.rows for network in pair]
        named = {"all": LINEAR, "values": OF_SINGULAR_VALUES, "products": BY_PRODUCTS}
        calls = {key: partial(measures.of_all_pairs, pair, names=names) for key, names in named.items()}
        sides = interleave({**calls, "profile": lambda small=small: jaxrepsim.match_profile(*small)}, context.repeats)
        apart = max(
            abs(float(values[0]) - float(MEASURES[name].function(*pair)))
            for name, values in sides["all"].result.items()
        )
        check = Check(apart < 1e-9, f"each as by its own function to {apart:.0e}")
        words = {
            "all": f"all {len(LINEAR)} linear measures",
            "values": "linear and debiased CKA, Procrustes distance, angle and cosine",
            "products": "linear and debiased CKA",
        }
        for key, what in words.items():
            yield no_slower(
                f"{what} of a pair, {units}+{units} units, after the shared pass",
                "`match_profile` of the same compressions",
                ASKED if key == "all" else None,
                sides[key].timing,
                sides["profile"].timing,
                check,
            )
