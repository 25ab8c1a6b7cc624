"""What sparse prediction gives, counted from the results: what its tables, plots and experiments share."""

from typing import NamedTuple

import numpy as np

from jaxrepsim.report.results import Floats, Ints, Results, known_layers, over_known


class Tradeoff(NamedTuple):
    """Means over the units of both networks of a pair, from the largest penalty to the smallest; NaN: not computed.

    At the best penalty of each layer (`best_prediction`) the axis of penalties is not there.
    """

    fitted: Floats
    """R² on the inputs that were fitted, (layer, pair, penalty)."""
    held_out: Floats
    """R² on the others, (layer, pair, penalty)."""
    predictors: Floats
    """Predictors beyond each threshold, from the smallest, (layer, pair, penalty, threshold)."""


def predicted(results: Results) -> bool:
    """Whether any unit was predicted."""
    return any(known_layers(results, f"sparse_prediction/held_out_r2_{side}") for side in "xy")


def penalty_order(results: Results) -> Ints:
    """Indices of the penalties, from the largest to the smallest."""
    return np.argsort(-results["sparse_prediction/penalty"].values, kind="stable")


def penalty_labels(results: Results) -> list[str]:
    """Each penalty, from the largest to the smallest, in full: 0.00001, not 1e-05."""
    return [decimal(value) for value in results["sparse_prediction/penalty"].values[penalty_order(results)]]


def decimal(value: float) -> str:
    """A number in full.

    >>> decimal(1e-5), decimal(0.0), decimal(0.1)
    ('0.00001', '0', '0.1')
    """
    return np.format_float_positional(value, trim="-")


def threshold_order(results: Results) -> Ints:
    """Indices of the thresholds, from the smallest to the largest."""
    return np.argsort(results["sparse_prediction/threshold"].values, kind="stable")


def thresholds_in_words(results: Results) -> list[str]:
    """Which predictors count at each threshold, from the smallest to the largest."""
    return [counts_as(value) for value in results["sparse_prediction/threshold"].values[threshold_order(results)]]


def counts_as(threshold: float) -> str:
    """Which predictors count, in words.

    >>> counts_as(0.0), counts_as(0.1)
    ('coefficient other than 0', 'coefficient beyond ±0.1')
    """
    return f"coefficient beyond ±{decimal(threshold)}" if threshold > 0 else "coefficient other than 0"


def of_layer(results: Results, name: str, layer: int) -> Floats:
    """A variable of one layer for the units of both networks, from the largest penalty to the smallest.

    Args:
        results: Results with the group `sparse_prediction`.
        name: `fitted_r2`, `held_out_r2` or `predictors`.
        layer: The index of the layer.

    Returns:
        (pair, penalty, ..., x units then y units), NaN where there is no unit or nothing was computed.
    """
    order = penalty_order(results)
    sides = [results[f"sparse_prediction/{name}_{side}"].values[layer][:, order] for side in "xy"]
    both = np.concatenate(sides, axis=-1)
    return np.where(both < 0, np.nan, both) if name == "predictors" else both.astype(np.float64)


def tradeoff(results: Results) -> Tradeoff:
    """Accuracy against the number of predictors as the penalty falls.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        The means of each layer, pair and penalty.
    """
    # One layer at a time: all units of all layers and penalties at once may not fit beside a copy of themselves.
    fitted, held_out, predictors = (
        np.stack([over_known(of_layer(results, name, layer), -1).mean for layer in range(results.sizes["layer"])])
        for name in ("fitted_r2", "held_out_r2", "predictors")
    )
    return Tradeoff(fitted, held_out, predictors[..., threshold_order(results)])


def best_penalties(held_out: Floats) -> Ints:
    """The penalty of each layer at which the mean held-out R² is highest; of equal ones the largest.

    Args:
        held_out: As in `Tradeoff`.

    Returns:
        Its place in the falling order of penalties, (layer,); −1 where the layer was not computed.
    """
    means = over_known(held_out).mean
    return np.where(np.isnan(means).all(1), -1, np.where(np.isnan(means), -np.inf, means).argmax(1))


def best_prediction(results: Results) -> Tradeoff:
    """The means at the penalty of each layer at which the mean held-out R² is highest.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        The means of each layer and pair, without the axis of penalties.
    """
    curves = tradeoff(results)
    best = best_penalties(curves.held_out)
    return Tradeoff(*(values[np.arange(len(best)), :, best] for values in curves))


def single_r2(results: Results, layer: int) -> Floats:
    """The share of a unit's variance that the best single unit of the other network explains: its squared correlation.

    Args:
        results: The tree of results.
        layer: The index of the layer.

    Returns:
        (pair, x units then y units); NaN where there is no unit, or the results hold no correlations.
    """
    if "one_to_one" not in results.children:
        return np.full((results.sizes["pair"], 2 * results["sparse_prediction"].sizes["unit"]), np.nan)
    squared = results["one_to_one/correlation"].values[layer].astype(np.float64) ** 2
    return np.concatenate([over_known(squared, -1).high, over_known(squared, -2).high], axis=-1)


def single_mean(results: Results) -> Floats:
    """The mean of `single_r2` over those units of each layer and pair whose prediction was measured.

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        (layer, pair), NaN where the results hold no correlations.
    """
    means = []
    for layer in range(results.sizes["layer"]):
        measured = (~np.isnan(of_layer(results, "held_out_r2", layer))).any(1)
        means.append(over_known(np.where(measured, single_r2(results, layer), np.nan), -1).mean)
    return np.stack(means)
