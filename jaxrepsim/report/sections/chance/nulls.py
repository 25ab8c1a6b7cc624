"""Similarity against chance: beside what was observed, shuffled inputs, random vectors and untrained networks."""

from math import ceil

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.epsilons import left_out, nonzero_epsilons
from jaxrepsim.report.figure import Drawing, draw_spread, epsilon_axes, similarity_axis
from jaxrepsim.report.results import Floats, Results, Spread, computed, over_known, plural, thinned
from jaxrepsim.report.style import ACCENT, INK, PAPER, Column, Look, legend_line

_MOST_PANELS = 5
_EDGE: Look = {"markeredgecolor": PAPER}
_CROSS = {"color": INK, "marker": "x", "markeredgecolor": INK, "markeredgewidth": 0.9}
# Drawn in this order; told apart by dashes and markers as well.
_LOOKS: dict[str, tuple[str, Look]] = {
    "random": ("random vectors, same spectrum", {"color": "#009e73", "linestyle": ":", "marker": "^"}),
    "shuffled": ("shuffled inputs", {"color": "#d55e00", "linestyle": (0, (4, 1.5)), "marker": "s"}),
    "untrained": ("untrained networks", {"linestyle": (0, (5, 1, 1, 1)), **_CROSS}),
    "observed": ("observed", {"color": ACCENT, "linestyle": "-", "marker": "o"}),
}
_BANDS = ("shuffled", "random")


def _draw(results: Results, column: Column) -> Figure:
    """Observed similarity against depth beside three kinds of chance, one row of axes per ε, at most five.

    Lines are means over pairs, and over draws where there are any; bands run from the smallest draw of any pair to the
    largest.
    """
    spreads = {name: spread(results, name) for name in _known(results)}
    rows = thinned(_nonzero(results) or [results.sizes["epsilon"] - 1], _MOST_PANELS)
    handles = [legend_line(label=label, **_EDGE | look) for label, look in map(_LOOKS.__getitem__, spreads)]
    with epsilon_axes(results, column, rows, 1.2, handles[::-1]) as (figure, panels):
        for epsilon, axes in panels:
            for index, (name, values) in enumerate(spreads.items()):
                here, (label, look) = values.at(slice(None), epsilon), _LOOKS[name]
                aside = 0.16 * (index - (len(spreads) - 1) / 2)
                draw_spread(axes, here, aside, band=name in _BANDS, label=label, **look)
            similarity_axis(axes)
    return figure


def _known(results: Results) -> list[str]:
    return [name for name in _LOOKS if computed(results, f"chance/{name}")]


def spread(results: Results, name: str) -> Spread:
    """Mean, smallest and largest over pairs, and over draws where the variable has them: (layer, ε)."""
    return over_known(results[f"chance/{name}"].values, (1, 3) if name in _BANDS else 1)


def calibrated(results: Results, level: float = 0.05) -> Floats:
    """Similarity above what shuffled inputs give, as `jaxrepsim.chance.calibrate` has it of any measure.

    Args:
        results: Results with the group `chance`.
        level: The share of the draws that chance is not taken to exceed.

    Returns:
        (layer, pair, ε) in [0, 1], 0 for chance; NaN where it is not known, and of fewer draws than can tell.
    """
    observed, draws = results["chance/observed"].values, results["chance/shuffled"].values
    count = 1 + draws.shape[-1]
    if count * level < 1:
        return np.full(observed.shape, np.nan)
    both = np.sort(np.concatenate([draws, observed[..., None]], -1), -1)  # NaN last
    chance = both[..., ceil((1 - level) * count - 1e-9) - 1]
    rise = np.divide(observed - chance, 1 - chance, out=np.zeros_like(observed), where=~(chance >= 1))
    return np.where(np.isnan(both).any(-1), np.nan, np.clip(rise, 0, 1))


def _caption(results: Results) -> str:
    """How to read the figure."""
    draws = plural(results["chance"].sizes["draw"], "draw")
    pairs = "" if results.sizes["pair"] == 1 else " Lines are means over pairs."
    kept = _nonzero(results)
    few = f" {_MOST_PANELS} of {len(kept)} values of ε are shown." if len(kept) > _MOST_PANELS else ""
    empty = left_out(results, kept, "everything is 0 there") if kept else ""
    random = "and for random vectors with the same spectrum"
    if "untrained" in _known(results):
        random = "for random vectors with the same spectrum; and for the same networks before training"
    return (
        "Observed similarity against what chance gives, on the same rows: with the inputs of one network shuffled, so "
        f"that rows no longer belong together; {random}. Bands run from the smallest to "
        f"the largest of {draws}{' and all pairs' * bool(pairs)}.{pairs}{few}{empty}"
    )


def _nonzero(results: Results) -> list[int]:
    return nonzero_epsilons(*(spread(results, name).high for name in _LOOKS))


DRAWING = Drawing(
    "chance",
    "Similarity against chance",
    _draw,
    _caption,
    "Line charts, one per ε, of similarity against depth, beside shuffled inputs, random vectors and untrained "
    "networks. The numbers are in the table of chance.",
    lambda results: computed(results, "chance/observed"),
)
