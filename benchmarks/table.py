"""A row of the side-by-side table, and the table as GitHub markdown."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.timing import Timing, in_words, ratios, spread


class Check(NamedTuple):
    """Whether both sides gave the same in the run that was timed."""

    passed: bool
    words: str


class Row(NamedTuple):
    """One comparison."""

    what: str
    against: str
    asked: str
    """The figure asked for; empty for information."""
    measured: str
    met: bool | None
    """None for information."""
    ours: str
    theirs: str
    check: Check


def no_slower(what: str, against: str, limit: float | None, ours: Timing, theirs: Timing, check: Check) -> Row:
    """A row that asks for at most `limit` times the baseline's time."""
    ratio, all_ratios = ratios(ours, theirs)
    asked = "" if limit is None else f"at most {limit:g}×"
    met = None if limit is None else ratio <= limit
    return Row(what, against, asked, f"{ratio:.2f}× ({spread(all_ratios)})", met, str(ours), str(theirs), check)


def faster(what: str, against: str, limit: float | None, ours: Timing, theirs: Timing, check: Check) -> Row:
    """A row that asks for at least `limit` times the baseline's speed."""
    ratio, all_ratios = ratios(theirs, ours)
    asked = "" if limit is None else f"at least {limit:g}× faster"
    met = None if limit is None else ratio >= limit
    measured = f"{ratio:.3g}× faster ({spread(all_ratios)})"
    return Row(what, against, asked, measured, met, str(ours), str(theirs), check)


def within(what: str, limit: float, ours: Timing, check: Check) -> Row:
    """A row that asks for at most so many seconds."""
    return Row(what, "", f"within {in_words(limit)}", str(ours), ours.median <= limit, str(ours), "", check)


def side_by_side(rows: Sequence[Row]) -> str:
    """The table as GitHub markdown."""
    heads = ("what", "against", "asked for", "measured", "met", "ours", "baseline", "checked in the same run")
    verdict = {True: "yes", False: "**no**", None: ""}
    return markdown(
        heads,
        [
            (
                row.what,
                row.against,
                row.asked or "–",
                row.measured,
                verdict[row.met],
                row.ours,
                row.theirs,
                row.check.words if row.check.passed else f"**differs**: {row.check.words}",
            )
            for row in rows
        ],
    )


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Any table as GitHub markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
