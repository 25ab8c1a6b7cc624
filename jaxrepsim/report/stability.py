"""Where the theorem on unique decompositions applies: bounds on angles, stable values of ε, verdicts."""

from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.summaries import Floats, epsilon_labels, names


class Verdicts(NamedTuple):
    """Pairs by verdict, at one ε."""

    stable: int
    unstable: int
    undecided: int


class Intervals(NamedTuple):
    """Values of ε that the profile of one pair does not rule out."""

    pair: str
    ends: list[tuple[float, float]]


class StabilityRow(NamedTuple):
    """One layer."""

    layer: str
    degrees: tuple[float, float]
    """Lower and upper bound of θ, each the smallest of any network."""
    factor: tuple[float, float]
    """The λ that go with the upper and the lower bound: (smallest, largest); infinite where θ may be 0."""
    intervals: list[Intervals]
    """Of the pairs that have any."""
    verdicts: list[Verdicts]
    """At each ε of the run."""

    @property
    def longest(self) -> tuple[float, float] | None:
        """The widest interval of any pair."""
        ends = [ends for pair in self.intervals for ends in pair.ends]
        return max(ends, key=lambda interval: interval[1] - interval[0], default=None)


def looked_at(results: Dataset) -> Dataset:
    """The results of those layers whose stability was computed."""
    return results.isel(layer=np.flatnonzero(np.isfinite(results["theta_lower"].values).any(axis=1)))


def stability_rows(results: Dataset) -> list[StabilityRow]:
    """The table of stability.

    Args:
        results: The Dataset, with the group `stability`.

    Returns:
        One row a layer for which it was computed.
    """
    results = looked_at(results)
    pairs = names(results, "pair")
    rows = []
    for layer, name in enumerate(names(results, "layer")):
        lower, upper = (_least(results[bound].values[layer]) for bound in ("theta_lower", "theta_upper"))
        verdicts = results["stable"].values[layer]
        starts, stops = (results[end].values[layer] for end in ("stable_from", "stable_to"))
        intervals = []
        for index, pair in enumerate(pairs):
            known = ~np.isnan(starts[index])
            if known.any():
                ends = zip(starts[index][known].tolist(), stops[index][known].tolist(), strict=True)
                intervals.append(Intervals(pair, list(ends)))
        rows.append(
            StabilityRow(
                layer=name,
                degrees=(float(np.degrees(lower)), float(np.degrees(upper))),
                factor=(stability_factor(upper), stability_factor(lower)),
                intervals=intervals,
                verdicts=[
                    Verdicts(*(int((verdicts[:, epsilon] == kind).sum()) for kind in (1, 0, -1)))
                    for epsilon in range(len(epsilon_labels(results)))
                ],
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


def _least(bounds: Floats) -> float:
    known = bounds[~np.isnan(bounds)]
    return float(known.min()) if len(known) else float("nan")
