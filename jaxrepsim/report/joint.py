"""Similarity of all networks at once, beside that of pairs."""

from math import ceil

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from xarray import Dataset

from jaxrepsim.report.labels import layer_labels, legend_columns, mark_layers
from jaxrepsim.report.schema import holds
from jaxrepsim.report.style import MUTED, PAPER, Column, epsilon_colors, marker, new_figure, paper_style
from jaxrepsim.report.summaries import Floats, epsilon_labels, names, over_known

_AXES_HEIGHT = {"single": 2.0, "double": 2.6}


def matched_at_once(results: Dataset) -> bool:
    """Whether all networks were matched at once in any layer."""
    return holds(results, "joint") and bool(results["joint_similarity"].notnull().any())


def pair_mean(results: Dataset) -> Floats:
    """Mean similarity over pairs, of the first redraw, on which all networks are matched at once too: (layer, ε)."""
    return over_known(results["similarity"].isel(redraw=0).values).mean


def joint_by_depth(results: Dataset, column: Column = "double") -> Figure:
    """Draws the similarity of all networks at once against depth (solid), and the mean over pairs (dashed).

    Args:
        results: The Dataset, with the group `joint`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: The networks were not matched all at once.
    """
    if not matched_at_once(results):
        raise ValueError("these results hold no match of all networks at once, so that cannot be drawn")
    labels = layer_labels(names(results, "layer"), column)
    depth = np.arange(len(labels.names), dtype=float)
    joint, pairs = results["joint_similarity"].values, pair_mean(results)
    size = 3.8 if len(depth) <= 40 else 2.6
    with paper_style():
        colors = epsilon_colors(results.sizes["epsilon"])
        handles = [
            Line2D([], [], color=MUTED, label=f"all {results.sizes['network']} at once"),
            Line2D([], [], color=MUTED, linestyle=(0, (3, 1.5)), marker="o", markerfacecolor=PAPER, label="pairs"),
        ]
        for index, label in enumerate(epsilon_labels(results)):
            look = {"color": colors[index], "marker": marker(index), "markersize": size}
            handles.append(Line2D([], [], **look, markeredgecolor=PAPER, label=f"ε = {label}"))
        columns = legend_columns([str(handle.get_label()) for handle in handles], column)
        figure = new_figure(column, _AXES_HEIGHT[column] + labels.height + 0.4 + 0.15 * ceil(len(handles) / columns))
        axes = figure.add_subplot()
        for index, color in enumerate(colors):
            # With one layer, points at one place would hide one another.
            place = depth + (0.25 * (index - (len(colors) - 1) / 2) if len(depth) == 1 else 0)
            look = {"color": color, "marker": marker(index), "clip_on": False}
            dashed = {"markerfacecolor": PAPER, "markeredgewidth": 0.7, "linewidth": 0.9, "markersize": size * 0.8}
            axes.plot(place, pairs[:, index], linestyle=(0, (3, 1.5)), zorder=3, **look, **dashed)
            axes.plot(place, joint[:, index], zorder=4, markeredgecolor=PAPER, markersize=size, **look)
        axes.set_ylim(0, 1)
        axes.set_ylabel("similarity")
        axes.set_xlabel("layer, from input to output")
        mark_layers(axes, labels)
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    count = results.sizes["network"]
    same = " With two networks the two are the same." if count == 2 else ""
    redraw = " Both are of the first redraw of the sampled positions." if results.sizes["redraw"] > 1 else ""
    return (
        f"Similarity of all {count} networks at once (solid, full markers): the share of all their units that are in "
        "the largest match in which each network explains each other one; dashed, with open markers: the mean over "
        f"pairs. Where solid lies below dashed, pairs share what not all networks share.{same}{redraw}"
    )
