"""Correlations of units with their partners in decreasing order: a figure of Li et al. 2015."""

from math import ceil
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Ints, Results, Spread, names, over_known, thinned
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment
from jaxrepsim.report.style import ACCENT, PAPER, WIDTHS, Column

_MOST_LAYERS = 12
_MOST_POINTS = 100
"""Of a curve; more would not show."""
_FEW = 16
"""Up to this many units each is also drawn as a point."""
# Told apart without colour too; drawn in this order.
LOOKS: dict[str, dict[str, Any]] = {
    "best": {"label": "best partner", "color": "#d55e00", "linestyle": (0, (4, 1.5)), "marker": "s"},
    "partner": {"label": "one to one", "color": ACCENT, "linestyle": "-", "marker": "o"},
}
_NO_POINTS: dict[str, Any] = {"marker": ""}


def _draw(results: Results, column: Column) -> Figure:
    """The correlation of units with their partners, sorted in decreasing order, one panel per layer, at most 12.

    Lines are means over pairs of the k-th largest correlation of x units; bands run from the smallest pair to the
    largest.

    Source: Li et al. 2015 (arXiv:1511.07543), section 3.1.
    """
    layers = _layers(results)
    across = min(len(layers), 2 if column == "single" else 4)
    down = ceil(len(layers) / across)
    width = (WIDTHS[column] - 0.4) / across
    titles = shortened(names(results, "layer"), max(8, int(width * 13)))
    curves = {name: getattr(alignment(results), name)[layers] for name in LOOKS}
    units = (results["one_to_one/best_x"].values >= 0).sum(-1)
    floor = _floor(curves["partner"], curves["best"])
    handles = [Line2D([], [], **look | _NO_POINTS) for look in LOOKS.values()]
    with framed(column, down * (min(width, 3.6) * 0.62 + 0.32) + 0.5, handles[::-1]) as figure:
        for place, (axes, layer) in enumerate(zip(panel_grid(figure, len(layers), across), layers, strict=True)):
            for name, look in LOOKS.items():
                share, values = ordered(curves[name][place], units[layer])
                axes.fill_between(share, values.low, values.high, color=look["color"], alpha=0.2, linewidth=0)
                line = look if len(share) <= _FEW else look | _NO_POINTS
                axes.plot(share, values.mean, clip_on=False, zorder=3, markeredgecolor=PAPER, **line)
            axes.set(xlim=(0, 1), ylim=(floor, 1), xticks=(0, 0.5, 1))
            axes.set_yticks([tick for tick in (-1, -0.5, 0, 0.5, 1) if tick >= floor])
            axes.xaxis.set_major_formatter(PercentFormatter(1))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.tick_params(labelbottom=place + across >= len(layers), labelleft=place % across == 0)
            axes.set_title(titles[layer], pad=4)
        figure.supxlabel("units of the first network, best first", fontsize=7.5)
        figure.supylabel("correlation", fontsize=7.5)
    return figure


def ordered(values: Floats, units: Ints) -> tuple[Floats, Spread]:
    """Values of each pair in decreasing order, over pairs.

    Args:
        values: (pair, unit), NaN for a unit without one.
        units: How many units there are, with or without one, (pair,).

    Returns:
        Shares of the units, (k,), at most 100; and mean, smallest and largest over pairs of the value that this share
        of a pair's units exceeds, (k,). NaN where no pair has so many values.
    """
    points = min(int(units.max()), _MOST_POINTS)
    middles = 2 * np.arange(points) + 1
    down = -np.sort(-values, axis=-1)
    curves = [pair[middles * count // (2 * points)] for pair, count in zip(down, units, strict=True) if count]
    return middles / (2 * points), over_known(curves, 0)


def lines_and_bands(results: Results) -> str:
    """A sentence on what is drawn where there are several pairs."""
    pairs = results.sizes["pair"]
    return (
        "" if pairs == 1 else f" Lines are means over {pairs} pairs, bands run from the smallest pair to the largest."
    )


def _caption(results: Results) -> str:
    """How to read the figure."""
    count = int((results["one_to_one/best_x"] >= 0).any(("pair", "unit")).sum())
    few = f" {_MOST_LAYERS} of {count} layers are shown." if count > _MOST_LAYERS else ""
    return (
        "Correlation of each unit of one network with its partner in the other, in decreasing order, one panel per "
        "layer. One to one: no two units share a partner, and the total is as large as it can be. Best partner: the "
        "unit it correlates most with, which others may share. Where the two lie apart, several units have the same "
        f"best partner; where both are low, units have no counterpart.{lines_and_bands(results)}{few}"
    )


def _layers(results: Results) -> list[int]:
    known = (results["one_to_one/best_x"] >= 0).any(("pair", "unit"))
    return thinned(np.flatnonzero(known).tolist(), _MOST_LAYERS)


def _floor(*values: Floats) -> float:
    lowest = min(float(np.nanmin(part)) for part in values if not np.isnan(part).all())
    return float(np.clip(np.floor(10 * lowest) / 10, -1, 0))


DRAWING = Drawing(
    "ordered-correlations",
    "Correlations in decreasing order",
    _draw,
    _caption,
    "Line charts, one per layer, of the correlation of units with their partners, from the highest to the lowest: "
    "one to one, and best partners.",
    aligned,
)
