"""What every figure has: size and legends, axes over layers or in a grid, and the guard against empty results."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from jaxrepsim.notebook_figure import NotebookFigure
from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.labels import LayerLabels, layer_labels, legend_columns, mark_layers
from jaxrepsim.report.results import Floats, Results, Spread, names
from jaxrepsim.report.style import BACKGROUND, PAPER, WIDTHS, Column, Look, paper_style

LEGEND_ROW = 0.15
"""Inches that a row of a legend takes."""


class Drawing(NamedTuple):
    """One figure of a section. The results that its functions take have been checked."""

    name: str
    """The stem of its files, and, after `figure-`, its anchor in the page."""
    title: str
    """Heads its caption."""
    draw: Callable[[Results, Column], Figure]
    """Called through `figure`, so that it need not look whether there is anything to draw."""
    caption: Callable[[Results], str]
    """How to read it."""
    description: str
    """What it is, for a reader who cannot see it."""
    present: Callable[[Results], bool] = lambda results: True
    """Whether the results hold what it shows."""

    def figure(self, results: Results, column: Column = "double") -> Figure:
        """Draws it.

        Args:
            results: Checked results.
            column: The width: one column of a paper, or both.

        Raises:
            ValueError: There is nothing to draw.
        """
        require(self.present(results), self.name)
        with paper_style():  # handles of a legend, which are made before the figure, have its lines too
            return self.draw(results, column)


def require(present: bool, name: str) -> None:
    """Raises ValueError where results do not hold what the figure of that name shows."""
    if not present:
        raise ValueError(f"these results hold nothing that the figure {name!r} could show")


@contextmanager
def framed(column: Column, height: float, *legends: Sequence[Artist], title: str = "") -> Iterator[Figure]:
    """An empty figure in the style of papers, that makes room for its own labels and legends.

    Args:
        column: The width.
        height: In inches, of all but the legends.
        *legends: Handles of the legend above the axes, and of one below them; those that are empty are left out.
        title: Heads the legend above the axes.

    Yields:
        The figure, which no global state knows.
    """
    with paper_style():
        columns = [legend_columns([str(handle.get_label()) for handle in handles], column) for handles in legends]
        rows = sum(-(-len(handles) // count) for handles, count in zip(legends, columns, strict=True))
        figure = NotebookFigure(figsize=(WIDTHS[column], height + LEGEND_ROW * rows), layout="constrained")
        figure.patch.set_gid(BACKGROUND)
        yield figure
        for handles, place, count in zip(legends, ("upper", "lower"), columns, strict=False):
            if handles:
                look: Look = {"loc": f"outside {place} center", "title": title if place == "upper" else ""}
                figure.legend(handles=list(handles), ncols=count, **look)


@contextmanager
def layer_axes(
    results: Results, column: Column, heights: Sequence[float], *legends: Sequence[Artist], title: str = ""
) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure of axes below one another over a common axis of layers, whose names stand below the last.

    Args:
        results: The tree of results.
        column: The width.
        heights: Of the axes, in inches, from the top.
        *legends: As `framed` takes them.
        title: Likewise.

    Yields:
        The figure, and its axes, on which layer i stands at x = i.
    """
    labels = layer_labels(names(results, "layer"), column)
    height = sum(heights) + labels.height + (0.65 if title else 0.45)
    with framed(column, height, *legends, title=title) as figure:
        rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights).ravel().tolist()
        over_layers(rows, labels)
        yield figure, rows


@contextmanager
def epsilon_axes(
    results: Results, column: Column, epsilons: Sequence[int], height: float, handles: Sequence[Artist]
) -> Iterator[tuple[Figure, list[tuple[int, Axes]]]]:
    """A figure as of `layer_axes`, of axes that are one an ε and have it as their title.

    Args:
        results: The tree of results.
        column: The width.
        epsilons: The indices of the values of ε, at least one.
        height: Of each axes, in inches.
        handles: Of the legend.

    Yields:
        The figure, and each ε with its axes.
    """
    with layer_axes(results, column, [height] * len(epsilons), handles) as (figure, rows):
        for epsilon, axes in zip(epsilons, rows, strict=True):
            axes.set_title(f"ε = {epsilon_labels(results)[epsilon]}", loc="left", pad=3)
        yield figure, list(zip(epsilons, rows, strict=True))


def over_layers(rows: Sequence[Axes], labels: LayerLabels) -> None:
    """Makes the x axes of axes below one another those of layers, layer i at x = i: the last has names and a title."""
    for axes in rows:
        mark_layers(axes, labels, written=axes is rows[-1])
    rows[-1].set_xlabel("layer, from input to output")


def similarity_axis(axes: Axes, *, titled: bool = True) -> None:
    """Makes the y axis that of similarity, from 0 to 1.

    Args:
        axes: The axes.
        titled: Whether it has a title; false for all but the first of a row of axes.
    """
    axes.set(ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.yaxis.set_major_formatter("{x:g}")
    if titled:
        axes.set_ylabel("similarity")


def arranged(count: int, most: int, column: Column, margin: float = 0.4) -> tuple[int, int, float]:
    """How panels stand in a grid that fills the width, in rows as even as they can be: five of them as three and two.

    Args:
        count: How many.
        most: How many may stand beside one another.
        column: The width.
        margin: Inches of it that are no panel's.

    Returns:
        How many stand beside one another, in how many rows, and how many inches of the width each has.
    """
    down = ceil(count / most)
    across = ceil(count / down)
    return across, down, (WIDTHS[column] - margin) / across


def panel_grid(figure: Figure | SubFigure, count: int, across: int, **options: Any) -> list[Axes]:
    """Axes from left to right and from top to bottom; the last row need not be full.

    Args:
        figure: An empty figure, or an empty part of one.
        count: How many.
        across: How many beside one another.
        **options: Of `Figure.subplots`.

    Returns:
        The axes, from the first to the last.
    """
    grid = figure.subplots(-(-count // across), across, squeeze=False, **options).ravel().tolist()
    for axes in grid[count:]:
        axes.set_visible(False)
    return grid[:count]


def draw_spread(axes: Axes, values: Spread, aside: float, *, band: bool = True, **look: Any) -> Floats:
    """Draws a mean against depth, and a band from the smallest to the largest.

    Args:
        axes: The axes; layer i stands at x = i.
        values: One a layer, NaN for none.
        aside: How far the points stand from their layer where there is only one.
        band: Whether there is one.
        **look: Of the line.

    Returns:
        Where along x its points stand.
    """
    depth = np.arange(len(values.mean), dtype=float)
    if len(depth) == 1:
        # A band over one layer has no width, and points at one place would hide one another.
        depth += aside
    if band and len(depth) == 1:
        axes.vlines(depth, values.low, values.high, color=look["color"], linewidth=1.2)
    elif band:
        axes.fill_between(depth, values.low, values.high, color=look["color"], alpha=0.2, linewidth=0)
    look = {"markeredgecolor": PAPER, "markersize": 3.6 if len(depth) <= 40 else 2.4} | look
    axes.plot(depth, values.mean, clip_on=False, zorder=3, **look)
    return depth


def draw_box(axes: Axes, place: float, values: NDArray[Any], color: str, *, whiskers: bool = True) -> None:
    """Draws a box that holds the middle half of values, its line the median.

    Args:
        axes: The axes.
        place: Where along x.
        values: At least one.
        color: Of all of it.
        whiskers: Whether a line runs from the smallest to the largest.
    """
    low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
    if whiskers:
        axes.vlines(place, low, high, color=color, linewidth=0.8)
    axes.bar(place, third - first, 0.56, first, color=color, alpha=0.3, linewidth=0)
    axes.hlines(median, place - 0.28, place + 0.28, color=color, linewidth=1.8)


def draw_points(axes: Axes, place: float, values: NDArray[Any], **look: Any) -> None:
    """Draws each of many values as a point, spread evenly over a box's width."""
    # Multiples of the golden ratio spread points evenly without a random number.
    aside = (np.arange(len(values)) * 0.618034 % 1 - 0.5) * 0.5
    axes.plot(place + aside, values, linestyle="none", **look)


def color_bar(
    axes: Axes | Sequence[Axes], image: ScalarMappable, label: str, pad: float = 0.015, **options: Any
) -> Colorbar:
    """Puts the bar that says what the colours mean beside the axes, and its label beside that."""
    first = axes if isinstance(axes, Axes) else axes[0]
    bar = first.figure.colorbar(image, ax=axes, pad=pad, **options)
    bar.set_label(label)
    bar.ax.minorticks_off()
    return bar


def share_axis(axes: Axes, title: str = "", top: float = 1) -> None:
    """Makes the y axis that of a share, in percent, with this title."""
    axes.set(ylim=(0, top), yticks=(0, 0.5, 1), ylabel=title)
    axes.yaxis.set_major_formatter("{x:.0%}")


def stacked_bars(axes: Axes, shares: Floats, looks: Iterable[Mapping[str, Any]]) -> None:
    """Draws one bar per layer that is made of shares of units, and makes the y axis theirs.

    Args:
        axes: The axes; layer i stands at x = i.
        shares: (part, layer), from the lowest part to the highest; NaN for none.
        looks: Of each part.
    """
    heights = np.nan_to_num(shares)
    below = np.zeros(heights.shape[1])
    for look, height in zip(looks, heights, strict=True):
        axes.bar(range(len(height)), height, 0.66, below, **look)
        below = below + height
    share_axis(axes, "units", 1.02)


def facets(
    figure: Figure | SubFigure, titles: Sequence[str], across: int, pad: float = 3, **options: Any
) -> list[Axes]:
    """A grid of panels of the same scales: each has a title, and those at the left and at the bottom have numbers.

    Args:
        figure: An empty figure, or an empty part of one.
        titles: One for each panel.
        across: How many are beside one another.
        pad: Points between a title and its axes.
        **options: Of `Figure.subplots`.

    Returns:
        The axes, from left to right and from top to bottom.
    """
    panels = panel_grid(figure, len(titles), across, **options)
    for place, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        axes.set_title(title, pad=pad)
        axes.tick_params(labelbottom=place + across >= len(panels), labelleft=place % across == 0)
    return panels
