"""How many units of the other network a unit's prediction takes: shares of units, one bar per layer."""

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, framed
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.results import Floats, Results, names, thinned
from jaxrepsim.report.sections.sparse_prediction.prediction import (
    best_penalties,
    counts_as,
    of_layer,
    predicted,
    tradeoff,
)
from jaxrepsim.report.style import FAINT, Column

_MOST_ROWS = 3
_LAST = 64
"""From this number of predictors on, units are counted together."""


def _draw(results: Results, column: Column) -> Figure:
    """The shares of units with no predictor, one, two or three, and so on, at each layer's best penalty.

    One row of axes a threshold beyond which a coefficient counts, at most three.
    """
    labels = layer_labels(names(results, "layer"), column)
    thresholds, starts, shares = predictor_shares(results)
    colors = _colors(len(starts))
    handles = [Patch(facecolor=color, label=text) for color, text in zip(colors, bin_labels(starts), strict=True)]
    height = 1.15 * len(thresholds) + labels.height + 0.65
    with framed(column, height, handles, title="predictors of a unit") as figure:
        rows = figure.subplots(len(thresholds), 1, sharex=True, squeeze=False).ravel()
        for axes, threshold, share in zip(rows, thresholds, shares, strict=True):
            below = np.zeros(len(labels.names))
            for color, height in zip(colors, np.nan_to_num(share).T, strict=True):
                axes.bar(range(len(height)), height, 0.66, below, color=color, linewidth=0)
                below += height
            axes.set_title(counts_as(threshold), loc="left", pad=3)
            axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1), ylabel="units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            mark_layers(axes, labels, written=axes is rows[-1])
        rows[-1].set_xlabel("layer, from input to output")
    return figure


def predictor_shares(results: Results) -> tuple[list[float], list[int], Floats]:
    """Shares of units by how many predictors they have at the penalty of the layer's best mean held-out R².

    Args:
        results: Results with the group `sparse_prediction`.

    Returns:
        The thresholds, from the smallest, at most three; the smallest number of predictors of each bin; the shares,
        (threshold, layer, bin), of the units of both networks and all pairs, NaN where nothing was computed.
    """
    thresholds = results["sparse_prediction/threshold"].values
    rows = thinned(np.argsort(thresholds, kind="stable").tolist(), _MOST_ROWS)
    best = best_penalties(tradeoff(results).held_out)
    found: list[list[Floats]] = [[] for _ in rows]
    for layer, penalty in enumerate(best):
        predictors, held_out = (
            of_layer(results, name, layer)[:, penalty or 0] for name in ("predictors", "held_out_r2")
        )
        known = ~np.isnan(held_out)  # a unit that never varies cannot be predicted, and needs no predictor for it
        for layers, row in zip(found, rows, strict=True):
            layers.append(predictors[:, row][known])
    most = max((int(units.max()) for layers in found for units in layers if len(units)), default=0)
    starts = [0, *(2**power for power in range(7) if 2**power <= min(most, _LAST))]
    shares = [[_shares(units, starts) for units in layers] for layers in found]
    return thresholds[rows].tolist(), starts, np.array(shares)


def bin_labels(starts: list[int]) -> list[str]:
    """The bins in words.

    >>> bin_labels([0, 1, 2, 4])
    ['none', '1', '2–3', '4–7']
    """
    bins = [f"{start}–{2 * start - 1}" if start > 1 else str(start) for start in starts[1:]]
    if starts[-1] == _LAST:
        bins[-1] = f"{_LAST} or more"
    return ["none", *bins]


def _caption(results: Results) -> str:
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


def _shares(units: Floats, starts: list[int]) -> Floats:
    if not len(units):
        return np.full(len(starts), np.nan)
    return np.bincount(np.searchsorted(starts, units, side="right") - 1, minlength=len(starts)) / len(units)


def _colors(count: int) -> list[str]:
    ramp = mpl.colormaps["YlGnBu_r"]
    return [FAINT, *(to_hex(ramp(place)) for place in np.linspace(0.18, 0.86, count - 1))]


DRAWING = Drawing(
    "predictors-needed",
    "Predictors of a unit",
    _draw,
    _caption,
    "Stacked bars, one per layer, one row per threshold: shares of units by their number of predictors.",
    predicted,
)
