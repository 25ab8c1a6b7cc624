"""Similarity of the maximum match against depth: Figure 1 of Wang et al. 2018."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.doubtful import ceilings, doubt_handles, draw_ceilings, few_samples, mark_few
from jaxrepsim.report.figure import Drawing, framed, over_layers
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results
from jaxrepsim.report.style import PAPER, Column, epsilon_colors, marker
from jaxrepsim.report.summaries import epsilon_labels, names, over_pairs, pair_similarity

_AXES_HEIGHT = {"single": 2.0, "double": 2.6}


def _draw(results: Results, column: Column) -> Figure:
    """Maximum-match similarity s_ε = (|X| + |Y|) / (n_x + n_y) against depth, one curve per ε.

    A curve is the mean over pairs (each pair's value the mean over redraws); its band runs from the smallest pair to
    the largest. Points that rest on fewer than ten samples a unit are hollow; a bar over a layer with dead units stands
    at the similarity that it cannot exceed.

    Source: Wang et al. 2018 (arXiv:1810.11750), Figure 1.
    """
    labels = layer_labels(names(results, "layer"), column)
    handles = curve_handles(results)
    with framed(column, _AXES_HEIGHT[column] + labels.height + 0.4, handles, doubt_handles(results)) as figure:
        axes = figure.add_subplot()
        curves(axes, results)
        draw_ceilings(axes, results)
        axes.set_ylim(0, 1)
        axes.set_ylabel("similarity")
        over_layers(axes, labels)
    return figure


def curve_handles(results: Results) -> list[Line2D]:
    """Of the legend: the curve of each ε, without a place."""
    colors = epsilon_colors(results.sizes["epsilon"])
    size = 3.8 if results.sizes["layer"] <= 40 else 2.6
    return [
        Line2D([], [], color=color, marker=marker(index), markeredgecolor=PAPER, markersize=size, label=f"ε = {label}")
        for index, (label, color) in enumerate(zip(epsilon_labels(results), colors, strict=True))
    ]


def curves(axes: Axes, results: Results) -> None:
    """Draws one curve per ε and its band into axes on which layer i stands at x = i; few samples: hollow."""
    few, spread = few_samples(results), over_pairs(pair_similarity(results))
    depth = np.arange(results.sizes["layer"], dtype=float)
    lines = curve_handles(results)
    for index, line in enumerate(lines):
        mean, low, high = (values[:, index] for values in spread)
        color = str(line.get_color())
        if len(depth) == 1:
            # A band over one layer has no width, and bars at one place would hide one another.
            place = depth + 0.25 * (index - (len(lines) - 1) / 2)
            axes.vlines(place, low, high, color=color, linewidth=1.2)
        else:
            place = depth
            axes.fill_between(place, low, high, color=color, alpha=0.18, linewidth=0)
        line.set(data=(place, mean), clip_on=False, zorder=3)
        axes.add_line(line)
        mark_few(axes, place, mean, few, color, marker(index))


def _caption(results: Results) -> str:
    """How to read the figure."""
    pairs, redraws = results.sizes["pair"], results["similarity"].sizes["redraw"]
    curve = "the one pair compared" if pairs == 1 else f"the mean over {pairs} pairs"
    band = "" if pairs == 1 else " Bands run from the smallest pair to the largest."
    few = " Hollow points rest on few samples, and are in part chance." if few_samples(results).any() else ""
    dead = " Broken bars are ceilings: dead units are counted and never match." if (ceilings(results) < 1).any() else ""
    each = f" Each pair's value is the mean over {redraws} redraws of the sampled positions." if redraws > 1 else ""
    return (
        "Similarity, the share of both networks' units that are in the maximum ε-approximate match, layer by layer; "
        f"one curve per ε: {curve}.{band}{each} A curve near the bottom means that hardly any unit of one network can "
        f"be rebuilt, to within ε, from matched units of the other.{few}{dead}"
    )


DRAWING = Drawing(
    "similarity-by-depth",
    "Similarity against depth",
    _draw,
    _caption,
    "Line chart of similarity against depth, one curve per ε. The numbers are in the table of layers.",
)
