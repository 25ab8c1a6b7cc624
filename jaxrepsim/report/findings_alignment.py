"""What alignments of units say, in sentences that are counted from the results; no sentence says why."""

from collections.abc import Callable

import numpy as np
from xarray import Dataset

from jaxrepsim.report.aligned import aligned, alignment, by_layer, informed, same_under_both
from jaxrepsim.report.clusters import clustered, mixing
from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.prediction import best_prediction, predicted, single_mean, smallest_threshold
from jaxrepsim.report.summaries import SAME, Floats, over_known, plural, rounded


def alignment_details(results: Dataset) -> list[str]:
    """Sentences on partners one to one, by correlation and by mutual information, on sparse prediction and clusters.

    Args:
        results: The Dataset.

    Returns:
        The sentences, as far as the results hold what they speak of.
    """
    sentences = []
    if aligned(results):
        sentences += [_partners(results), *_same(results)]
        if informed(results):
            sentences += _information(results)
    if predicted(results):
        sentences.append(_sparse(results))
    if clustered(results):
        sentences += _clusters(results)
    return sentences


def _partners(results: Dataset) -> str:
    found = alignment(results)
    partner, best = by_layer(found.partner).mean, by_layer(found.best).mean

    def at(layer: int) -> str:
        value, other = rounded(partner[layer]), rounded(best[layer])
        return f"{value} in {cited(results)[layer]} ({other} with the unit they correlate most with)"

    over = "" if results.sizes["pair"] == 1 else ", averaged over pairs,"
    return f"Units and their partners one to one have a mean correlation{over} of {_extremes(partner, at)}."


def _same(results: Dataset) -> list[str]:
    return _counted(
        results,
        alignment(results).same,
        "the partner one to one is also the unit they correlate most with",
    )


def _information(results: Dataset) -> list[str]:
    return _counted(
        results, same_under_both(results), "the partner one to one is the same by correlation and by mutual information"
    )


def _counted(results: Dataset, same: Floats, what: str) -> list[str]:
    known = ~np.isnan(same)
    total, agree = int(known.sum()), int((same == 1).sum())
    if not total:
        return []
    ends = _ends(results, by_layer(same).mean)
    start = "For" if results.sizes["pair"] == 1 else "Over all pairs, for"
    return [f"{start} {agree:,} of {plural(total, 'unit')} that vary, {what} ({_percent(agree / total)}{ends})."]


def _sparse(results: Dataset) -> str:
    best = best_prediction(results)
    held_out = over_known(best.held_out).mean
    predictors = over_known(best.predictors[..., smallest_threshold(results)]).mean
    single = over_known(single_mean(results)).mean

    def at(layer: int) -> str:
        alone = "" if np.isnan(single[layer]) else f"; squared correlation with the best one: {rounded(single[layer])}"
        count = f"from {predictors[layer]:.3g} units{alone}"
        return f"{rounded(held_out[layer])} in {cited(results)[layer]} ({count})"

    over = "" if results.sizes["pair"] == 1 else ", averaged over pairs,"
    return (
        "Predicted from units of the other network, at the best penalty of each layer, units have a mean R² on "
        f"held-out images{over} of {_extremes(held_out, at)}."
    )


def _clusters(results: Dataset) -> list[str]:
    found = mixing(results, "cluster")
    total, mixed = int(np.nansum(found.clusters)), int(np.nansum(found.mixed))
    if not total:
        return []
    ends = _ends(results, over_known(found.share).mean)
    subject = f"{mixed:,} of {plural(total, 'spectral cluster')} {'holds' if mixed == 1 else 'hold'}"
    return [f"{subject} units of both networks ({_percent(mixed / total)}{ends})."]


def _extremes(values: Floats, at: Callable[[int], str]) -> str:
    """The highest and the lowest layer, as `at` words them; one layer where there is but one."""
    known = np.flatnonzero(~np.isnan(values))
    high, low = int(known[values[known].argmax()]), int(known[values[known].argmin()])
    return at(high) if high == low else f"{at(high)}, the highest, and of {at(low)}, the lowest"


def _ends(results: Dataset, share: Floats) -> str:
    """From the layer with the lowest to that with the highest share; nothing where they are as good as the same."""
    known = np.flatnonzero(~np.isnan(share))
    low, high = int(known[share[known].argmin()]), int(known[share[known].argmax()])
    if share[high] - share[low] < SAME:
        return ""
    layers = cited(results)
    return f"; from {_percent(share[low])} in {layers[low]} to {_percent(share[high])} in {layers[high]}"


def _percent(share: float) -> str:
    return f"{share:.0%}"
