"""Runs that differ in one thing, line by line in the same axes, with the accuracy that each has reached.

Scripts that compare runs in one thing share it: `seeds_and_data_order` and `batch_norm`.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.doubtful import hollow_handles, mark_few
from jaxrepsim.report.experiments.runs import Runs, drawn_epsilons, measured, measures, same_epsilons, same_layers
from jaxrepsim.report.figure import draw_spread, framed, panel_grid, similarity_axis
from jaxrepsim.report.labels import ROOM, layer_labels, mark_layers, shortened
from jaxrepsim.report.results import Floats, Mask, over_pairs
from jaxrepsim.report.style import PAPER, Column, Look, category_style, legend_line, paper_style


def side_by_side_table(runs: Runs) -> tuple[list[str], list[list[str]]]:
    """What the figure shows, as a table: for each layer the similarity of each run, side by side.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε.

    Returns:
        The headings, and one row of texts per layer and measure, the mean over pairs; the first row has the accuracies.

    Raises:
        InputError: There is no run, or they have different layers or values of ε.
    """
    layers, epsilons = same_layers(runs), same_epsilons(runs)
    found = [measured(results) for results in runs.values()]
    lines = [*measures(found, epsilons, range(len(epsilons))), ("dead units", [run.dead for run in found])]
    rows = [["validation accuracy", "%", *(run.accuracy_text.removesuffix(" %") for run in found)]]
    for layer, name in enumerate(layers):
        for measure, values in lines:
            means = [value[layer].mean() for value in values]
            if measure != "dead units" or any(means):
                rows.append([name, measure, *(f"{mean:.2f}" for mean in means)])
    return ["layer", "measure", *runs], rows


@paper_style()
def runs_by_depth(runs: Runs, column: Column = "double") -> Figure:
    """Draws each run as a line against depth: mean over ε, similarity at up to three ε, dead units; and accuracy.

    Lines are means over pairs, bands run from the smallest pair to the largest; hollow points rest on fewer than ten
    samples a unit. An ε at which nothing matches in any run has no panel, nor have dead units where there are none.
    Accuracies are points, one per network.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        InputError: There is no run, or they have different layers or values of ε.
    """
    layers, epsilons = same_layers(runs), same_epsilons(runs)
    found = [measured(results) for results in runs.values()]
    few = [run.few for run in found]
    lines = measures(found, epsilons, drawn_epsilons(found))
    dead = any(run.dead.any() for run in found)
    accurate = any(len(run.accuracies) for run in found)
    by_layer, across = len(lines) + dead, 1 if column == "single" else 2
    down = -(-(by_layer + accurate) // across)
    labels = layer_labels(layers, "single", ROOM["single"])
    handles = [
        legend_line(markeredgecolor=PAPER, label=name, **category_style(index))
        for index, name in enumerate(shortened([*runs], 32))
    ]
    handles += hollow_handles(np.array(few))
    with framed(column, down * (1.25 + labels.height + 0.25) + 0.45, handles) as figure:
        grid = panel_grid(figure, by_layer + accurate, across)
        for axes, (title, values) in zip(grid, lines, strict=False):
            _lines(axes, title, values, few)
            similarity_axis(axes)
        if dead:
            axes = grid[len(lines)]
            _lines(axes, "dead units, counted as not matched", [run.dead for run in found], few)
            axes.set_ylim(0, None)
            axes.set_ylabel("share of units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        for axes in grid[:by_layer]:
            mark_layers(axes, labels)
        for axes in grid[:by_layer][-across:]:
            axes.set_xlabel("layer, from input to output")
        if accurate:
            _accuracy(grid[-1], [*runs], [run.accuracies for run in found])
    return figure


def _lines(axes: Axes, title: str, values: Sequence[Floats], few: Sequence[Mask]) -> None:
    """One line per run; its values are (layer, pair) or (layer, network)."""
    for index, (value, hollow) in enumerate(zip(values, few, strict=True)):
        style: Look = category_style(index)
        spread = over_pairs(value)
        depth = draw_spread(axes, spread, 0.2 * (index - (len(values) - 1) / 2), **style)
        mark_few(axes, depth, spread.mean, hollow, style["color"], style["marker"])
    axes.set_title(title, loc="left", pad=3)


def _accuracy(axes: Axes, runs: list[str], accuracies: Sequence[Floats]) -> None:
    for index, values in enumerate(accuracies):
        aside = 0.12 * (np.arange(len(values)) - (len(values) - 1) / 2)
        look: Look = {"markeredgecolor": PAPER, "linestyle": "none", "clip_on": False}
        axes.plot(index + aside, 100 * values, **(category_style(index) | look))
    axes.set_title("validation accuracy, %, each network", loc="left", pad=3)
    axes.set_xlim(-0.6, len(runs) - 0.4)
    axes.set_xticks(range(len(runs)), shortened(runs, max(8, 48 // len(runs))))
    axes.margins(y=0.25)
