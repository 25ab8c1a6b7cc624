"""Finding 2 of Li et al. 2015: units span low-dimensional subspaces that networks share, while basis vectors differ."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.figure import layer_axes, require
from jaxrepsim.report.results import Floats, Results, over_known, pair_similarity
from jaxrepsim.report.sections.sparse_prediction.prediction import best_prediction, predicted, single_mean, tradeoff
from jaxrepsim.report.style import ACCENT, FAINT, INK, MUTED, PAPER, Column, Look, legend_line, paper_style

_LOWEST = -0.1
"""A held-out R² below this says no more than that the fit does not carry over."""
_LOOKS: dict[str, Look] = {
    "every": {"color": INK, "marker": "^", "label": "all units"},
    "sparse": {"color": ACCENT, "marker": "o", "label": "sparse, best penalty"},
    "single": {"color": "#d55e00", "marker": "D", "label": "best single unit"},
    "similarity": {"color": MUTED, "marker": "s", "linestyle": (0, (3, 1.5))},
}


class Subspaces(NamedTuple):
    """Of each layer, (layer,), means over units, then over pairs; NaN where not computed."""

    single: Floats
    """The share of a unit's variance that the best single unit explains, its squared correlation, on all inputs."""
    sparse: Floats
    """Held-out R² of the sparse prediction at the layer's best penalty."""
    predictors: Floats
    """How many units that prediction takes, by the smallest threshold."""
    every: Floats
    """Held-out R² at the smallest penalty, which takes all units."""
    similarity: Floats
    """Of the maximum match at the ε of the headline."""

    @property
    def gap(self) -> Floats:
        """What the span explains beyond one unit: the finding."""
        return self.sparse - self.single


def shares_known(results: Results) -> bool:
    """Whether units were both aligned one to one and predicted."""
    return "one_to_one" in results.children and predicted(results)


def subspaces(results: Results) -> Subspaces:
    """What one unit, a sparse sum and all units of the other network explain, beside the similarity of subspaces.

    Args:
        results: Results with the groups `one_to_one` and `sparse_prediction`.

    Returns:
        The means, from input to output.
    """
    best = best_prediction(results)
    parts = (
        single_mean(results),
        best.held_out,
        best.predictors[..., 0],
        tradeoff(results).held_out[..., -1],
        pair_similarity(results)[..., headline_epsilon(results)],
    )
    return Subspaces(*(over_known(values).mean for values in parts))


@paper_style()
def shared_subspaces(results: Results, column: Column = "single") -> Figure:
    """Draws the variance that one unit, a sparse sum and all units explain against depth, and similarity beside it.

    A mean of held-out R² below −0.1 is left out.

    Args:
        results: Results with the groups `one_to_one` and `sparse_prediction`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: Units were not aligned, or not predicted.
    """
    require(shares_known(results), "shared_subspaces")
    found, epsilon = subspaces(results), epsilon_labels(results)[headline_epsilon(results)]
    looks: dict[str, Look] = {
        name: {"label": f"similarity, ε = {epsilon}", "markeredgecolor": PAPER} | look for name, look in _LOOKS.items()
    }
    with layer_axes(results, column, [1.95], [legend_line(**look) for look in looks.values()]) as (figure, (axes,)):
        depth, span = np.arange(len(found.gap)), (found.single, found.sparse)
        axes.fill_between(depth, *span, where=found.gap > 0, interpolate=True, color=FAINT, linewidth=0)
        drawn = [np.where(values >= _LOWEST, values, np.nan) for values in (getattr(found, name) for name in looks)]
        for values, look in zip(drawn, looks.values(), strict=True):
            axes.plot(depth, values, clip_on=False, **look)
        axes.set(ylim=(np.nanmin(drawn, initial=0.0), 1), ylabel="share of variance,\nof units")
        axes.yaxis.set_major_formatter("{x:g}")
    return figure
