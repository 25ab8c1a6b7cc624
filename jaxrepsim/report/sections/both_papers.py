"""Both papers: the alignments of units beside subspace match, on the same networks, layer by layer."""

import numpy as np

from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.results import Results, Spread, names, over_known, over_pairs, pair_similarity
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections.clusters.mixing import clustered, mixing
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment, by_layer
from jaxrepsim.report.sections.sparse_prediction import prediction
from jaxrepsim.report.tables import Rows, cells, page_rows

_ALIGNMENTS = ("one_to_one", "sparse_prediction", "clusters")
_CELLS = ("similarity", "partner", "share", "held_out", "predictors", "mixed")


def both_papers_rows(results: Results) -> Rows:
    """The table that puts subspace matches and alignments side by side.

    Args:
        results: The tree of results.

    Returns:
        One row per layer, from input to output, none where nothing was aligned: `layer`; `similarity` of the maximum
        match, at the ε of the headline; `partner`, the mean correlation of one-to-one partners; `share`, of units for
        which the partner one to one is the best partner; `held_out`, the mean R² of sparse prediction on held-out
        images, at the penalty at which it is highest; `predictors`, the mean predictors of a unit there, beyond the
        smallest threshold; `mixed`, clusters that mix both networks, a share of all; `penalty`, that of sparse
        prediction, empty where there is none. Cells are over pairs, NaN where nothing is known.
    """
    if not (aligned(results) or prediction.predicted(results) or clustered(results)):
        return []
    columns = {"similarity": over_pairs(pair_similarity(results)[..., headline_epsilon(results)])}
    if aligned(results):
        found = alignment(results)
        columns |= {"partner": by_layer(found.partner), "share": by_layer(found.same)}
    penalties = [""] * results.sizes["layer"]
    if prediction.predicted(results):
        best = prediction.best_prediction(results)
        columns |= {"held_out": over_known(best.held_out), "predictors": over_known(best.predictors[..., 0])}
        places = prediction.best_penalties(prediction.tradeoff(results).held_out)
        penalties = [[*prediction.penalty_labels(results), ""][place] for place in places]
    if clustered(results):
        columns["mixed"] = over_known(mixing(results, "cluster").share)
    nothing = Spread(*[np.full(results.sizes["layer"], np.nan)] * 3)
    every = {name: cells(columns.get(name, nothing)) for name in _CELLS}
    return page_rows({"layer": names(results, "layer"), "penalty": penalties, **every})


SECTION = Section(
    title="Both papers together",
    file=__file__,
    context=lambda results: {
        "rows": both_papers_rows(results),
        "epsilon": epsilon_labels(results)[headline_epsilon(results)],
    },
    present=lambda results: any(group in results.children for group in _ALIGNMENTS),
)
