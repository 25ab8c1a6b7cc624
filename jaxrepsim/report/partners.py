"""How well units have counterparts, layer by layer: best partners, one-to-one partners, and whether they agree."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from xarray import Dataset

from jaxrepsim.report.aligned import aligned, alignment, by_layer
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.ordered import LOOKS
from jaxrepsim.report.style import INK, PAPER, Column, new_figure, paper_style
from jaxrepsim.report.summaries import Spread, names

_HEIGHT = {"single": 2.6, "double": 3.0}


def best_and_one_to_one(results: Dataset, column: Column = "double") -> Figure:
    """Draws mean correlations with best and with one-to-one partners against depth, and the share that are the same.

    Lines are means over pairs of the mean over units; bands run from the smallest pair to the largest.

    Args:
        results: The Dataset, with the group `one_to_one`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No units were aligned.
    """
    if not aligned(results):
        raise ValueError("these results align no units one to one, so their correlations cannot be drawn")
    labels = layer_labels(names(results, "layer"), column)
    found = alignment(results)
    with paper_style():
        figure = new_figure(column, _HEIGHT[column] + labels.height + 0.55)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        spreads = {name: by_layer(getattr(found, name)) for name in LOOKS}
        for place, (name, (label, color, line, mark)) in enumerate(LOOKS.items()):
            draw_spread(above, spreads[name], 0.2 * place - 0.1, color=color, linestyle=line, marker=mark, label=label)
        lowest = min(float(np.nanmin(spread.low)) for spread in spreads.values())
        above.set(ylim=(min(0, np.floor(5 * lowest) / 5), 1), ylabel="mean correlation")
        draw_spread(below, by_layer(found.same), 0, color=INK, linestyle="-", marker="D")
        below.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="same partner\nunder both")
        below.yaxis.set_major_formatter(PercentFormatter(1))
        for axes in (above, below):
            mark_layers(axes, labels, written=axes is below)
        below.set_xlabel("layer, from input to output")
        figure.align_ylabels()
        handles, texts = above.get_legend_handles_labels()
        figure.legend(handles[::-1], texts[::-1], loc="outside upper center", ncols=2)
    return figure


def draw_spread(axes: Axes, values: Spread, aside: float, **look: Any) -> None:
    """Draws a mean against depth, and a band from the smallest to the largest.

    Args:
        axes: The axes; layer i stands at x = i.
        values: One a layer, NaN for none.
        aside: How far the points stand from their layer where there is only one.
        **look: Of the line.
    """
    depth = np.arange(len(values.mean), dtype=float)
    if len(depth) == 1:
        # A band over one layer has no width, and points at one place would hide one another.
        depth += aside
        axes.vlines(depth, values.low, values.high, color=look["color"], linewidth=1.2)
    else:
        axes.fill_between(depth, values.low, values.high, color=look["color"], alpha=0.2, linewidth=0)
    size = 3.6 if len(depth) <= 40 else 2.4
    axes.plot(depth, values.mean, markeredgecolor=PAPER, markersize=size, clip_on=False, zorder=3, **look)


def caption(results: Dataset) -> str:
    """How to read the figure."""
    pairs = results.sizes["pair"]
    lines = (
        "" if pairs == 1 else f" Lines are means over {pairs} pairs, bands run from the smallest pair to the largest."
    )
    return (
        "Above: the mean correlation of a unit with the unit of the other network it correlates most with, and with "
        "its partner where no two share one. Below: the share of units for which the two are the same unit; units that "
        f"never vary do not count.{lines}"
    )
