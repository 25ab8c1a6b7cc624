"""Finding 2 of Li et al. 2015: units span low-dimensional subspaces that networks share, while basis vectors differ."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.figure import framed, over_layers, require
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results
from jaxrepsim.report.sections.sparse_prediction.prediction import best_prediction, predicted, single_mean, tradeoff
from jaxrepsim.report.style import ACCENT, FAINT, INK, MUTED, PAPER, Column, paper_style
from jaxrepsim.report.summaries import Floats, epsilon_labels, headline_epsilon, names, over_known, pair_similarity

_LOWEST = -0.1
"""A held-out R² below this says no more than that the fit does not carry over."""
_LOOKS: dict[str, dict[str, Any]] = {
    "every": {"color": INK, "marker": "^", "label": "all units"},
    "sparse": {"color": ACCENT, "marker": "o", "label": "sparse, best penalty"},
    "single": {"color": "#d55e00", "marker": "D", "label": "best single unit"},
    "similarity": {"color": MUTED, "marker": "s", "linestyle": (0, (3, 1.5))},
}


class SubspaceRow(NamedTuple):
    """One layer: means over units, then over pairs; NaN where not computed."""

    layer: str
    single: float
    """The share of a unit's variance that the best single unit explains, its squared correlation, on all inputs."""
    sparse: float
    """Held-out R² of the sparse prediction at the layer's best penalty."""
    predictors: float
    """How many units that prediction takes, by the smallest threshold."""
    every: float
    """Held-out R² at the smallest penalty, which takes all units."""
    similarity: float
    """Of the maximum match at the ε of `matched_at`."""

    @property
    def gap(self) -> float:
        """What the span explains beyond one unit: the finding."""
        return self.sparse - self.single


def shares_known(results: Results) -> bool:
    """Whether units were both aligned one to one and predicted."""
    return "one_to_one" in results.children and predicted(results)


def matched_at(results: Results) -> int:
    """The index of the ε at which similarity stands beside the shares."""
    return headline_epsilon(results)


def subspace_rows(results: Results) -> list[SubspaceRow]:
    """What one unit, a sparse sum and all units of the other network explain, beside the similarity of subspaces.

    Args:
        results: Results with the groups `one_to_one` and `sparse_prediction`.

    Returns:
        One row per layer, from input to output.
    """
    best = best_prediction(results)
    parts = (
        single_mean(results),
        best.held_out,
        best.predictors[..., 0],
        tradeoff(results).held_out[..., -1],
        pair_similarity(results)[..., matched_at(results)],
    )
    means = zip(*(over_known(values).mean.tolist() for values in parts), strict=True)
    return [SubspaceRow(name, *values) for name, values in zip(names(results, "layer"), means, strict=True)]


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
    labels, rows = layer_labels(names(results, "layer"), column), subspace_rows(results)
    epsilon = epsilon_labels(results)[matched_at(results)]
    looks: dict[str, dict[str, Any]] = {
        name: {"label": f"similarity, ε = {epsilon}"} | look for name, look in _LOOKS.items()
    }
    handles = [Line2D([], [], markeredgecolor=PAPER, **look) for look in looks.values()]
    with framed(column, 2.0 + labels.height + 0.4, handles) as figure:
        axes, depth = figure.add_subplot(), np.arange(len(rows))
        values = {name: np.array([getattr(row, name) for row in rows]) for name in looks}
        more = values["sparse"] > values["single"]
        axes.fill_between(
            depth, values["single"], values["sparse"], where=more, interpolate=True, color=FAINT, linewidth=0
        )
        for name, look in looks.items():
            axes.plot(depth, _within(values[name]), markeredgecolor=PAPER, clip_on=False, **look)
        lowest = np.nanmin([_within(value) for value in values.values()], initial=0.0)
        axes.set(ylim=(lowest, 1), ylabel="share of variance,\nof units")
        axes.yaxis.set_major_formatter("{x:g}")
        over_layers(axes, labels)
    return figure


def _within(values: Floats) -> Floats:
    return np.where(values >= _LOWEST, values, np.nan)
