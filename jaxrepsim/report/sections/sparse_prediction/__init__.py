"""One unit to many: how well units are predicted from few units of the other network."""

import numpy as np
from pandas import DataFrame
from xarray import Dataset, concat

from jaxrepsim.report.doubtful import cited, highest_and_lowest
from jaxrepsim.report.results import Results, names, over_known, rounded
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.sections.sparse_prediction import figures, prediction
from jaxrepsim.report.tables import Rows, by_layer, cells, long_table, page_rows

_PREDICTED = ("layer", "pair", "penalty", "unit")
VARIABLES: dict[str, Variable] = {
    **coordinates(
        PURE,
        penalty="L1 penalty: Weight of the L1 penalty of sparse prediction between standardised units; 0 is least "
        "squares.",
        threshold="threshold of a coefficient: Size of a coefficient between standardised units beyond which the unit "
        "counts as a predictor.",
    ),
    **Alike(_PREDICTED, PURE).of_sides(
        fitted_r2="fitted R² of the {own} network's units: Share of the variance of the {own} network's unit that "
        "units of the {other} explain on the images that were fitted; NaN for a unit that never varies.",
        held_out_r2="held-out R² of the {own} network's units: Share of the variance of the {own} network's unit that "
        "units of the {other} explain on images that were not fitted, which may be negative; NaN for a unit that never "
        "varies.",
    ),
    **Alike(("layer", "pair", "penalty", "threshold", "unit"), COUNT).of_sides(
        predictors="predictors of the {own} network's units: Number of units of the {other} network whose coefficient "
        "in the prediction of the {own} network's unit, between standardised units, is beyond threshold.",
    ),
    **Alike(("layer",), COUNT).named(
        fitted_samples="fitted samples: Number of rows of activations that predictions were fitted on.",
        held_out_samples="held-out samples: Number of rows of activations that predictions were measured on and not "
        "fitted.",
    ),
}
"""Of all images and positions, centred; padded with NaN, and predictors with −1."""


def prediction_rows(results: Results) -> Rows:
    """The table of sparse prediction.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        One row per layer and penalty for which it was computed, from input to output and from the largest penalty on:
        `layer`; `penalty`; `best`, whether the mean held-out R² of the layer is highest here; `fitted`, R² on the
        inputs that were fitted; `held_out`, on the others; `predictors` of a unit, by threshold, from the smallest.
        Cells are means over units, then over pairs.
    """
    found, penalties = prediction.tradeoff(results), prediction.penalty_labels(results)
    means = [over_known(values) for values in (found.fitted, found.held_out, *np.moveaxis(found.predictors, -1, 0))]
    fitted, held_out, *predictors = (cells(values) for values in means)
    layers = names(results, "layer")
    columns = {
        "layer": np.repeat(layers, len(penalties)),
        "penalty": penalties * len(layers),
        "best": (prediction.best_penalties(found.held_out)[:, None] == np.arange(len(penalties))).ravel(),
        "fitted": fitted,
        "held_out": held_out,
        "predictors": list(zip(*predictors, strict=True)),
    }
    return page_rows(columns, np.flatnonzero(~np.isnan([part.mean for part in means[:2]]).all(0)).tolist())


def prediction_table(results: Results) -> DataFrame:
    """How well units are predicted from few units of the other network.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        One row per layer, pair, predicted side (x or y) and penalty: means over units of R² on fitted and on held-out
        inputs, and of the number of predictors beyond each threshold.
    """
    group = results["sparse_prediction"].to_dataset().astype(np.float64)
    sides: list[Dataset] = []
    for side in "xy":
        columns = {f"{part}_r2": group[f"{part}_r2_{side}"].mean("unit") for part in ("fitted", "held_out")}
        predictors = group[f"predictors_{side}"]
        means = predictors.where(predictors >= 0).mean("unit")
        for place, threshold in enumerate(group["threshold"].values):
            columns[f"predictors_beyond_{threshold:g}"] = means.isel(threshold=place, drop=True)
        sides.append(Dataset(columns).expand_dims(predicted=[side]))
    return long_table(concat(sides, "predicted"), ["layer", "pair", "predicted", "penalty"], "fitted_r2")


def _sentences(results: Results) -> list[str]:
    if not prediction.predicted(results):
        return []
    best, layers = prediction.best_prediction(results), cited(results)
    held_out = over_known(best.held_out).mean
    predictors = over_known(best.predictors[..., 0]).mean
    single = over_known(prediction.single_mean(results)).mean

    def at(layer: int) -> str:
        one = "" if np.isnan(single[layer]) else f"; squared correlation with the best one: {rounded(single[layer])}"
        return f"{rounded(held_out[layer])} in {layers[layer]} (from {predictors[layer]:.3g} units{one})"

    over = "" if results.sizes["pair"] == 1 else ", averaged over pairs,"
    return [
        "Predicted from units of the other network, at the best penalty of each layer, units have a mean R² on "
        f"held-out images{over} of {highest_and_lowest(held_out, at)}."
    ]


SECTION = Section(
    title="One to many",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {
        "rows": by_layer(prediction_rows(results)),
        "counted": prediction.thresholds_in_words(results),
    },
    sentences=_sentences,
    figures=(figures.CURVES, figures.PREDICTORS),
    tables={"sparse_prediction": prediction_table},
)
