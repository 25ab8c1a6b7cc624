"""Tables of one-to-one alignment for a reader, and of all alignments beside subspace matches."""

from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.aligned import aligned, alignment, by_layer, informed, same_under_both
from jaxrepsim.report.clusters import clustered, mixing
from jaxrepsim.report.prediction import (
    best_penalties,
    best_prediction,
    penalty_labels,
    predicted,
    smallest_threshold,
    tradeoff,
)
from jaxrepsim.report.summaries import Floats, Spread, headline_epsilon, names, over_known, over_pairs, pair_similarity
from jaxrepsim.report.tables import Cell


class OneToOneRow(NamedTuple):
    """One layer: means over units, then over pairs. NaN where nothing is known."""

    layer: str
    samples: int
    constant: list[int]
    """Units that never vary, of each network; −1 where that is not known."""
    best: Cell
    """Correlation of an x unit with the y unit it correlates most with."""
    partner: Cell
    """Correlation of an x unit with its partner one to one."""
    same: tuple[int, int]
    """x units for which the two are the same, and all that were compared, of all pairs together."""
    share: Cell
    """The share of the first among the second."""
    information: Cell
    """The share of x units with the same one-to-one partner by correlation and by mutual information."""


class TogetherRow(NamedTuple):
    """One layer as both papers see it: means over pairs. NaN where nothing is known."""

    layer: str
    similarity: Cell
    """Of the maximum match, at the ε of the headline."""
    partner: Cell
    """Mean correlation of one-to-one partners."""
    share: Cell
    """Units for which the partner one to one is the best partner."""
    held_out: Cell
    """Mean R² of sparse prediction on held-out images, at the penalty at which it is highest."""
    predictors: Cell
    """Mean predictors of a unit there, beyond the smallest threshold."""
    penalty: str
    """That penalty; empty where there is none."""
    mixed: Cell
    """Clusters that mix both networks, a share of all."""


def one_to_one_rows(results: Dataset) -> list[OneToOneRow]:
    """The table of one-to-one alignment.

    Args:
        results: The Dataset, with the group `one_to_one`.

    Returns:
        One row a layer whose units were aligned, from input to output.
    """
    if not aligned(results):
        return []
    found = alignment(results)
    best, partner, share = (by_layer(values) for values in (found.best, found.partner, found.same))
    information = by_layer(same_under_both(results)) if informed(results) else _nothing(results)
    return [
        OneToOneRow(
            layer=name,
            samples=int(results["aligned_samples"][layer]),
            constant=results["constant"][layer].values.tolist(),
            best=_cell(best, layer),
            partner=_cell(partner, layer),
            same=(int((found.same[layer] == 1).sum()), int((~np.isnan(found.same[layer])).sum())),
            share=_cell(share, layer),
            information=_cell(information, layer),
        )
        for layer, name in enumerate(names(results, "layer"))
        if not np.isnan(best.mean[layer])
    ]


def together_rows(results: Dataset) -> list[TogetherRow]:
    """The table that puts subspace matches and alignments side by side.

    Args:
        results: The Dataset.

    Returns:
        One row a layer, from input to output; none where nothing was aligned.
    """
    present = aligned(results), predicted(results), clustered(results)
    if not any(present):
        return []
    similarity = over_pairs(pair_similarity(results)[..., headline_epsilon(results)])
    partner = share = held_out = predictors = mixed = _nothing(results)
    penalties = [""] * results.sizes["layer"]
    if present[0]:
        found = alignment(results)
        partner, share = by_layer(found.partner), by_layer(found.same)
    if present[1]:
        best = best_prediction(results)
        held_out, predictors = over_known(best.held_out), over_known(best.predictors[..., smallest_threshold(results)])
        labels = penalty_labels(results)
        places = best_penalties(tradeoff(results).held_out)
        penalties = ["" if place is None else labels[place] for place in places]
    if present[2]:
        mixed = over_known(mixing(results, "cluster").share)
    return [
        TogetherRow(
            layer=name,
            similarity=_cell(similarity, layer),
            partner=_cell(partner, layer),
            share=_cell(share, layer),
            held_out=_cell(held_out, layer),
            predictors=_cell(predictors, layer),
            penalty=penalties[layer],
            mixed=_cell(mixed, layer),
        )
        for layer, name in enumerate(names(results, "layer"))
    ]


def _nothing(results: Dataset) -> Spread:
    none: Floats = np.full(results.sizes["layer"], np.nan)
    return Spread(none, none, none)


def _cell(values: Spread, layer: int) -> Cell:
    return Cell(*(float(part[layer]) for part in values))
