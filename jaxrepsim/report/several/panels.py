"""Figure 1 of Wang et al. 2018 as the paper has it: a panel a run, similarity against depth, a curve an ε."""

from math import ceil
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.depth import curves
from jaxrepsim.report.doubtful import few_samples, hollow_handle
from jaxrepsim.report.labels import ALONE, layer_labels, legend_columns, mark_layers, shortened
from jaxrepsim.report.several.runs import (
    UPPER,
    Runs,
    accuracy_text,
    dead_shares,
    same_epsilons,
)
from jaxrepsim.report.style import PAPER, Column, epsilon_colors, marker, new_figure, paper_style
from jaxrepsim.report.summaries import names, pair_similarity, profile_auc


class DepthRow(NamedTuple):
    """One layer of one run."""

    run: str
    layer: str
    units: int
    samples_per_unit: float
    dead: float
    """The share of units that are zero on all samples, the mean over networks."""
    auc: float
    """Mean similarity over ε up to 0.5, the mean over pairs."""
    similarity: list[float]
    """At each ε, the mean over pairs."""


def depth_rows(runs: Runs) -> list[DepthRow]:
    """What the panels show, and what it rests on.

    Args:
        runs: Results by the names of their runs.

    Returns:
        One row a run and layer, from input to output.
    """
    rows = []
    for run, results in runs.items():
        auc, similarity = profile_auc(results, UPPER).mean(1), pair_similarity(results).mean(1)
        units, samples, dead = results["units"].values, results["samples"].values, dead_shares(results).mean(1)
        rows += [
            DepthRow(
                run,
                layer,
                int(units[index]),
                float(samples[index] / max(units[index], 1)),
                float(dead[index]),
                float(auc[index]),
                similarity[index].tolist(),
            )
            for index, layer in enumerate(names(results, "layer"))
        ]
    return rows


def depth_panels(runs: Runs, column: Column = "double") -> Figure:
    """Draws similarity against depth, a panel a run and a curve an ε; the runs may have different layers.

    A curve is the mean over pairs; its band runs from the smallest pair to the largest. Points that rest on fewer than
    ten samples a unit are hollow. The validation accuracy of the networks stands in the title.

    Args:
        runs: Results by the names of their runs; all have the same values of ε.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        InputError: There is no run, or they have different values of ε.

    Source: Wang et al. 2018 (arXiv:1810.11750), Figure 1.
    """
    epsilons = same_epsilons(runs)
    # A network of many layers needs the whole width.
    most = max(results.sizes["layer"] for results in runs.values())
    across = 2 if column == "double" and len(runs) > 1 and most <= 24 else 1
    down = ceil(len(runs) / across)
    wide: Column = column if across == 1 else "single"
    labels = [layer_labels(names(results, "layer"), wide, ALONE[wide]) for results in runs.values()]
    colors = epsilon_colors(len(epsilons))
    short = shortened([*runs], 26 if across == 2 or column == "single" else 60)
    with paper_style():
        handles = [
            Line2D([], [], color=color, marker=marker(index), markeredgecolor=PAPER, label=f"ε = {label}")
            for index, (label, color) in enumerate(zip(epsilons, colors, strict=True))
        ]
        if any(few_samples(results).any() for results in runs.values()):
            handles.append(hollow_handle())
        columns = legend_columns([str(handle.get_label()) for handle in handles], column)
        named = max(label.height for label in labels)
        figure = new_figure(column, down * (1.75 + named + 0.3) + 0.25 + 0.15 * ceil(len(handles) / columns))
        grid = figure.subplots(down, across, squeeze=False).ravel()
        for place, (axes, results) in enumerate(zip(grid, runs.values(), strict=False)):
            curves(axes, results)
            axes.set_title(_title(place, short[place], accuracy_text(results)), loc="left", pad=4)
            axes.set_ylim(0, 1)
            if place % across == 0:
                axes.set_ylabel("similarity")
            mark_layers(axes, labels[place])
        for axes in grid[len(runs) :]:
            axes.set_visible(False)
        figure.supxlabel("layer, from input to output", fontsize=7.5)
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return figure


def _title(place: int, name: str, accuracy: str) -> str:
    return f"({chr(ord('a') + place)}) {name}" + (f": accuracy {accuracy}" if accuracy else "")
