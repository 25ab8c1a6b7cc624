"""Sizes of sampled v-minimal matches: how many units it takes before a unit can be matched at all."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from xarray import Dataset

from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.style import MUTED, Column, epsilon_colors, new_figure, paper_style
from jaxrepsim.report.summaries import MinimalSizes, epsilon_labels, minimal_sizes, names

_MOST_LAYERS = 24
_MOST_POINTS = 60
"""Up to this many layers, and sampled matches in a box, each match is also drawn as a point."""


def sampled(results: Dataset) -> bool:
    """Whether any unit's v-minimal match was looked for."""
    return bool((results["minimal_unit"] >= 0).any())


def minimal_match_sizes(results: Dataset, column: Column = "double") -> Figure:
    """Draws the sizes of sampled v-minimal matches, relative to a layer's joint units, one row of axes an ε.

    A box holds the middle half of the sizes, its line the median, whiskers the smallest and the largest. The strip
    below it shows the share of sampled units that are in no match at this ε. An ε at which no sampled unit is in a
    match gets no axes, but a line of text.

    Args:
        results: The Dataset; at least one unit must have been sampled.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No unit was sampled.
    """
    if not sampled(results):
        raise ValueError("no minimal matches were sampled, so their sizes cannot be drawn")
    labels = layer_labels(names(results, "layer"), column)
    epsilons = epsilon_labels(results)
    cells = minimal_sizes(results)
    shown = [e for e, row in enumerate(cells) if any(len(cell.sizes) for cell in row)]
    empty = [label for e, label in enumerate(epsilons) if e not in shown]
    with paper_style():
        height = len(shown) * 1.5 + labels.height + 0.3 * bool(empty) + 0.2 if shown else 0.5
        figure = new_figure(column, height)
        if empty:
            figure.suptitle(f"no sampled unit is in a match at ε = {', '.join(empty)}", fontsize=7.5)
        if not shown:
            return figure
        grid = figure.subplots(2 * len(shown), 1, sharex=True, squeeze=False, height_ratios=[4, 1] * len(shown)).ravel()
        for row, (epsilon, color) in enumerate(zip(shown, _colors(shown, len(epsilons)), strict=True)):
            _sizes(grid[2 * row], cells[epsilon], color)
            _none(grid[2 * row + 1], cells[epsilon])
            total = sum(cell.sampled for cell in cells[epsilon])
            none = sum(cell.none for cell in cells[epsilon])
            title = f"ε = {epsilons[epsilon]}: {none:,} of {total:,} in no match"
            grid[2 * row].set_title(title, loc="left")
        figure.set_layout_engine("constrained", h_pad=0.02, hspace=0, rect=(0, 0, 1, 1 - 0.05 / height))
        for axes in grid:
            mark_layers(axes, labels, written=axes is grid[-1])
        grid[-1].set_xlabel("layer, from input to output")
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    return (
        "Sizes of v-minimal matches of sampled units, both sides together, as a share of the layer's units in both "
        "networks: boxes hold the middle half, the line in a box is the median, whiskers reach from smallest to "
        "largest; where there are few, each is also a point. Grey bars and headings give the sampled units that are in "
        "no match at all. The nearer to the top, the more units it takes before one unit of one network can be matched "
        "with the other. A unit may have several v-minimal matches; each size is that of the one that was found."
    )


def _colors(shown: list[int], count: int) -> list[str]:
    colors = epsilon_colors(count)
    return [colors[index] for index in shown]


def _sizes(axes: Axes, row: list[MinimalSizes], color: str) -> None:
    width = 0.56
    held = [(place, cell.shares) for place, cell in enumerate(row) if len(cell.shares)]
    places = np.array([place for place, _ in held])
    low, first, median, third, high = np.transpose([np.quantile(shares, (0, 0.25, 0.5, 0.75, 1)) for _, shares in held])
    axes.vlines(places, low, high, color=color, linewidth=0.8)
    axes.bar(places, third - first, width, first, color=color, alpha=0.3, linewidth=0)
    axes.hlines(median, places - width / 2, places + width / 2, color=color, linewidth=1.8)
    if len(row) <= _MOST_LAYERS and max(len(shares) for _, shares in held) <= _MOST_POINTS:
        for place, shares in held:
            # Multiples of the golden ratio spread points evenly without a random number.
            aside = (np.arange(len(shares)) * 0.618034 % 1 - 0.5) * width * 0.8
            axes.plot(place + aside, shares, ".", color=color, markersize=2.4, markeredgewidth=0, alpha=0.7)
    axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1))
    axes.set_ylabel("match size,\nshare of units")
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _none(axes: Axes, row: list[MinimalSizes]) -> None:
    shares = [cell.none / cell.sampled if cell.sampled else 0.0 for cell in row]
    axes.bar(range(len(row)), shares, 0.56, color=MUTED, linewidth=0)
    axes.set(ylim=(0, 1), yticks=(0, 1))
    axes.set_ylabel("in no\nmatch")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
