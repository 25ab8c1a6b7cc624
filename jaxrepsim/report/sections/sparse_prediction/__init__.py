"""One unit to many: how well units are predicted from few units of the other network."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pandas import DataFrame
from xarray import DataTree

from jaxrepsim.report.cells import cells
from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.extremes import highest_and_lowest
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections.sparse_prediction import curves, predictors_needed
from jaxrepsim.report.sections.sparse_prediction.prediction import (
    best_penalties,
    best_prediction,
    counts_as,
    penalty_labels,
    predicted,
    single_mean,
    smallest_threshold,
    tradeoff,
)
from jaxrepsim.report.summaries import names, over_known, rounded
from jaxrepsim.report.tables import Cell, by_layer
from jaxrepsim.report.variable import COUNT, PURE, Variable, of_sides

_PREDICTED = ("layer", "pair", "penalty", "unit")
VARIABLES: dict[str, Variable] = {
    "penalty": Variable(
        ("penalty",),
        "L1 penalty",
        "Weight of the L1 penalty of sparse prediction between standardised units; 0 is least squares.",
        PURE,
    ),
    "threshold": Variable(
        ("threshold",),
        "threshold of a coefficient",
        "Size of a coefficient between standardised units beyond which the unit counts as a predictor.",
        PURE,
    ),
    **of_sides(
        "fitted_r2",
        _PREDICTED,
        "fitted R² of the {own} network's units",
        "Share of the variance of the {own} network's unit that units of the {other} explain on the images that were "
        "fitted; NaN for a unit that never varies.",
        PURE,
    ),
    **of_sides(
        "held_out_r2",
        _PREDICTED,
        "held-out R² of the {own} network's units",
        "Share of the variance of the {own} network's unit that units of the {other} explain on images that were not "
        "fitted, which may be negative; NaN for a unit that never varies.",
        PURE,
    ),
    **of_sides(
        "predictors",
        ("layer", "pair", "penalty", "threshold", "unit"),
        "predictors of the {own} network's units",
        "Number of units of the {other} network whose coefficient in the prediction of the {own} network's unit, "
        "between standardised units, is beyond threshold.",
        COUNT,
    ),
    "fitted_samples": Variable(
        ("layer",), "fitted samples", "Number of rows of activations that predictions were fitted on.", COUNT
    ),
    "held_out_samples": Variable(
        ("layer",),
        "held-out samples",
        "Number of rows of activations that predictions were measured on and not fitted.",
        COUNT,
    ),
}
"""Of all images and positions, centred; padded with NaN, and predictors with −1."""


class Predictors(NamedTuple):
    """Predictors that pass one threshold."""

    counted: str
    """Which count, in words."""
    mean: Cell
    """Of a unit, over pairs; NaN where not computed."""


class PredictionRow(NamedTuple):
    """One layer at one penalty: means over units, then over pairs."""

    layer: str
    penalty: str
    best: bool
    """Whether the mean held-out R² of the layer is highest here."""
    fitted: Cell
    """R² on the inputs that were fitted."""
    held_out: Cell
    """R² on the others."""
    predictors: list[Predictors]
    """By threshold, from the smallest."""


def prediction_rows(results: DataTree) -> list[PredictionRow]:
    """The table of sparse prediction.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        One row per layer and penalty for which it was computed, from input to output and from the largest penalty on.
    """
    if not predicted(results):
        return []
    found = tradeoff(results)
    best = best_penalties(found.held_out)
    thresholds = results["sparse_prediction/threshold"].values
    order = np.argsort(thresholds, kind="stable")
    counted = [counts_as(float(thresholds[index])) for index in order]
    penalties = penalty_labels(results)
    rows = []
    for layer, name in enumerate(names(results, "layer")):
        fitted, held_out = (cells(over_known(values[layer], 0)) for values in (found.fitted, found.held_out))
        predictors = [cells(over_known(found.predictors[layer, ..., index], 0)) for index in order]
        for place, penalty in enumerate(penalties):
            if np.isnan([fitted[place].mean, held_out[place].mean]).all():
                continue
            means = [Predictors(text, column[place]) for text, column in zip(counted, predictors, strict=True)]
            at_best = place == best[layer]
            rows.append(PredictionRow(name, penalty, at_best, fitted[place], held_out[place], means))
    return rows


def prediction_table(results: DataTree) -> DataFrame:
    """How well units are predicted from few units of the other network.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        One row per layer, pair, predicted side (x or y) and penalty: means over units of R² on fitted and on held-out
        inputs, and of the number of predictors beyond each threshold.
    """
    group = results["sparse_prediction"]
    thresholds = [f"predictors_beyond_{value:g}" for value in group["threshold"].values]
    rows = []
    for side in "xy":
        fitted, held_out = (over_known(group[f"{part}_r2_{side}"].values, -1).mean for part in ("fitted", "held_out"))
        counts = group[f"predictors_{side}"].values
        predictors = over_known(np.where(counts < 0, np.nan, counts), -1).mean
        for layer, pair, penalty in np.argwhere(~np.isnan(fitted)).tolist():
            at = (layer, pair, penalty)
            rows.append([layer, pair, side, penalty, fitted[at], held_out[at], *predictors[at]])
    columns = ["layer", "pair", "predicted", "penalty", "fitted_r2", "held_out_r2", *thresholds]
    table = DataFrame(rows, columns=columns).sort_values(["layer", "pair", "predicted", "penalty"], kind="stable")
    for dim in ("layer", "pair", "penalty"):
        table[dim] = [group[dim].values[index] for index in table[dim]]
    return table


def _sentences(results: DataTree) -> list[str]:
    if not predicted(results):
        return []
    best, layers = best_prediction(results), cited(results)
    held_out = over_known(best.held_out).mean
    predictors = over_known(best.predictors[..., smallest_threshold(results)]).mean
    single = over_known(single_mean(results)).mean

    def at(layer: int) -> str:
        one = "" if np.isnan(single[layer]) else f"; squared correlation with the best one: {rounded(single[layer])}"
        return f"{rounded(held_out[layer])} in {layers[layer]} (from {predictors[layer]:.3g} units{one})"

    over = "" if results.sizes["pair"] == 1 else ", averaged over pairs,"
    return [
        "Predicted from units of the other network, at the best penalty of each layer, units have a mean R² on "
        f"held-out images{over} of {highest_and_lowest(held_out, at)}."
    ]


def _context(results: DataTree) -> dict[str, Any]:
    return {"rows": by_layer(prediction_rows(results))}


SECTION = Section(
    name="sparse_prediction",
    title="One to many",
    template=Path(__file__).with_name("sparse_prediction.html"),
    variables=VARIABLES,
    context=_context,
    sentences=_sentences,
    figures=(curves.DRAWING, predictors_needed.DRAWING),
    tables={"sparse_prediction": prediction_table},
)
