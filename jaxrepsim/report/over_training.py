"""How similarity changes while the networks learn."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from xarray import Dataset

from jaxrepsim.report.labels import legend_columns, shortened
from jaxrepsim.report.panels import left_out, nonzero_epsilons
from jaxrepsim.report.schema import holds
from jaxrepsim.report.style import (
    INK,
    MUTED,
    PAPER,
    TICK_SIZE,
    WIDTHS,
    Column,
    layer_colors,
    marker,
    new_figure,
    paper_style,
)
from jaxrepsim.report.summaries import Floats, epsilon_labels, names, over_known

_MOST_NAMED = 10
"""Up to this many layers each line has a marker and a place in the legend; beyond, a bar shows the colours."""


def followed(results: Dataset) -> bool:
    """Whether similarity was measured at any checkpoint."""
    return holds(results, "training") and bool(results["training_similarity"].notnull().any())


def training_mean(results: Dataset) -> Floats:
    """Mean similarity over pairs: (checkpoint, layer, ε), NaN where nothing was computed."""
    return over_known(results["training_similarity"].values, 2).mean


def similarity_over_training(results: Dataset, column: Column = "double") -> Figure:
    """Draws similarity against epochs, one line a layer and one panel an ε, and validation accuracy beside it.

    Lines are means over pairs; those of accuracy are one a network, and their mean in bold. An ε at which nothing
    matches at any checkpoint has no panel.

    Args:
        results: The Dataset, with the group `training`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No checkpoint was compared.
    """
    if not followed(results):
        raise ValueError("these results follow no training, so that cannot be drawn")
    layers = shortened(names(results, "layer"), 16)
    mean, shown = training_mean(results), _shown(results)
    colors = layer_colors(len(layers))
    accurate = bool(results["checkpoint_accuracy"].notnull().any())
    panels = len(shown) + accurate
    across = min(panels, 2 if column == "single" else 3)
    down = ceil(panels / across)
    named = len(layers) <= _MOST_NAMED
    with paper_style():
        columns = legend_columns(layers, column)
        legend = 0.2 + 0.15 * ceil(len(layers) / columns) if named else 0.55
        width = (WIDTHS[column] - 0.4) / across
        figure = new_figure(column, down * (min(width, 2.4) * 0.75 + 0.3) + 0.25 + legend)
        grid = figure.subplots(down, across, squeeze=False).ravel()
        for place, (axes, epsilon) in enumerate(zip(grid, shown, strict=False)):
            for layer, color in enumerate(colors):
                look = {"marker": marker(layer), "markeredgecolor": PAPER} if named else {}
                axes.plot(_epochs(results), mean[:, layer, epsilon], color=color, linewidth=1, clip_on=False, **look)
            axes.set_title(f"ε = {epsilon_labels(results)[epsilon]}", loc="left", pad=3)
            axes.set(ylim=(0, 1), yticks=(0, 0.5, 1))
            axes.yaxis.set_major_formatter("{x:g}")
            if place % across == 0:
                axes.set_ylabel("similarity")
        if accurate:
            _accuracy(grid[len(shown)], results)
        for axes in grid[:panels]:
            _mark_epochs(axes, results, width)
        for axes in grid[panels:]:
            axes.set_visible(False)
        figure.supxlabel("epoch (0: untrained)", fontsize=7.5)
        if named:
            handles = [
                Line2D([], [], color=color, marker=marker(index), markeredgecolor=PAPER, label=name)
                for index, (name, color) in enumerate(zip(layers, colors, strict=True))
            ]
            figure.legend(handles=handles, loc="outside upper center", ncols=columns)
        else:
            _bar(figure, grid, colors, layers)
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    kept = nonzero_epsilons(training_mean(results))
    empty = left_out(results, kept, "nothing matches at any checkpoint") if kept else ""
    accuracy = ""
    if results["checkpoint_accuracy"].notnull().any():
        accuracy = " Last, validation accuracy: a thin line a network, their mean in bold."
    scale = " Beyond the first checkpoint after it, epochs are on a logarithmic scale." if _stretched(results) else ""
    return (
        f"Similarity while the networks learn{over}: one line a layer, one panel an ε, at each checkpoint. Epoch 0 is "
        f"before training.{scale}{accuracy}{empty}"
    )


def _shown(results: Dataset) -> list[int]:
    return nonzero_epsilons(training_mean(results)) or [results.sizes["epsilon"] - 1]


def _epochs(results: Dataset) -> Floats:
    return results["checkpoint"].values.astype(np.float64)


def _stretched(results: Dataset) -> bool:
    epochs = _epochs(results)
    first = epochs[epochs > 0]
    return len(first) > 1 and bool(epochs.max() >= 10 * first.min())


def _accuracy(axes: Axes, results: Dataset) -> None:
    values = 100 * results["checkpoint_accuracy"].values
    axes.plot(_epochs(results), values.T, color=MUTED, linewidth=0.5)
    axes.plot(_epochs(results), over_known(values, 0).mean, color=INK, linewidth=1.3, marker="o", markersize=2.4)
    axes.set_title("validation accuracy, %", loc="left", pad=3)
    axes.set_ylim(0, 101)


def _mark_epochs(axes: Axes, results: Dataset, width: float) -> None:
    epochs = _epochs(results)
    if _stretched(results):
        axes.set_xscale("symlog", linthresh=epochs[epochs > 0].min())
        axes.xaxis.set_minor_locator(NullLocator())
    if len(epochs) > 1:
        axes.set_xlim(epochs.min(), epochs.max())
    places = axes.transScale.transform(np.column_stack([epochs, np.zeros(len(epochs))]))[:, 0]
    span = max(places.max() - places.min(), 1e-9)
    room = 72 * (width - 0.5) / (max(len(f"{epoch:g}") for epoch in epochs) * 0.62 * TICK_SIZE + 6)
    ticks = [len(epochs) - 1]
    for index in range(len(epochs) - 2, -1, -1):
        if (places[ticks[-1]] - places[index]) / span * room >= 1:
            ticks.append(index)
    axes.set_xticks(epochs[ticks], [f"{epoch:g}" for epoch in epochs[ticks]])


def _bar(figure: Figure, grid: np.ndarray, colors: list[str], layers: list[str]) -> None:
    count = len(colors)
    norm = BoundaryNorm(np.arange(-0.5, count), count)
    bar = figure.colorbar(
        ScalarMappable(norm, ListedColormap(colors)), ax=grid, location="top", aspect=50, pad=0.02, fraction=0.05
    )
    bar.set_ticks([0, count - 1], labels=[f"input: {layers[0]}", f"{layers[-1]}: output"])
    for text, side in zip(bar.ax.get_xticklabels(), ("left", "right"), strict=True):
        text.set_horizontalalignment(side)  # within the bar's width
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)  # type: ignore[union-attr]
