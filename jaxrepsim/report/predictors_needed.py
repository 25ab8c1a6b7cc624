"""How many units of the other network a unit's prediction takes: shares of units, one bar a layer."""

from math import ceil

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter
from xarray import Dataset

from jaxrepsim.report.labels import layer_labels, legend_columns, mark_layers
from jaxrepsim.report.panels import thinned
from jaxrepsim.report.prediction import best_penalties, counts_as, of_layer, predicted, tradeoff
from jaxrepsim.report.style import FAINT, Column, new_figure, paper_style
from jaxrepsim.report.summaries import Floats, names

_MOST_ROWS = 3
_LAST = 64
"""From this number of predictors on, units are counted together."""


def predictor_bars(results: Dataset, column: Column = "double") -> Figure:
    """Draws the shares of units with no predictor, one, two or three, and so on, at each layer's best penalty.

    One row of axes a threshold beyond which a coefficient counts, at most three.

    Args:
        results: The Dataset, with the group `sparse`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No unit was predicted.
    """
    if not predicted(results):
        raise ValueError("these results hold no sparse prediction, so the predictors cannot be drawn")
    labels = layer_labels(names(results, "layer"), column)
    shown, starts, shares = predictor_shares(results)
    texts = bin_labels(starts)
    with paper_style():
        colors = _colors(len(starts))
        handles = [Patch(facecolor=color, label=text) for color, text in zip(colors, texts, strict=True)]
        columns = legend_columns(texts, column)
        figure = new_figure(column, 1.15 * len(shown) + labels.height + 0.65 + 0.15 * ceil(len(handles) / columns))
        rows = figure.subplots(len(shown), 1, sharex=True, squeeze=False).ravel()
        for axes, threshold, share in zip(rows, shown, shares, strict=True):
            below = np.zeros(len(labels.names))
            for color, height in zip(colors, np.nan_to_num(share).T, strict=True):
                axes.bar(range(len(height)), height, 0.66, below, color=color, linewidth=0)
                below += height
            axes.set_title(counts_as(float(results["threshold"].values[threshold])), loc="left", pad=3)
            axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1), ylabel="units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            mark_layers(axes, labels, written=axes is rows[-1])
        rows[-1].set_xlabel("layer, from input to output")
        figure.legend(handles=handles, loc="outside upper center", ncols=columns, title="predictors of a unit")
    return figure


def predictor_shares(results: Dataset) -> tuple[list[int], list[int], Floats]:
    """Shares of units by how many predictors they have at the penalty of the layer's best mean held-out R².

    Args:
        results: The Dataset, with the group `sparse`.

    Returns:
        The indices of the thresholds, from the smallest; the smallest number of predictors of each bin; the shares,
        (threshold, layer, bin), of the units of both networks and all pairs, NaN where nothing was computed.
    """
    order = np.argsort(results["threshold"].values, kind="stable").tolist()
    shown = thinned(order, _MOST_ROWS)
    best = best_penalties(tradeoff(results).held_out)
    found: list[list[Floats]] = [[] for _ in shown]
    for layer, penalty in enumerate(best):
        predictors, held_out = (
            of_layer(results, name, layer)[:, penalty or 0] for name in ("predictors", "held_out_r2")
        )
        known = ~np.isnan(held_out)  # a unit that never varies cannot be predicted, and needs no predictor for it
        for row, threshold in zip(found, shown, strict=True):
            row.append(predictors[:, threshold][known])
    most = max((int(units.max()) for row in found for units in row if len(units)), default=0)
    starts = [0, *(2**power for power in range(7) if 2**power <= min(most, _LAST))]
    shares = [[_shares(units, starts) for units in row] for row in found]
    return shown, starts, np.array(shares)


def bin_labels(starts: list[int]) -> list[str]:
    """The bins in words.

    >>> bin_labels([0, 1, 2, 4])
    ['none', '1', '2–3', '4–7']
    """
    bins = [f"{start}–{2 * start - 1}" if start > 1 else str(start) for start in starts[1:]]
    if starts[-1] == _LAST:
        bins[-1] = f"{_LAST} or more"
    return ["none", *bins]


def caption(results: Dataset) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else " and all pairs"
    shown, _, shares = predictor_shares(results)
    thresholds = results.sizes["threshold"]
    some = f" {len(shown)} of {thresholds} thresholds are shown." if len(shown) < thresholds else ""
    missing = " A layer without a bar was not computed." if np.isnan(shares).all((0, 2)).any() else ""
    rows = "; one row a threshold that a coefficient must pass to count" if len(shown) > 1 else ""
    return (
        f"How many units of the other network predict a unit: shares of the units of both networks{over}, at the "
        f"penalty at which the layer's mean held-out R² is highest{rows}. Coefficients are those between units of "
        f"standard deviation 1. The paler a bar, the more units it takes.{some}{missing}"
    )


def _shares(units: Floats, starts: list[int]) -> Floats:
    if not len(units):
        return np.full(len(starts), np.nan)
    return np.bincount(np.searchsorted(starts, units, side="right") - 1, minlength=len(starts)) / len(units)


def _colors(count: int) -> list[str]:
    ramp = mpl.colormaps["YlGnBu_r"]
    return [FAINT, *(to_hex(ramp(place)) for place in np.linspace(0.18, 0.86, count - 1))]
