"""Both papers: the alignments of units beside subspace match, on the same networks, layer by layer."""

from typing import Any, NamedTuple

import numpy as np

from jaxrepsim.report.results import (
    Results,
    Spread,
    epsilon_labels,
    headline_epsilon,
    names,
    over_known,
    over_pairs,
    pair_similarity,
)
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections.clusters.mixing import clustered, mixing
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment, by_layer
from jaxrepsim.report.sections.sparse_prediction.prediction import (
    best_penalties,
    best_prediction,
    penalty_labels,
    predicted,
    smallest_threshold,
    tradeoff,
)
from jaxrepsim.report.tables import Cell, cells

_ALIGNMENTS = ("one_to_one", "sparse_prediction", "clusters")


class BothPapersRow(NamedTuple):
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
    mixed: Cell
    """Clusters that mix both networks, a share of all."""
    penalty: str
    """That of sparse prediction; empty where there is none."""


def both_papers_rows(results: Results) -> list[BothPapersRow]:
    """The table that puts subspace matches and alignments side by side.

    Args:
        results: The tree of results.

    Returns:
        One row per layer, from input to output; none where nothing was aligned.
    """
    if not (aligned(results) or predicted(results) or clustered(results)):
        return []
    nothing = Spread(*[np.full(results.sizes["layer"], np.nan)] * 3)
    partner = share = held_out = predictors = mixed = nothing
    penalties = [""] * results.sizes["layer"]
    similarity = over_pairs(pair_similarity(results)[..., headline_epsilon(results)])
    if aligned(results):
        found = alignment(results)
        partner, share = by_layer(found.partner), by_layer(found.same)
    if predicted(results):
        best = best_prediction(results)
        held_out, predictors = over_known(best.held_out), over_known(best.predictors[..., smallest_threshold(results)])
        labels = penalty_labels(results)
        places = best_penalties(tradeoff(results).held_out)
        penalties = ["" if place is None else labels[place] for place in places]
    if clustered(results):
        mixed = over_known(mixing(results, "cluster").share)
    columns = (cells(values) for values in (similarity, partner, share, held_out, predictors, mixed))
    return [BothPapersRow(*row) for row in zip(names(results, "layer"), *columns, penalties, strict=True)]


def _context(results: Results) -> dict[str, Any]:
    return {"rows": both_papers_rows(results), "epsilon": epsilon_labels(results)[headline_epsilon(results)]}


SECTION = Section(
    name="both_papers",
    title="Both papers together",
    file=__file__,
    context=_context,
    present=lambda results: any(group in results.children for group in _ALIGNMENTS),
)
