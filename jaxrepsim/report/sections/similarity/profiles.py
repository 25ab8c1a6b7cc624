"""The match profile of each layer, similarity at every ε: as small multiples, and as a heat map over depth and ε."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.figure import Drawing, arranged, color_bar, facets, framed, layer_axes
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.match_profiles import profile_similarity
from jaxrepsim.report.results import Results, names, over_pairs
from jaxrepsim.report.style import ACCENT, MUTED, TICK_SIZE, Column, Look, epsilon_colors, legend_line

_GRID = np.linspace(0, 1, 201)
"""Values of ε that are drawn; the steps of a curve lie closer than a reader can tell."""
_MOST_LINES = 12
"""Beyond this many pairs their lines fill the panel: a band from the lowest to the highest says the same."""
_STEP = 0.01
_MARK = "#d55e00"
"""A colour that stands out from both ends of the map."""
_AXES_HEIGHT = {"single": 1.8, "double": 2.2}


def _draw_panels(results: Results, column: Column) -> Figure:
    """Similarity against ε, one panel per layer: a thin line for each pair, and the mean in bold."""
    layers, pairs = results.sizes["layer"], results.sizes["pair"]
    curves = profile_similarity(results, _GRID)
    spread = over_pairs(curves)
    across, down, width = arranged(layers, _most_across(layers, column), column)
    size = 7.5 if layers <= 12 else TICK_SIZE
    titles = shortened(names(results, "layer"), max(8, int(width * 101 / size)))
    marks = _marks(results)
    with framed(column, down * (min(width, 3.6) * 0.62 + 0.32) + 0.5, [*_lines(pairs), *marks]) as figure:
        for index, axes in enumerate(facets(figure, titles, across)):
            axes.set(xlim=(0, 1), ylim=(-0.03, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            for epsilon, mark in zip(results["epsilon"].values, marks, strict=True):
                axes.axvline(epsilon, color=mark.get_color(), linewidth=0.6, alpha=0.8)
            mean, low, high = spread.at(index)
            if pairs > _MOST_LINES:
                axes.fill_between(_GRID, low, high, step="post", color=MUTED, alpha=0.3, linewidth=0)
            elif pairs > 1:
                axes.step(_GRID, curves[index].T, where="post", color=MUTED, linewidth=0.5)
            # Read where a reader would: at each twentieth.
            axes.step(_GRID, mean, where="post", color=ACCENT, linewidth=1.3, label=titles[index], markevery=10)
            axes.fmt_xdata = "ε = {:g}".format
            axes.title.set_fontsize(size)
            axes.xaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_major_formatter("{x:g}")
        figure.supxlabel("ε")
        figure.supylabel("similarity")
    return figure


def _panels_caption(results: Results) -> str:
    """How to read the figure."""
    pairs = results.sizes["pair"]
    if pairs == 1:
        lines = "The line is the one pair compared"
    elif pairs <= _MOST_LINES:
        lines = f"Thin lines are the {pairs} pairs, the bold line is their mean"
    else:
        lines = f"The band runs from the lowest to the highest of {pairs} pairs, the bold line is their mean"
    return (
        f"Similarity at every ε, one panel per layer. {lines}; vertical lines mark the values of ε of this run. A unit "
        "joins the match at its critical ε, so a steep curve means that units match all together or not at all, and "
        "that similarity at a single ε says little."
    )


def _most_across(layers: int, column: Column) -> int:
    if column == "single":
        return 2 if layers <= 12 else 3
    return 4 if layers <= 12 else 5 if layers <= 25 else 6


def _lines(pairs: int) -> list[Line2D]:
    mean = [legend_line(color=ACCENT, linewidth=1.3, label="mean over pairs" if pairs > 1 else "the pair")]
    if pairs > _MOST_LINES:
        return [*mean, legend_line(color=MUTED, alpha=0.3, linewidth=5, label="lowest to highest")]
    return mean if pairs == 1 else [*mean, legend_line(color=MUTED, linewidth=0.5, label="each pair")]


def _marks(results: Results) -> list[Line2D]:
    looks = zip(epsilon_labels(results), epsilon_colors(results.sizes["epsilon"]), strict=True)
    return [legend_line(color=color, linewidth=0.6, alpha=0.8, label=f"ε = {label}") for label, color in looks]


PANELS = Drawing(
    "match-profiles",
    "Match profile of each layer",
    _draw_panels,
    _panels_caption,
    "Small line charts, one per layer, of similarity against ε from 0 to 1.",
)


def _draw_map(results: Results, column: Column) -> Figure:
    """The similarity of the match profile, the mean over pairs, as a colour at each layer and ε."""
    centres = np.arange(_STEP / 2, 1, _STEP)
    mean = over_pairs(profile_similarity(results, centres)).mean
    ends = (-0.5, len(mean) - 0.5)
    look: Look = {"vmin": 0, "vmax": 1, "cmap": "cividis", "interpolation": "none"}
    with layer_axes(results, column, [_AXES_HEIGHT[column]]) as (figure, (axes,)):
        image = axes.imshow(mean.T, origin="lower", aspect="auto", extent=(*ends, 0, 1), **look)
        axes.hlines(results["epsilon"].values, *ends, color=_MARK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.grid(visible=False)
        axes.set(xlim=ends, ylim=(0, 1), ylabel="ε")
        color_bar(axes, image, "similarity", aspect=18)
    return figure


def _map_caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    return (
        f"Similarity at every layer and every ε{over}; dashed lines mark the values of ε of this run. Where dark turns "
        "to bright lies the ε at which a layer's units come to match: the higher, the less alike the layer."
    )


MAP = Drawing(
    "profile-heatmap",
    "Profiles of all layers",
    _draw_map,
    _map_caption,
    "Heat map of similarity, with layers from left to right and ε from 0 at the bottom to 1 at the top.",
)
