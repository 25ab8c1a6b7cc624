"""How the compared networks learnt: loss and accuracy against epochs, and the accuracy of each."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from xarray import Dataset

from jaxrepsim.report.labels import legend_columns, shortened
from jaxrepsim.report.style import Column, category_style, new_figure, paper_style
from jaxrepsim.report.summaries import names

_LABELS = {
    "train_loss": "training loss",
    "validation_accuracy": "validation accuracy, %",
    "accuracy": "accuracy as compared, %",
}


def recorded(results: Dataset) -> bool:
    """Whether there is any record of training or accuracy."""
    return any(name in results for name in _LABELS)


def training_curves(results: Dataset, column: Column = "double") -> Figure:
    """Draws training loss and validation accuracy of each network against epochs, and its accuracy, as far as recorded.

    Args:
        results: The Dataset.
        column: The width: one column of a paper, with the panels stacked, or both.

    Returns:
        The figure.

    Raises:
        ValueError: The results hold no record of training and no accuracy.
    """
    panels = [name for name in _LABELS if name in results]
    if not panels:
        raise ValueError("these results hold neither training curves nor accuracies, so they cannot be drawn")
    networks = shortened(names(results, "network"), 24)
    with paper_style():
        columns = legend_columns(networks, column)
        rows = ceil(len(networks) / columns)
        dots = 0.16 * len(networks) + 0.6
        heights = [max(dots, 1.5) if name == "accuracy" else 1.7 for name in panels]
        height = (sum(heights) if column == "single" else max(*heights, 2.0)) + 0.4 + 0.14 * rows
        figure = new_figure(column, height)
        if column == "single":
            grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
        else:
            widths = [1.3 if name == "accuracy" else 2 for name in panels]
            grid = figure.subplots(1, len(panels), squeeze=False, width_ratios=widths)
        for axes, name in zip(grid.ravel(), panels, strict=True):
            if name == "accuracy":
                _dots(axes, results, networks)
            else:
                _curves(axes, results, name, networks)
        handles, _ = figure.axes[0].get_legend_handles_labels()
        if panels[0] != "accuracy":
            figure.legend(handles=handles, loc="outside upper center", ncols=columns, title="network")
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    parts = [_LABELS[name].removesuffix(", %") for name in _LABELS if name in results]
    return (
        f"{', '.join(parts).capitalize()}, one line or point a network. Networks should have learnt equally well "
        "before their representations are compared."
    )


def _curves(axes: Axes, results: Dataset, name: str, networks: list[str]) -> None:
    epochs = results["epoch"].values
    values = results[name].values * (1 if name == "train_loss" else 100)
    for index, network in enumerate(networks):
        look = category_style(index)
        axes.plot(
            epochs,
            values[index],
            label=network,
            markevery=max(1, len(epochs) // 8) if len(epochs) > 1 else 1,
            linewidth=1,
            **look,
        )
    axes.set(xlabel="epoch", ylabel=_LABELS[name])
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    if name == "train_loss" and np.nanmin(values) > 0 and np.nanmax(values) > 30 * np.nanmin(values):
        axes.set_yscale("log")
        # Powers of ten would be written in mathematical notation, which the style turns off for the sake of names.
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def _dots(axes: Axes, results: Dataset, networks: list[str]) -> None:
    for index, value in enumerate(results["accuracy"].values):
        axes.plot([100 * value], [index], **(category_style(index) | {"linestyle": "none", "markersize": 5}))
    axes.set_yticks(range(len(networks)), networks)
    axes.set_ylim(len(networks) - 0.4, -0.6)
    axes.margins(x=0.25)
    axes.grid(axis="x")
    axes.set(xlabel=_LABELS["accuracy"], ylabel="network")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter("{x:g}")
