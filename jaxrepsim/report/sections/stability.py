"""Where the theorem on unique decompositions applies: bounds on angles, stable values of ε, verdicts."""

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.results import Results, names, plural
from jaxrepsim.report.section import PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.tables import Rows, long_table, page_rows

VARIABLES: dict[str, Variable] = {
    **coordinates(interval="stable interval: Index of the interval of ε."),
    **Alike(("layer", "network"), "rad").named(
        theta_lower="lower bound of θ: Proven lower bound of the angle θ of strong linear independence of the "
        "network's units; 0 where they are dependent.",
        theta_upper="upper bound of θ: Upper bound of the angle θ of strong linear independence, the least that was "
        "found.",
    ),
    **Alike(("layer", "pair", "epsilon")).named(
        stable="whether ε is stable: 1 where ε is proven stable, so that the decomposition is unique, 0 where it is "
        "proven not to be, −1 where undecided.",
    ),
    **Alike(("layer", "pair", "interval"), PURE).named(
        stable_from="start of a stable interval: Start, included, of an interval of ε that the profile does not rule "
        "out at λ = 2 / sin(theta_lower) + 1.",
        stable_to="end of a stable interval: End, excluded, of an interval of ε that the profile does not rule out at "
        "λ = 2 / sin(theta_lower) + 1.",
    ),
}


_VERDICTS = {1: "stable", 0: "not stable", -1: "undecided"}
_BOUNDS = ["theta_lower_degrees", "theta_upper_degrees", "lambda_lower", "lambda_upper"]


def stability_rows(results: Results) -> Rows:
    """The table of stability.

    Args:
        results: Results with the group `stability`.

    Returns:
        One row per `layer` for which it was computed: `degrees`, the lower and the upper bound of θ, each the smallest
        of any network; `factor`, the λ that go with the upper and with the lower bound, infinite where θ may be 0;
        `intervals` of ε that the profile does not rule out, where they start and end, of the pairs that have any; the
        `longest` of these, None where there is none; `verdicts` at each ε of the run, how many pairs have which, of
        those that any has.
    """
    group = _computed(results)
    bounds = group[_BOUNDS].to_dataframe().to_numpy()
    intervals = [
        {
            pair: ends[~np.isnan(ends[:, 0])].tolist()
            for pair, ends in zip(names(results, "pair"), of_pairs, strict=True)
            if not np.isnan(ends).all()
        }
        for of_pairs in np.stack([group["stable_from"].values, group["stable_to"].values], -1)
    ]
    columns = {
        "layer": group["layer"].values,
        "degrees": bounds[:, :2].tolist(),
        "factor": bounds[:, 2:].tolist(),
        "intervals": intervals,
        "longest": [max(chain.from_iterable(found.values()), key=np.ptp, default=None) for found in intervals],
        "verdicts": [
            [
                {word: int((codes == code).sum()) for code, word in _VERDICTS.items() if code in codes}
                for codes in layer.T
            ]
            for layer in group["stable"].values
        ],
    }
    return page_rows(columns)


def stability_factor(theta: ArrayLike) -> Any:
    """λ = 2 / sin θ + 1: two ε-matches meet in a λε-match.

    Args:
        theta: The angle of strong linear independence, in radians.

    Returns:
        λ, infinite at 0.

    >>> float(stability_factor(3.141592653589793 / 2))
    3.0
    """
    with np.errstate(divide="ignore"):
        return 2 / np.sin(theta) + 1


def stability_table(results: Results) -> DataFrame:
    """Bounds, verdicts and stable values of ε.

    Args:
        results: Results with the group `stability`.

    Returns:
        One row per layer, ε and pair: bounds of θ (the smallest of any network) and of λ, the verdict, and the stable
        intervals of the pair as `from:to`, separated by spaces.
    """
    group, intervals = _computed(results), {row.layer: row.intervals for row in stability_rows(results)}
    table = long_table(group[_BOUNDS].assign(verdict=group["stable"]), ["layer", "epsilon", "pair"], "verdict")
    ends = [intervals[layer].get(pair, []) for layer, pair in zip(table["layer"], table["pair"], strict=True)]
    return table.assign(
        verdict=table["verdict"].map(_VERDICTS.get),
        stable_intervals=[" ".join(f"{low:.6g}:{high:.6g}" for low, high in of_pair) for of_pair in ends],
    )


def _computed(results: Results) -> Dataset:
    """The group in the layers whose stability was computed, with bounds: of θ, the least of any network, and of λ."""
    group = results["stability"].to_dataset()
    group = group.isel(layer=group["theta_lower"].notnull().any("network").values)
    lower, upper = group["theta_lower"].min("network"), group["theta_upper"].min("network")
    bounds = (np.degrees(lower), np.degrees(upper), stability_factor(upper), stability_factor(lower))
    return group.assign(dict(zip(_BOUNDS, bounds, strict=True)))


def _sentences(results: Results) -> list[str]:
    verdicts = _computed(results)["stable"].values
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
    title="Stability",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": stability_rows(results)},
    sentences=_sentences,
    tables={"stability": stability_table},
)
