"""Similarity of the maximum match against depth: Figure 1 of Wang et al. 2018."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from xarray import Dataset

from jaxrepsim.report.doubtful import ceilings, doubt_handles, draw_ceilings, few_samples, mark_few
from jaxrepsim.report.labels import layer_labels, legend_columns, mark_layers
from jaxrepsim.report.style import PAPER, Column, epsilon_colors, marker, new_figure, paper_style
from jaxrepsim.report.summaries import epsilon_labels, names, over_pairs, pair_similarity

_AXES_HEIGHT = {"single": 2.0, "double": 2.6}


def similarity_by_depth(results: Dataset, column: Column = "double") -> Figure:
    """Draws maximum-match similarity s_ε = (|X| + |Y|) / (n_x + n_y) against depth, one curve an ε.

    A curve is the mean over pairs (each pair's value the mean over redraws); its band runs from the smallest pair to
    the largest. Points that rest on fewer than ten samples a unit are hollow; a bar over a layer with dead units stands
    at the similarity that it cannot exceed.

    Args:
        results: The Dataset.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Source: Wang et al. 2018 (arXiv:1810.11750), Figure 1.
    """
    labels = layer_labels(names(results, "layer"), column)
    epsilons = epsilon_labels(results)
    with paper_style():
        columns = legend_columns([f"ε = {label}" for label in epsilons], column)
        doubts = doubt_handles(results)
        doubt_columns = legend_columns([str(line.get_label()) for line in doubts], column)
        rows = ceil(len(epsilons) / columns) + ceil(len(doubts) / doubt_columns)
        figure = new_figure(column, _AXES_HEIGHT[column] + labels.height + 0.4 + 0.15 * rows)
        axes = figure.add_subplot()
        curves(axes, results)
        draw_ceilings(axes, results)
        axes.set_ylim(0, 1)
        axes.set_ylabel("similarity")
        axes.set_xlabel("layer, from input to output")
        mark_layers(axes, labels)
        figure.legend(loc="outside upper center", ncols=columns)
        if doubts:
            figure.legend(handles=doubts, loc="outside lower center", ncols=doubt_columns)
    return figure


def curves(axes: Axes, results: Dataset) -> None:
    """Draws one curve an ε, labelled, and its band, into axes on which layer i stands at x = i; few samples: hollow."""
    epsilons, few = epsilon_labels(results), few_samples(results)
    spread = over_pairs(pair_similarity(results))
    depth = np.arange(results.sizes["layer"], dtype=float)
    for index, (label, color) in enumerate(zip(epsilons, epsilon_colors(len(epsilons)), strict=True)):
        mean, low, high = (values[:, index] for values in spread)
        if len(depth) == 1:
            # A band over one layer has no width, and bars at one place would hide one another.
            place = depth + 0.25 * (index - (len(epsilons) - 1) / 2)
            axes.vlines(place, low, high, color=color, linewidth=1.2)
        else:
            place = depth
            axes.fill_between(place, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(
            place,
            mean,
            color=color,
            marker=marker(index),
            markeredgecolor=PAPER,
            markersize=3.8 if len(depth) <= 40 else 2.6,
            label=f"ε = {label}",
            clip_on=False,
            zorder=3,
        )
        mark_few(axes, place, mean, few, color, marker(index))


def caption(results: Dataset) -> str:
    """How to read the figure."""
    pairs, redraws = results.sizes["pair"], results.sizes["redraw"]
    curve = "the one pair compared" if pairs == 1 else f"the mean over {pairs} pairs"
    band = "" if pairs == 1 else " Bands run from the smallest pair to the largest."
    few = " Hollow points rest on few samples, and are in part chance." if few_samples(results).any() else ""
    dead = " Broken bars are ceilings: dead units are counted and never match." if (ceilings(results) < 1).any() else ""
    each = f" Each pair's value is the mean over {redraws} redraws of the sampled positions." if redraws > 1 else ""
    return (
        "Similarity, the share of both networks' units that are in the maximum ε-approximate match, layer by layer; "
        f"one curve an ε: {curve}.{band}{each} A curve near the bottom means that hardly any unit of one network can "
        f"be rebuilt, to within ε, from matched units of the other.{few}{dead}"
    )
