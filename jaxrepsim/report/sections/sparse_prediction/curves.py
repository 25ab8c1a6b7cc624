"""How well units are predicted from few units of the other network: accuracy against the number of predictors."""

from math import ceil, floor, log10
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from jaxrepsim.report.figure import Drawing, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Results, names, over_known, plural, thinned
from jaxrepsim.report.sections.sparse_prediction.prediction import (
    Tradeoff,
    best_penalties,
    counts_as,
    penalty_labels,
    predicted,
    single_mean,
    smallest_threshold,
    tradeoff,
)
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, TICK_SIZE, WIDTHS, Column

_MOST_LAYERS = 12
_LOWEST = -0.5
"""A held-out R² below this says no more than that the fit does not carry over."""
_HELD_OUT: dict[str, Any] = {
    "label": "held out", "color": ACCENT, "marker": "o", "markersize": 2.6, "markeredgecolor": PAPER,
}  # fmt: skip
_BEST: dict[str, Any] = _HELD_OUT | {"label": "best penalty", "linestyle": "none", "marker": "D", "markersize": 4.6}
_FITTED: dict[str, Any] = {"label": "fitted", "color": MUTED, "linestyle": (0, (3, 1.5)), "linewidth": 0.9}
_SINGLE: dict[str, Any] = {"label": "best single unit", "color": "#d55e00", "linestyle": (0, (1, 1)), "linewidth": 1.3}


def _draw(results: Results, column: Column) -> Figure:
    """R² against the mean number of predictors as the penalty falls, one panel per layer, for up to twelve layers.

    R² on the inputs that were fitted is dashed, on held-out ones solid; both are means over units and pairs, and a band
    holds the held-out means of all pairs. A level marks what the best single unit explains.
    """
    curves, single = tradeoff(results), over_known(single_mean(results)).mean
    fitted, held_out = over_known(curves.fitted).mean, over_known(curves.held_out)
    predictors = over_known(curves.predictors[..., smallest_threshold(results)]).mean
    best = best_penalties(curves.held_out)
    layers = thinned(_known(curves), _MOST_LAYERS)
    across = min(len(layers), (2 if len(layers) <= 4 else 3) if column == "single" else 4)
    down = ceil(len(layers) / across)
    width = (WIDTHS[column] - 0.4) / across
    titles = shortened(names(results, "layer"), max(8, int(width * 101 / 7.5)))
    lowest = float(np.nanmin([fitted[layers], held_out.mean[layers]]))
    low = -0.03 if lowest >= 0 else max(_LOWEST, lowest * 1.1 - 0.03)
    right = max(1.0, float(np.nanmax(predictors[layers])))
    handles: list[Artist] = [Line2D([], [], **look) for look in (_HELD_OUT, _BEST, _FITTED)]
    if results.sizes["pair"] > 1:
        handles.append(Patch(facecolor=ACCENT, alpha=0.2, label="lowest to highest pair"))
    if not np.isnan(single).all():
        handles.append(Line2D([], [], **_SINGLE))
    with framed(column, down * (min(width, 2.4) * 0.72 + 0.3) + 0.5, handles) as figure:
        for place, (axes, layer) in enumerate(zip(panel_grid(figure, len(layers), across), layers, strict=True)):
            count, diamond = predictors[layer], [best[layer] or 0]
            if results.sizes["pair"] > 1:
                band = held_out.low[layer], held_out.high[layer]
                axes.fill_between(count, *band, color=ACCENT, alpha=0.2, linewidth=0)
            axes.plot(count, fitted[layer], zorder=3, **_FITTED)
            axes.plot(count, held_out.mean[layer], zorder=4, **_HELD_OUT)
            axes.plot(count[diamond], held_out.mean[layer, diamond], zorder=5, **_BEST)
            if not np.isnan(single[layer]):
                axes.axhline(single[layer], **_SINGLE)
            axes.set_title(titles[layer], pad=3)
            axes.set(ylim=(low, 1.03), yticks=[tick for tick in (-0.5, 0, 0.5, 1) if tick >= low])
            axes.yaxis.set_major_formatter("{x:g}")
            _mark_predictors(axes, right)
            axes.tick_params(labelbottom=place + across >= len(layers), labelleft=place % across == 0)
        figure.supxlabel("predictors of a unit, mean", fontsize=7.5)
        figure.supylabel("R²", fontsize=7.5)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    curves = tradeoff(results)
    known, pairs = _known(curves), results.sizes["pair"]
    layers = thinned(known, _MOST_LAYERS)
    over = "units of both networks" + (" and over pairs" if pairs > 1 else "")
    band = f" The band holds the held-out means of all {pairs} pairs." if pairs > 1 else ""
    threshold = float(results["sparse_prediction/threshold"].values[smallest_threshold(results)])
    level = ""
    if not np.isnan(single_mean(results)).all():
        level = " Dotted: what the best single unit explains, its squared correlation on all inputs."
    beyond = over_known(curves.held_out).mean[layers] < _LOWEST
    cut = f" A held-out R² below −{-_LOWEST:g} is not shown." if beyond.any() else ""
    some = f" {len(layers)} of {plural(len(known), 'layer')} are shown." if len(layers) < len(known) else ""
    return (
        "Each unit predicted by a weighted sum of few units of the other network: the share of its variance that is "
        f"explained (R², mean over {over}) against the mean number of predictors (those with a {counts_as(threshold)}; "
        f"the axis is logarithmic from 1 on). Points from left to right are the penalties "
        f"{', '.join(penalty_labels(results))}; the diamond is the one of best held-out R². Dashed: on the inputs that "
        f"were fitted; solid: on others.{band}{level}{cut}{some}"
    )


def _known(curves: Tradeoff) -> list[int]:
    return np.flatnonzero((~np.isnan(curves.held_out)).any((1, 2))).tolist()


def _mark_predictors(axes: Axes, right: float) -> None:
    axes.set_xscale("symlog", linthresh=1, linscale=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(-0.06, right * 1.15)
    ticks = [0, 1, *(10**power for power in range(1, 7) if 10**power <= right)]
    digits = 10 ** floor(log10(right))
    if (last := int(right / digits) * digits) >= 3 * ticks[-1]:
        ticks.append(last)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], fontsize=TICK_SIZE)


DRAWING = Drawing(
    "sparse-prediction",
    "Accuracy against the number of predictors",
    _draw,
    _caption,
    "Line charts, one per layer, of R² on fitted and on held-out inputs against the mean number of predictors. The "
    "numbers are in the table of sparse prediction.",
    predicted,
)
