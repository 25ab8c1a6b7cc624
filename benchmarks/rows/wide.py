"""Wide pairs, each question in a process of its own: time against eight n³ matrix products, and memory."""

from collections.abc import Iterator

from benchmarks.context import Context
from benchmarks.table import Check, Row
from benchmarks.timing import in_words
from benchmarks.wide_memory import EPSILON, EPSILONS, SEARCHED, in_a_process

TIMES = 4.0
"""Of eight products of (n, n) matrices, that a profile may take."""
WORDS = 12.0
"""Numbers of float64 for each of n² that a question may hold, the raw activations left out."""


def rows(context: Context) -> Iterator[Row]:
    """1,024 and 2,048 units a side; with `long` 4,096, and minimal matches of 2,048 and more."""
    sizes = [context.size(units, toy) for units, toy in ((1024, 12), (2048, 20), (4096, 24))]
    for units in sizes if context.long else sizes[:2]:
        yield _row(context, units, "profile", "`match_profile`")
        yield _row(context, units, "sets", f"maximum match at {len(EPSILONS)} ε, by `match_profile`")
        if context.long or units == sizes[0]:
            yield _row(context, units, "minimal", f"`minimal_matches` of {SEARCHED} units at ε = {EPSILON}")


def _row(context: Context, units: int, question: str, what: str) -> Row:
    context.say(f"{what}: {units:,}+{units:,} units, in a process of its own")
    wide = in_a_process(units, question)
    times, words = wide.seconds / (8 * wide.product), wide.words(units)
    limit = TIMES if question != "minimal" else None
    return Row(
        what=f"{what}, {units:,}+{units:,} units, {4 * units:,} samples, planted, plain call in a process of its own",
        against="eight n³ matrix products, jitted",
        asked=(f"at most {limit:g}×, " if limit else "") + f"at most {WORDS:g} n² words",
        measured=f"{times:.3g}×, {words:.3g} n² words above the activations",
        met=words <= WORDS and (limit is None or times <= limit),
        ours=f"{in_words(wide.seconds)}; the first call {in_words(wide.first)}, with compilation",
        theirs=in_words(8 * wide.product),
        check=Check(wide.wrong == 0, f"{wide.wrong:.0f} units contradict the definitions, by NumPy"),
    )
