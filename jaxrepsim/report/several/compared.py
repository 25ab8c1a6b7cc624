"""Runs that differ in one thing, line by line in the same axes, with the accuracy that each has reached."""

from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.doubtful import few_samples, hollow_handle, mark_few
from jaxrepsim.report.labels import ALONE, layer_labels, legend_columns, mark_layers, shortened
from jaxrepsim.report.panels import nonzero_epsilons, thinned
from jaxrepsim.report.several.runs import (
    UPPER,
    Runs,
    accuracies,
    accuracy_text,
    dead_shares,
    same_epsilons,
    same_layers,
)
from jaxrepsim.report.style import PAPER, Column, category_style, new_figure, paper_style
from jaxrepsim.report.summaries import Floats, over_pairs, pair_similarity, profile_auc

_MOST_EPSILONS = 3


def compared_table(runs: Runs) -> tuple[list[str], list[list[str]]]:
    """What the figure shows, as a table: for each layer the similarity of each run, side by side.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε.

    Returns:
        The headings, and one row of texts a layer and measure, the mean over pairs; the first row has the accuracies.

    Raises:
        InputError: There is no run, or they have different layers or values of ε.
    """
    layers, epsilons = same_layers(runs), same_epsilons(runs)
    auc = [profile_auc(results, UPPER).mean(1) for results in runs.values()]
    similarity = [pair_similarity(results).mean(1) for results in runs.values()]
    dead = [dead_shares(results).mean(1) for results in runs.values()]
    rows = [["validation accuracy", "%", *(accuracy_text(results).removesuffix(" %") for results in runs.values())]]
    for layer, name in enumerate(layers):
        rows.append([name, f"mean over ε ≤ {UPPER:g}", *(f"{values[layer]:.2f}" for values in auc)])
        for epsilon, label in enumerate(epsilons):
            rows.append([name, f"ε = {label}", *(f"{values[layer, epsilon]:.2f}" for values in similarity)])
        if any(values[layer] for values in dead):
            rows.append([name, "dead units", *(f"{values[layer]:.2f}" for values in dead)])
    return ["layer", "measure", *runs], rows


def runs_by_depth(runs: Runs, column: Column = "double") -> Figure:
    """Draws each run as a line against depth: mean over ε, similarity at up to three ε, dead units; and accuracy.

    Lines are means over pairs, bands run from the smallest pair to the largest; hollow points rest on fewer than ten
    samples a unit. An ε at which nothing matches in any run has no panel, nor have dead units where there are none.
    Accuracies are points, one a network.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        InputError: There is no run, or they have different layers or values of ε.
    """
    layers, epsilons = same_layers(runs), same_epsilons(runs)
    similarity = [pair_similarity(results) for results in runs.values()]
    measures = [(f"mean over ε ≤ {UPPER:g}", [profile_auc(results, UPPER) for results in runs.values()])]
    measures += [
        (f"ε = {epsilons[index]}", [values[..., index] for values in similarity])
        for index in thinned(nonzero_epsilons(*similarity), _MOST_EPSILONS)
    ]
    dead = [dead_shares(results) for results in runs.values()]
    accurate = any(len(accuracies(results)) for results in runs.values())
    panels = len(measures) + any(shares.any() for shares in dead) + accurate
    across = 1 if column == "single" else 2
    down = ceil(panels / across)
    labels = layer_labels(layers, "single", ALONE["single"])
    few = [few_samples(results) for results in runs.values()]
    with paper_style():
        handles = [
            Line2D([], [], markeredgecolor=PAPER, label=name, **category_style(index))
            for index, name in enumerate(shortened([*runs], 32))
        ]
        if any(layer.any() for layer in few):
            handles.append(hollow_handle())
        columns = legend_columns([str(handle.get_label()) for handle in handles], column)
        figure = new_figure(column, down * (1.25 + labels.height + 0.25) + 0.45 + 0.15 * ceil(len(handles) / columns))
        grid = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (title, values) in zip(grid, measures, strict=False):
            _lines(axes, values, few)
            axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="similarity")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_title(title, loc="left", pad=3)
            mark_layers(axes, labels)
        rest = grid[len(measures) :].tolist()
        if any(shares.any() for shares in dead):
            axes = rest.pop(0)
            _lines(axes, dead, few)
            axes.set_ylim(0, None)
            axes.set_title("dead units, counted as not matched", loc="left", pad=3)
            axes.set_ylabel("share of units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            mark_layers(axes, labels)
        if accurate:
            _accuracy(rest.pop(0), runs)
        for axes in rest:
            axes.set_visible(False)
        by_layer = grid[: panels - accurate]
        for axes in by_layer[-across:]:
            axes.set_xlabel("layer, from input to output")
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return figure


def _lines(axes: Axes, values: list[Floats], few: list[np.ndarray]) -> None:
    """One line a run; its values are (layer, pair) or (layer, network)."""
    for index, (value, hollow) in enumerate(zip(values, few, strict=True)):
        style: dict[str, Any] = category_style(index)
        spread = over_pairs(value)
        depth = np.arange(len(value), dtype=float)
        if len(depth) == 1:
            depth += 0.2 * (index - (len(values) - 1) / 2)
            axes.vlines(depth, spread.low, spread.high, color=style["color"], linewidth=1.2)
        else:
            axes.fill_between(depth, spread.low, spread.high, color=style["color"], alpha=0.16, linewidth=0)
        axes.plot(depth, spread.mean, markeredgecolor=PAPER, clip_on=False, zorder=3, **style)
        mark_few(axes, depth, spread.mean, hollow, style["color"], style["marker"])


def _accuracy(axes: Axes, runs: Runs) -> None:
    for index, results in enumerate(runs.values()):
        values = 100 * accuracies(results)
        aside = 0.12 * (np.arange(len(values)) - (len(values) - 1) / 2)
        look: dict[str, Any] = {"markeredgecolor": PAPER, "linestyle": "none", "clip_on": False}
        axes.plot(index + aside, values, **(category_style(index) | look))
    axes.set_title("validation accuracy, %, each network", loc="left", pad=3)
    axes.set_xlim(-0.6, len(runs) - 0.4)
    axes.set_xticks(range(len(runs)), shortened([*runs], max(8, 48 // len(runs))))
    axes.margins(y=0.25)
