"""Mutual information against correlation, and whether the two give a unit the same partner."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jaxrepsim.report.figure import Drawing, arranged, color_bar, draw_spread, facets, framed, over_layers, share_axis
from jaxrepsim.report.labels import layer_labels, shortened
from jaxrepsim.report.results import Floats, Results, known_layers, names, thinned
from jaxrepsim.report.section import Alike, Section, Variable
from jaxrepsim.report.sections.one_to_one.aligned import agreement, by_layer, same_under_both
from jaxrepsim.report.style import ACCENT, MUTED, Column, Look, legend_line

_MOST_LAYERS = {"single": 4, "double": 6}
_CELLS = 40
"""Of the map, along each axis."""
_LINE: Look = {"color": MUTED, "linewidth": 1, "linestyle": (0, (4, 1.5))}
_UNIT = ("layer", "pair", "unit")
VARIABLES: dict[str, Variable] = {
    **Alike((*_UNIT, "other_unit"), "nat").named(
        mutual_information="mutual information between the two networks: Mutual information of a unit of the first "
        "network with other_unit of the second, by bins and corrected for bias, so that it may lie a little below 0.",
    ),
    **Alike(_UNIT).named(
        partner="partner one to one by mutual information: Index of the second network's unit that the first network's "
        "unit has in the one-to-one assignment of largest total mutual information; −1 for none.",
    ),
    **Alike(_UNIT).of_sides(
        best="best partner of the {own} network's units by mutual information: Index of the {other} network's unit "
        "that the {own} network's unit shares most information with; −1 for none.",
    ),
}
"""Of all images and positions, padded as the group `one_to_one` is."""


def _draw(results: Results, column: Column) -> Figure:
    """Mutual information against the absolute correlation, as the density of all pairs of units, for some layers.

    One column of a paper has room for four layers, both for six. Below, layer by layer, the share of units that have
    the same one-to-one partner by both. A line shows the mutual information of two normal variables, −½ ln(1 − r²).
    """
    layers = thinned(_known(results), _MOST_LAYERS[column])
    across, down, width = arranged(len(layers), 2 if column == "single" else 3, column, margin=0.8)
    labels = layer_labels(names(results, "layer"), column)
    titles = shortened(names(results, "layer"), max(8, int(width * 13)))
    points = [unit_pairs(results, layer) for layer in layers]
    lowest = min(float(information.min()) for _, information in points)
    low, high = min(0.0, lowest), max(lowest + 0.1, *(float(information.max()) for _, information in points))
    maps = [_density(*both, low, high) for both in points]
    heights = (down * (min(width, 2.4) * 0.72 + 0.28) + 0.45, 1.25 + labels.height)
    # Neither end of the colours is lost on a light or on a dark page.
    colors = ListedColormap(mpl.colormaps["cividis"](np.linspace(0.2, 1, 256)))
    norm = LogNorm(min(float(values[values > 0].min()) for values in maps), 1)
    with framed(column, sum(heights), [legend_line(label="two normal variables", **_LINE)]) as figure:
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).ravel()
        grid = facets(above, [titles[layer] for layer in layers], across, sharey=True)
        look: Look = {"norm": norm, "cmap": colors, "extent": (0, 1, low, high)}
        for axes, density in zip(grid, maps, strict=True):
            _map(axes, density, **look)
        above.supxlabel("absolute correlation")
        above.supylabel("mutual information, nats")
        bar = ScalarMappable(norm, colors)
        color_bar(grid, bar, "share of pairs of units", aspect=24, format=lambda share, _: f"{100 * share:g}%")
        axes = below.subplots()
        look = {"label": "same partner by both", "color": ACCENT, "linestyle": "-", "marker": "o"}
        draw_spread(axes, by_layer(same_under_both(results)), 0, **look)
        share_axis(axes, "same partner\nby both")
        over_layers([axes], labels)
    return figure


def unit_pairs(results: Results, layer: int) -> tuple[Floats, Floats]:
    """Absolute correlation and mutual information of all pairs of units in one layer, all pairs of networks pooled.

    Args:
        results: Results with the groups `one_to_one` and `mutual_information`.
        layer: The index of the layer.

    Returns:
        Two arrays (k,).
    """
    matrices = ("one_to_one/correlation", "mutual_information/mutual_information")
    correlation, information = (results[name].values[layer] for name in matrices)
    known = ~np.isnan(correlation) & ~np.isnan(information)
    return np.abs(correlation[known]).astype(np.float64), information[known].astype(np.float64)


def _caption(results: Results) -> str:
    """How to read the figure."""
    count = len(_known(results))
    over = "" if results.sizes["pair"] == 1 else " and all pairs of networks"
    few = f" Up to six of {count} layers are shown." if count > _MOST_LAYERS["single"] else ""
    return (
        "Mutual information against the absolute correlation of two units, one of each network: all pairs of "
        f"units{over}. The dashed line is that of two normal variables; what lies above it depends in ways that "
        "correlation does not see, as far as bins tell. The estimate is bias corrected, so that it may lie below 0. "
        f"Below: the share of units that have the same partner, one to one, by both measures.{few}"
    )


def _known(results: Results) -> list[int]:
    """The layers whose units were aligned by correlation and by mutual information."""
    informed = known_layers(results, "mutual_information/best_x")
    return [layer for layer in known_layers(results, "one_to_one/best_x") if layer in informed]


def _density(correlation: Floats, information: Floats, low: float, high: float) -> Floats:
    counts, _, _ = np.histogram2d(information, correlation, bins=_CELLS, range=((low, high), (0, 1)))
    return counts / max(counts.sum(), 1)


def _map(axes: Axes, density: Floats, **look: Any) -> None:
    filled = np.where(density > 0, density, np.nan)
    axes.imshow(filled, origin="lower", aspect="auto", interpolation="none", zorder=1, **look)  # above the grid
    share = np.linspace(0, 0.9999, 200)
    axes.plot(share, -0.5 * np.log1p(-(share**2)), **_LINE)
    axes.set(xlim=(0, 1), ylim=look["extent"][2:], xticks=(0, 0.5, 1))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter("{x:g}")


def _sentences(results: Results) -> list[str]:
    if not _known(results):
        return []
    what = "the partner one to one is the same by correlation and by mutual information"
    return agreement(results, same_under_both(results), what)


SECTION = Section(
    title="Mutual information",
    file=__file__,
    variables=VARIABLES,
    sentences=_sentences,
    figures=(
        Drawing(
            "information-and-correlation",
            "Mutual information and correlation",
            _draw,
            _caption,
            "Density maps, one per layer, of mutual information against absolute correlation, and a line chart of the "
            "share of units with the same partner by both.",
            lambda results: bool(_known(results)),
        ),
    ),
)
