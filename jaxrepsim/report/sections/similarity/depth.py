"""Similarity of the maximum match against depth: Figure 1 of Wang et al. 2018."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.doubtful import ceilings, doubt_handles, draw_ceilings, few_samples, mark_few
from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.figure import Drawing, draw_spread, layer_axes
from jaxrepsim.report.results import Results, over_pairs, pair_similarity
from jaxrepsim.report.style import PAPER, Column, Look, epsilon_colors, legend_line, marker

_AXES_HEIGHT = {"single": 1.95, "double": 2.55}


def _draw(results: Results, column: Column) -> Figure:
    """Maximum-match similarity s_ε = (|X| + |Y|) / (n_x + n_y) against depth, one curve per ε.

    A curve is the mean over pairs (each pair's value the mean over redraws); its band runs from the smallest pair to
    the largest. Points that rest on fewer than ten samples a unit are hollow; a bar over a layer with dead units stands
    at the similarity that it cannot exceed.

    Source: Wang et al. 2018 (arXiv:1810.11750), Figure 1.
    """
    legends = curve_handles(results), doubt_handles(results)
    with layer_axes(results, column, [_AXES_HEIGHT[column]], *legends) as (figure, (axes,)):
        curves(axes, results)
        draw_ceilings(axes, results)
        axes.set(ylim=(0, 1), ylabel="similarity")
    return figure


def curve_handles(results: Results) -> list[Line2D]:
    """Of the legend: the curve of each ε, without a place."""
    return [legend_line(markeredgecolor=PAPER, **look) for look in _looks(results)]


def curves(axes: Axes, results: Results) -> None:
    """Draws one curve per ε and its band into axes on which layer i stands at x = i; few samples: hollow."""
    few, spread, looks = few_samples(results), over_pairs(pair_similarity(results)), _looks(results)
    for index, look in enumerate(looks):
        values = spread.at(slice(None), index)
        place = draw_spread(axes, values, 0.25 * (index - (len(looks) - 1) / 2), **look)
        mark_few(axes, place, values.mean, few, look["color"], look["marker"])


def _looks(results: Results) -> list[Look]:
    labels, size = epsilon_labels(results), 3.8 if results.sizes["layer"] <= 40 else 2.6
    return [
        {"color": color, "marker": marker(index), "markersize": size, "label": f"ε = {label}"}
        for index, (label, color) in enumerate(zip(labels, epsilon_colors(len(labels)), strict=True))
    ]


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
