"""Mutual information against correlation, and whether the two give a unit the same partner."""

from math import ceil

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from xarray import Dataset

from jaxrepsim.report.aligned import aligned, by_layer, informed, same_under_both
from jaxrepsim.report.labels import layer_labels, mark_layers, shortened
from jaxrepsim.report.panels import thinned
from jaxrepsim.report.partners import draw_spread
from jaxrepsim.report.style import ACCENT, MUTED, WIDTHS, Column, new_figure, paper_style
from jaxrepsim.report.summaries import Floats, names

_MOST_LAYERS = {"single": 4, "double": 6}
_CELLS = 40
"""Of the map, along each axis."""


def comparable(results: Dataset) -> bool:
    """Whether units of any layer were aligned by correlation and by mutual information."""
    return aligned(results) and informed(results) and len(_known(results)) > 0


def information_and_correlation(results: Dataset, column: Column = "double") -> Figure:
    """Draws mutual information against the absolute correlation, as the density of all pairs of units, for some layers.

    Below, layer by layer, the share of units that have the same one-to-one partner by both. A line shows the mutual
    information of two normal variables, −½ ln(1 − r²).

    Args:
        results: The Dataset, with the groups `one_to_one` and `mutual_information`.
        column: The width: one column of a paper, which has room for four layers, or both, for six.

    Returns:
        The figure.

    Raises:
        ValueError: No layer has both.
    """
    if not comparable(results):
        raise ValueError("no layer has both correlation and mutual information, so that cannot be drawn")
    shown = thinned(_known(results), _MOST_LAYERS[column])
    across = min(len(shown), 2 if column == "single" else 3)
    down = ceil(len(shown) / across)
    width = (WIDTHS[column] - 0.8) / across
    labels = layer_labels(names(results, "layer"), column)
    titles = shortened(names(results, "layer"), max(8, int(width * 13)))
    points = [unit_pairs(results, layer) for layer in shown]
    low, high = _range(points)
    maps = [_density(*both, low, high) for both in points]
    with paper_style():
        heights = (down * (min(width, 2.4) * 0.72 + 0.28) + 0.6, 1.25 + labels.height)
        figure = new_figure(column, sum(heights))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).ravel()
        grid = above.subplots(down, across, squeeze=False, sharey=True).ravel()
        norm = LogNorm(min(float(values[values > 0].min()) for values in maps), 1)
        for place, (axes, layer) in enumerate(zip(grid, shown, strict=False)):
            _map(axes, maps[place], norm, low, high)
            axes.set_title(titles[layer], pad=3)
            axes.tick_params(labelbottom=place + across >= len(shown))
        for axes in grid[len(shown) :]:
            axes.set_visible(False)
        above.supxlabel("absolute correlation", fontsize=7.5)
        above.supylabel("mutual information, nats", fontsize=7.5)
        bar = above.colorbar(ScalarMappable(norm, _colors()), ax=grid, aspect=24, pad=0.015, format=_percent)
        bar.set_label("share of pairs of units")
        bar.ax.minorticks_off()
        bar.outline.set_linewidth(0.6)  # type: ignore[union-attr]
        line = Line2D([], [], color=MUTED, linewidth=1, linestyle=(0, (4, 1.5)), label="two normal variables")
        above.legend(handles=[line], loc="outside upper center")
        axes = below.subplots()
        draw_spread(axes, by_layer(same_under_both(results)), 0, color=ACCENT, linestyle="-", marker="o")
        axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="same partner\nby both")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        mark_layers(axes, labels)
        axes.set_xlabel("layer, from input to output")
    return figure


def unit_pairs(results: Dataset, layer: int) -> tuple[Floats, Floats]:
    """Absolute correlation and mutual information of all pairs of units in one layer, all pairs of networks together.

    Args:
        results: The Dataset, with the groups `one_to_one` and `mutual_information`.
        layer: The index of the layer.

    Returns:
        Two arrays (k,).
    """
    correlation, information = (results[name].values[layer] for name in ("correlation", "mutual_information"))
    known = ~np.isnan(correlation) & ~np.isnan(information)
    return np.abs(correlation[known]).astype(np.float64), information[known].astype(np.float64)


def caption(results: Dataset) -> str:
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


def _known(results: Dataset) -> list[int]:
    both = (results["best_x"] >= 0) & (results["information_best_x"] >= 0)
    return np.flatnonzero(both.any(("pair", "unit"))).tolist()


def _range(points: list[tuple[Floats, Floats]]) -> tuple[float, float]:
    low = min(float(values.min()) for _, values in points)
    high = max(float(values.max()) for _, values in points)
    return min(0.0, low), max(high, low + 0.1)


def _density(correlation: Floats, information: Floats, low: float, high: float) -> Floats:
    counts, _, _ = np.histogram2d(information, correlation, bins=_CELLS, range=((low, high), (0, 1)))
    return counts / max(counts.sum(), 1)


def _map(axes: Axes, density: Floats, norm: LogNorm, low: float, high: float) -> None:
    axes.imshow(
        np.where(density > 0, density, np.nan),
        norm=norm,
        cmap=_colors(),
        extent=(0, 1, low, high),
        origin="lower",
        aspect="auto",
        interpolation="none",
        zorder=1,  # above the grid
    )
    share = np.linspace(0, 0.9999, 200)
    axes.plot(share, -0.5 * np.log1p(-(share**2)), color=MUTED, linewidth=1, linestyle=(0, (4, 1.5)))
    axes.set(xlim=(0, 1), ylim=(low, high), xticks=(0, 0.5, 1))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter("{x:g}")


def _percent(share: float, position: int) -> str:
    return f"{100 * share:g}%"


def _colors() -> Colormap:
    # Neither end is lost on a light or on a dark page.
    return ListedColormap(mpl.colormaps["cividis"](np.linspace(0.2, 1, 256)))
