"""How well units are predicted from few units of the other network, and how many of them that takes."""

from math import floor, log10

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from jaxrepsim.report.figure import Drawing, arranged, facets, framed, layer_axes, stacked_bars
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Results, names, over_known, plural, thinned
from jaxrepsim.report.sections.sparse_prediction import prediction
from jaxrepsim.report.style import ACCENT, FAINT, MUTED, PAPER, TICK_SIZE, Column, Look, legend_line

_MOST_LAYERS = 12
_LOWEST = -0.5
"""A held-out R² below this says no more than that the fit does not carry over."""
_MOST_ROWS = 3
_LAST = 64
"""From this number of predictors on, units are counted together."""
_HELD_OUT: Look = {
    "label": "held out", "color": ACCENT, "marker": "o", "markersize": 2.6, "markeredgecolor": PAPER,
}  # fmt: skip
_BEST: Look = _HELD_OUT | {"label": "best penalty", "linestyle": "none", "marker": "D", "markersize": 4.6}
_FITTED: Look = {"label": "fitted", "color": MUTED, "linestyle": (0, (3, 1.5)), "linewidth": 0.9}
_SINGLE: Look = {"label": "best single unit", "color": "#d55e00", "linestyle": (0, (1, 1)), "linewidth": 1.3}


def _draw_curves(results: Results, column: Column) -> Figure:
    """R² against the mean number of predictors as the penalty falls, one panel per layer, for up to twelve layers.

    R² on the inputs that were fitted is dashed, on held-out ones solid; both are means over units and pairs, and a band
    holds the held-out means of all pairs. A level marks what the best single unit explains.
    """
    curves, single = prediction.tradeoff(results), over_known(prediction.single_mean(results)).mean
    fitted, held_out = over_known(curves.fitted).mean, over_known(curves.held_out)
    predictors = over_known(curves.predictors[..., 0]).mean
    best = prediction.best_penalties(curves.held_out)
    layers = thinned(_known(curves), _MOST_LAYERS)
    most = 4 if column == "double" else 2 if len(layers) <= 4 else 3
    across, down, width = arranged(len(layers), most, column)
    titles = shortened(names(results, "layer"), max(8, int(width * 101 / 7.5)))
    lowest = float(np.nanmin([fitted[layers], held_out.mean[layers]]))
    low = -0.03 if lowest >= 0 else max(_LOWEST, lowest * 1.1 - 0.03)
    right = max(1.0, float(np.nanmax(predictors[layers])))
    handles: list[Artist] = [legend_line(**look) for look in (_HELD_OUT, _BEST, _FITTED)]
    if results.sizes["pair"] > 1:
        handles.append(Patch(facecolor=ACCENT, alpha=0.2, label="lowest to highest pair"))
    if not np.isnan(single).all():
        handles.append(legend_line(**_SINGLE))
    with framed(column, down * (min(width, 2.4) * 0.72 + 0.3) + 0.5, handles) as figure:
        panels = facets(figure, [titles[layer] for layer in layers], across)
        for axes, layer in zip(panels, layers, strict=True):
            count, diamond = predictors[layer], best[[layer]]
            if results.sizes["pair"] > 1:
                band = held_out.low[layer], held_out.high[layer]
                axes.fill_between(count, *band, color=ACCENT, alpha=0.2, linewidth=0)
            axes.plot(count, fitted[layer], zorder=3, **_FITTED)
            axes.plot(count, held_out.mean[layer], zorder=4, **_HELD_OUT)
            axes.plot(count[diamond], held_out.mean[layer, diamond], zorder=5, **_BEST)
            if not np.isnan(single[layer]):
                axes.axhline(single[layer], **_SINGLE)
            axes.set(ylim=(low, 1.03), yticks=[tick for tick in (-0.5, 0, 0.5, 1) if tick >= low])
            axes.yaxis.set_major_formatter("{x:g}")
            _mark_predictors(axes, right)
        figure.supxlabel("predictors of a unit, mean")
        figure.supylabel("R²")
    return figure


def _curves_caption(results: Results) -> str:
    """How to read the figure."""
    curves = prediction.tradeoff(results)
    known, pairs = _known(curves), results.sizes["pair"]
    layers = thinned(known, _MOST_LAYERS)
    over = "units of both networks" + (" and over pairs" if pairs > 1 else "")
    band = f" The band holds the held-out means of all {pairs} pairs." if pairs > 1 else ""
    level = ""
    if not np.isnan(prediction.single_mean(results)).all():
        level = " Dotted: what the best single unit explains, its squared correlation on all inputs."
    beyond = over_known(curves.held_out).mean[layers] < _LOWEST
    cut = f" A held-out R² below −{-_LOWEST:g} is not shown." if beyond.any() else ""
    some = f" {len(layers)} of {plural(len(known), 'layer')} are shown." if len(layers) < len(known) else ""
    return (
        "Each unit predicted by a weighted sum of few units of the other network: the share of its variance that is "
        f"explained (R², mean over {over}) against the mean number of predictors (those with a "
        f"{prediction.thresholds_in_words(results)[0]}; the axis is logarithmic from 1 on). Points from left to right "
        f"are the penalties {', '.join(prediction.penalty_labels(results))}; the diamond is the one of best held-out "
        f"R². Dashed: on the inputs that were fitted; solid: on others.{band}{level}{cut}{some}"
    )


def _known(curves: prediction.Tradeoff) -> list[int]:
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


def _draw_predictors(results: Results, column: Column) -> Figure:
    """The shares of units with no predictor, one, two or three, and so on, at each layer's best penalty.

    One row of axes a threshold beyond which a coefficient counts, at most three.
    """
    thresholds, starts, shares = predictor_shares(results)
    ramp = mpl.colormaps["YlGnBu_r"](np.linspace(0.18, 0.86, len(starts) - 1))
    colors = [FAINT, *map(to_hex, ramp)]
    handles = [Patch(facecolor=color, label=text) for color, text in zip(colors, bin_labels(starts), strict=True)]
    heights = [1.15] * len(thresholds)
    with layer_axes(results, column, heights, handles, title="predictors of a unit") as (figure, rows):
        for axes, threshold, share in zip(rows, thresholds, shares, strict=True):
            stacked_bars(axes, share.T, [{"color": color, "linewidth": 0} for color in colors])
            axes.set_title(threshold, loc="left", pad=3)
    return figure


def predictor_shares(results: Results) -> tuple[list[str], list[int], Floats]:
    """Shares of units by how many predictors they have at the penalty of the layer's best mean held-out R².

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        The thresholds in words, from the smallest, at most three; the smallest number of predictors of each bin; the
        shares, (threshold, layer, bin), of the units of both networks and all pairs, NaN where nothing was computed.
    """
    words, order = prediction.thresholds_in_words(results), prediction.threshold_order(results)
    rows = thinned(range(len(words)), _MOST_ROWS)
    found = []
    for layer, penalty in enumerate(prediction.best_penalties(prediction.tradeoff(results).held_out)):
        variables = ("predictors", "held_out_r2")
        predictors, held_out = (prediction.of_layer(results, name, layer)[:, penalty] for name in variables)
        known = ~np.isnan(held_out)  # a unit that never varies cannot be predicted, and needs no predictor for it
        found.append(predictors[:, order[rows]].swapaxes(0, 1)[:, known])
    most = max(int(units.max(initial=0)) for units in found)
    starts = [0, *(2**power for power in range(7) if 2**power <= min(most, _LAST))]
    counts = [[np.histogram(row, [*starts, np.inf])[0] for row in units] for units in found]
    totals = np.array([units.shape[1] or np.nan for units in found])
    return [words[row] for row in rows], starts, np.swapaxes(counts / totals[:, None, None], 0, 1)


def bin_labels(starts: list[int]) -> list[str]:
    """The bins in words.

    >>> bin_labels([0, 1, 2, 4])
    ['none', '1', '2–3', '4–7']
    """
    bins = [f"{start}–{2 * start - 1}" if start > 1 else str(start) for start in starts[1:]]
    if starts[-1] == _LAST:
        bins[-1] = f"{_LAST} or more"
    return ["none", *bins]


def _predictors_caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else " and all pairs"
    rows, _, shares = predictor_shares(results)
    thresholds = results["sparse_prediction"].sizes["threshold"]
    some = f" {len(rows)} of {thresholds} thresholds are shown." if len(rows) < thresholds else ""
    missing = " A layer without a bar was not computed." if np.isnan(shares).all((0, 2)).any() else ""
    each = "; one row per threshold that a coefficient must pass to count" if len(rows) > 1 else ""
    return (
        f"How many units of the other network predict a unit: shares of the units of both networks{over}, at the "
        f"penalty at which the layer's mean held-out R² is highest{each}. Coefficients are those between units of "
        f"standard deviation 1. The paler a bar, the more units it takes.{some}{missing}"
    )


CURVES = Drawing(
    "sparse-prediction",
    "Accuracy against the number of predictors",
    _draw_curves,
    _curves_caption,
    "Line charts, one per layer, of R² on fitted and on held-out inputs against the mean number of predictors. The "
    "numbers are in the table of sparse prediction.",
    prediction.predicted,
)
PREDICTORS = Drawing(
    "predictors-needed",
    "Predictors of a unit",
    _draw_predictors,
    _predictors_caption,
    "Stacked bars, one per layer, one row per threshold: shares of units by their number of predictors.",
    prediction.predicted,
)
