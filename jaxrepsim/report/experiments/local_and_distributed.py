"""Finding 3 of Li et al. 2015: codes mix local units with slightly, not fully, distributed ones."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxrepsim.report.figure import framed, over_layers, require, stacked_bars
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Floats, Results, names
from jaxrepsim.report.sections.sparse_prediction.prediction import counts_as, of_layer, predicted
from jaxrepsim.report.style import ACCENT, FAINT, Column, Look, paper_style

ENOUGH = 0.9
"""The share of its best held-out R² at which a unit counts as predicted."""
LEAST = 0.1
"""Below this best held-out R² a unit is hardly predicted by any number of units, and says nothing of the code."""
_STRIPE = "#101010"
"""On a dark page too: the bar beneath stays as bright."""
# Neighbours are told apart without colour too: every other one is hatched.
_LOOKS: tuple[tuple[str, Look], ...] = (
    ("none", {"facecolor": "#cc79a7", "hatch": "/////", "hatchcolor": _STRIPE}),
    ("1", {"facecolor": ACCENT}),
    ("2–4", {"facecolor": "#56b4e9", "hatch": "\\\\\\\\\\", "hatchcolor": _STRIPE}),
    ("5–16", {"facecolor": "#e69f00"}),
    ("more", {"facecolor": "#d55e00", "hatch": "\\\\\\\\\\", "hatchcolor": _STRIPE}),
    ("hardly predicted", {"facecolor": FAINT}),
)
_STARTS = (1, 2, 5, 17)
"""From how many predictors on a unit is of the next of these."""


class LocalRow(NamedTuple):
    """One layer: shares of the units of both networks and all pairs, which add up to 1."""

    layer: str
    units: int
    """That were predicted, over all pairs."""
    shares: list[float]
    """Predicted by coefficients none of which counts; by one unit, a local code; by two to four; by five to sixteen; by
    more; and hardly predicted, of which the best held-out R² is below 0.1.
    """


def units_needed(predictors: Floats, held_out: Floats) -> Floats:
    """The smallest number of predictors along the path that reaches nine tenths of a unit's best held-out R².

    Args:
        predictors: (penalty, units).
        held_out: The held-out R² at each penalty, (penalty, units); NaN where there is no unit.

    Returns:
        (units,): infinite for a unit that is hardly predicted; NaN where there is no unit.

    >>> path = np.array([[0.0, 0.5, 0.85, 0.9]]).T
    >>> units_needed(np.array([[0.0, 2.0, 5.0, 40.0]]).T, path)
    array([5.])
    """
    known = ~np.isnan(held_out).all(0)
    best = np.where(np.isnan(held_out), -np.inf, held_out).max(0)
    reached = np.nan_to_num(held_out, nan=-np.inf) >= ENOUGH * best
    needed = np.where(reached, predictors, np.inf).min(0)
    return np.where(known, np.where(best >= LEAST, needed, np.inf), np.nan)


def drawn_thresholds(results: Results) -> list[int]:
    """The indices of the smallest and of the largest threshold that a coefficient must pass to count."""
    values = results["sparse_prediction/threshold"].values
    return sorted({int(values.argmin()), int(values.argmax())}, key=lambda index: values[index])


def local_rows(results: Results, threshold: int) -> list[LocalRow]:
    """Shares of units by how many units of the other network it takes to predict them.

    Args:
        results: Results with the group `sparse_prediction`.
        threshold: The index of the threshold that a coefficient must pass to count.

    Returns:
        One row per layer that was predicted, from input to output.
    """
    rows = []
    for layer, name in enumerate(names(results, "layer")):
        predictors = of_layer(results, "predictors", layer)[:, :, threshold]
        held_out = of_layer(results, "held_out_r2", layer)
        needed = np.concatenate([units_needed(*pair) for pair in zip(predictors, held_out, strict=True)])
        needed = needed[~np.isnan(needed)]
        if len(needed):
            place = np.where(np.isinf(needed), len(_STARTS) + 1, np.searchsorted(_STARTS, needed, side="right"))
            shares = np.bincount(place, minlength=len(_LOOKS)) / len(needed)
            rows.append(LocalRow(name, len(needed), shares.tolist()))
    return rows


@paper_style()
def local_and_distributed(results: Results, column: Column = "single") -> Figure:
    """Draws those shares, one bar per layer, in one row of axes each for the smallest and the largest threshold.

    Args:
        results: Results with the group `sparse_prediction`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No unit was predicted.
    """
    require(predicted(results), "local_and_distributed")
    thresholds = drawn_thresholds(results)
    shares = [local_rows(results, threshold) for threshold in thresholds]
    labels = layer_labels([row.layer for row in shares[0]], column)
    handles = [Patch(label=label, edgecolor=look["facecolor"], **look) for label, look in _LOOKS]
    looks = [{"linewidth": 0.5, "edgecolor": look["facecolor"]} | look for _, look in _LOOKS]
    height = 1.3 * len(thresholds) + labels.height + 0.75
    with framed(column, height, handles, title="units that predict a unit") as figure:
        stack = figure.subplots(len(thresholds), 1, sharex=True, squeeze=False).ravel().tolist()
        for axes, threshold, rows in zip(stack, thresholds, shares, strict=True):
            stacked_bars(axes, np.transpose([row.shares for row in rows]), looks)
            axes.set_title(
                counts_as(float(results["sparse_prediction/threshold"].values[threshold])), loc="left", pad=3
            )
        over_layers(stack, labels)
    return figure
