"""The package against named baselines, as ratios, both sides in turn in one run: the table in docs/benchmarks.md.

python -m benchmarks.side_by_side                         some minutes; trains two small networks first
python -m benchmarks.side_by_side --run runs/digits_vgg   takes them from a finished run
python -m benchmarks.side_by_side --long                  also all 1,024 units of a pair, and 50 million samples

Ratios are medians over rounds, with the least and the largest in brackets. The exit status is 1 where a figure asked
for is not met, or where the two sides differ.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jax
import tyro
from rich.console import Console

from benchmarks import table
from benchmarks.context import Context
from benchmarks.environment import described
from benchmarks.rows import (
    assignment,
    calls,
    cka,
    correlation,
    epsilons,
    measures,
    minimal,
    profile,
    seeds,
    sparse,
    streaming,
    wide,
)
from jaxrepsim.progress_bars import Bars

Subject = Literal[
    "calls",
    "profile",
    "wide",
    "epsilons",
    "minimal",
    "streaming",
    "seeds",
    "cka",
    "measures",
    "correlation",
    "assignment",
    "sparse",
]
SUBJECTS: dict[Subject, Callable[[Context], Iterator[table.Row]]] = {
    "calls": calls.rows,
    "profile": profile.rows,
    "wide": wide.rows,
    "epsilons": epsilons.rows,
    "minimal": minimal.rows,
    "streaming": streaming.rows,
    "seeds": seeds.rows,
    "cka": cka.rows,
    "measures": measures.rows,
    "correlation": correlation.rows,
    "assignment": assignment.rows,
    "sparse": sparse.rows,
}


@dataclass(frozen=True)
class Options:
    """Prints the side-by-side table as GitHub markdown; progress goes to standard error."""

    run: Path | None = None
    """A finished run of configs/digits_vgg.py; without it two networks are trained here."""
    rows: tuple[Subject, ...] = tuple(SUBJECTS)
    """Which subjects."""
    repeats: int = 7
    """Rounds of each comparison."""
    baseline_units: int = 1
    """For how many units algorithm 2 is run by least squares: minutes each."""
    long: bool = False
    """Also the rows that take many minutes."""
    quick: bool = False
    """Everything at toy size, to see that it works."""


def main(options: Options) -> int:
    """Runs the rows that are asked for, and prints the table.

    Returns:
        0 where every figure asked for is met and both sides agree, else 1; at toy size only agreement counts.
    """
    bars = Bars(Console(stderr=True))
    context = Context(
        quick=options.quick,
        long=options.long,
        repeats=2 if options.quick else options.repeats,
        baseline_units=options.baseline_units,
        run=options.run,
        progress=bars,
        say=bars.say,
    )
    finished: list[table.Row] = []
    with jax.enable_x64(True), bars.live():
        for subject in options.rows:
            for row in SUBJECTS[subject](context):
                bars.say(
                    f"  {row.what}: {row.measured}; {row.ours} against {row.theirs or 'the clock'}; {row.check.words}"
                )
                finished.append(row)
    print(f"{described()}\n\n{table.side_by_side(finished)}")
    if options.quick:
        print("\nAt toy size: the figures mean nothing.")
    missed = any(row.met is False for row in finished) and not options.quick
    return int(missed or not all(row.check.passed for row in finished))


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
