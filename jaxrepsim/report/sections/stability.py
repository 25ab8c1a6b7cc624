"""Where the theorem on unique decompositions applies: bounds on angles, stable values of ε, verdicts."""

from itertools import chain
from typing import NamedTuple

import numpy as np
from pandas import DataFrame

from jaxrepsim.report.results import Floats, Ints, Results, names, over_known, plural
from jaxrepsim.report.section import PURE, Section, Variable

_INTERVAL = ("layer", "pair", "interval")
_ENDS = (("from", "start", "Start, included"), ("to", "end", "End, excluded"))
VARIABLES: dict[str, Variable] = {
    "interval": Variable(("interval",), "stable interval", "Index of the interval of ε."),
    "theta_lower": Variable(
        ("layer", "network"),
        "lower bound of θ",
        "Proven lower bound of the angle θ of strong linear independence of the network's units; 0 where they are "
        "dependent.",
        "rad",
    ),
    "theta_upper": Variable(
        ("layer", "network"),
        "upper bound of θ",
        "Upper bound of the angle θ of strong linear independence, the least that was found.",
        "rad",
    ),
    "stable": Variable(
        ("layer", "pair", "epsilon"),
        "whether ε is stable",
        "1 where ε is proven stable, so that the decomposition is unique, 0 where it is proven not to be, −1 "
        "where undecided.",
    ),
    **{
        f"stable_{end}": Variable(
            _INTERVAL,
            f"{word} of a stable interval",
            f"{start}, of an interval of ε that the profile does not rule out at λ = 2 / sin(theta_lower) + 1.",
            PURE,
        )
        for end, word, start in _ENDS
    },
}


_VERDICTS = {1: "stable", 0: "not stable", -1: "undecided"}
Intervals = list[tuple[float, float]]
"""Where they start and end: values of ε that the profile of one pair does not rule out."""


class StabilityRow(NamedTuple):
    """One layer."""

    layer: str
    degrees: tuple[float, float]
    """Lower and upper bound of θ, each the smallest of any network."""
    factor: tuple[float, float]
    """The λ that go with the upper and the lower bound: (smallest, largest); infinite where θ may be 0."""
    intervals: dict[str, Intervals]
    """Of the pairs that have any."""
    verdicts: list[dict[str, int]]
    """At each ε of the run: how many pairs have which verdict, of those that any has."""

    @property
    def longest(self) -> tuple[float, float] | None:
        """The widest interval of any pair."""
        ends = chain.from_iterable(self.intervals.values())
        return max(ends, key=lambda interval: interval[1] - interval[0], default=None)


def stability_rows(results: Results) -> list[StabilityRow]:
    """The table of stability.

    Args:
        results: Results with the group `stability`.

    Returns:
        One row per layer for which it was computed.
    """
    layers, pairs = names(results, "layer"), names(results, "pair")
    group = results["stability"]
    lower, upper = (over_known(group[bound].values).low for bound in ("theta_lower", "theta_upper"))
    starts, stops, verdicts = (group[name].values for name in ("stable_from", "stable_to", "stable"))
    rows = []
    for layer in _computed(results):
        ends = [_ends(*both) for both in zip(starts[layer], stops[layer], strict=True)]
        rows.append(
            StabilityRow(
                layer=layers[layer],
                degrees=(float(np.degrees(lower[layer])), float(np.degrees(upper[layer]))),
                factor=(stability_factor(upper[layer]), stability_factor(lower[layer])),
                intervals={pair: of_pair for pair, of_pair in zip(pairs, ends, strict=True) if of_pair},
                verdicts=[_counted(codes) for codes in verdicts[layer].T],
            )
        )
    return rows


def stability_factor(theta: float) -> float:
    """λ = 2 / sin θ + 1: two ε-matches meet in a λε-match.

    Args:
        theta: The angle of strong linear independence, in radians.

    Returns:
        λ, infinite at 0.

    >>> stability_factor(3.141592653589793 / 2)
    3.0
    """
    if theta > 0:
        return float(2 / np.sin(theta) + 1)
    return float("nan" if np.isnan(theta) else "inf")


def stability_table(results: Results) -> DataFrame:
    """Bounds, verdicts and stable values of ε.

    Args:
        results: Results with the group `stability`.

    Returns:
        One row per layer, ε and pair: bounds of θ (the smallest of any network) and of λ, the verdict, and the stable
        intervals of the pair as `from:to`, separated by spaces.
    """
    pairs = names(results, "pair")
    verdicts = results["stability/stable"].values[_computed(results)]
    rows = []
    for row, codes in zip(stability_rows(results), verdicts, strict=True):
        ends = [" ".join(f"{low:.6g}:{high:.6g}" for low, high in row.intervals.get(pair, [])) for pair in pairs]
        for (epsilon, pair), code in np.ndenumerate(codes.T):
            start = [row.layer, results["epsilon"].values[epsilon], pairs[pair], *row.degrees, *row.factor]
            rows.append([*start, _VERDICTS[code], ends[pair]])
    bounds = ["theta_lower_degrees", "theta_upper_degrees", "lambda_lower", "lambda_upper"]
    return DataFrame(rows, columns=["layer", "epsilon", "pair", *bounds, "verdict", "stable_intervals"])


def _computed(results: Results) -> list[int]:
    """The layers whose stability was computed."""
    return np.flatnonzero(results["stability/theta_lower"].notnull().any("network")).tolist()


def _ends(starts: Floats, stops: Floats) -> Intervals:
    known = ~np.isnan(starts)
    return list(zip(starts[known].tolist(), stops[known].tolist(), strict=True))


def _counted(codes: Ints) -> dict[str, int]:
    counts = {word: int((codes == code).sum()) for code, word in _VERDICTS.items()}
    return {word: count for word, count in counts.items() if count}


def _sentences(results: Results) -> list[str]:
    verdicts = results["stability/stable"].values[_computed(results)]
    if not len(verdicts):
        return []
    cases, stable, unstable = verdicts.size, int((verdicts == 1).sum()), int((verdicts == 0).sum())
    subject = f"{plural(cases, 'case')} (layer, pair and ε)"
    if not stable:
        start = f"In none of {subject} is the theorem on unique decompositions proven to apply"
    else:
        layers = int((verdicts == 1).any((1, 2)).sum())
        start = (
            f"In {stable:,} of {subject} the theorem on unique decompositions is proven to apply, in {layers} of "
            f"{plural(len(verdicts), 'layer')}"
        )
    return [f"{start}; in {unstable:,} it is proven not to, in {cases - stable - unstable:,} undecided."]


SECTION = Section(
    name="stability",
    title="Stability",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": stability_rows(results)},
    sentences=_sentences,
    tables={"stability": stability_table},
)
