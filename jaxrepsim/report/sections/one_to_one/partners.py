"""How well units have counterparts: correlations with their partners in decreasing order, and means layer by layer."""

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, arranged, draw_spread, facets, framed, layer_axes, share_axis
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Ints, Results, Spread, known_layers, names, over_known, thinned
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment, by_layer
from jaxrepsim.report.style import ACCENT, INK, PAPER, Column, Look, legend_line

_MOST_LAYERS = 12
_MOST_POINTS = 100
"""Of a curve; more would not show."""
_FEW = 16
"""Up to this many units each is also drawn as a point."""
_HEIGHTS = {"single": (1.53, 1.02), "double": (1.77, 1.18)}
# Told apart without colour too; drawn in this order.
_LOOKS: dict[str, Look] = {
    "best": {"label": "best partner", "color": "#d55e00", "linestyle": (0, (4, 1.5)), "marker": "s"},
    "partner": {"label": "one to one", "color": ACCENT, "linestyle": "-", "marker": "o"},
}
_NO_POINTS: Look = {"marker": ""}


def _draw_ordered(results: Results, column: Column) -> Figure:
    """The correlation of units with their partners, sorted in decreasing order, one panel per layer, at most 12.

    Lines are means over pairs of the k-th largest correlation of x units; bands run from the smallest pair to the
    largest.

    Source: Li et al. 2015 (arXiv:1511.07543), section 3.1.
    """
    layers = thinned(known_layers(results, "one_to_one/best_x"), _MOST_LAYERS)
    across, down, width = arranged(len(layers), 2 if column == "single" else 4, column)
    titles = shortened(names(results, "layer"), max(8, int(width * 13)))
    found = alignment(results)
    units = (results["one_to_one/best_x"].values >= 0).sum(-1)
    lowest = np.nanmin([found.partner[layers], found.best[layers]])
    floor = float(np.clip(np.floor(10 * lowest) / 10, -1, 0))
    handles = [legend_line(**look | _NO_POINTS) for look in _LOOKS.values()]
    with framed(column, down * (min(width, 3.6) * 0.62 + 0.32) + 0.5, handles[::-1]) as figure:
        panels = facets(figure, [titles[layer] for layer in layers], across, pad=4)
        for axes, layer in zip(panels, layers, strict=True):
            for name, look in _LOOKS.items():
                share, values = ordered(getattr(found, name)[layer], units[layer])
                axes.fill_between(share, values.low, values.high, color=look["color"], alpha=0.2, linewidth=0)
                line = look if len(share) <= _FEW else look | _NO_POINTS
                axes.plot(share, values.mean, clip_on=False, zorder=3, markeredgecolor=PAPER, **line)
            axes.set(xlim=(0, 1), ylim=(floor, 1), xticks=(0, 0.5, 1))
            axes.set_yticks([tick for tick in (-1, -0.5, 0, 0.5, 1) if tick >= floor])
            axes.xaxis.set_major_formatter("{x:.0%}")
            axes.yaxis.set_major_formatter("{x:g}")
        figure.supxlabel("units of the first network, best first")
        figure.supylabel("correlation")
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


def _ordered_caption(results: Results) -> str:
    """How to read the figure."""
    count = len(known_layers(results, "one_to_one/best_x"))
    few = f" {_MOST_LAYERS} of {count} layers are shown." if count > _MOST_LAYERS else ""
    return (
        "Correlation of each unit of one network with its partner in the other, in decreasing order, one panel per "
        "layer. One to one: no two units share a partner, and the total is as large as it can be. Best partner: the "
        "unit it correlates most with, which others may share. Where the two lie apart, several units have the same "
        f"best partner; where both are low, units have no counterpart.{_lines_and_bands(results)}{few}"
    )


def _lines_and_bands(results: Results) -> str:
    """A sentence on what is drawn where there are several pairs."""
    pairs = results.sizes["pair"]
    return (
        "" if pairs == 1 else f" Lines are means over {pairs} pairs, bands run from the smallest pair to the largest."
    )


def _draw_means(results: Results, column: Column) -> Figure:
    """Mean correlations with best and with one-to-one partners against depth, and the share that are the same.

    Lines are means over pairs of the mean over units; bands run from the smallest pair to the largest.
    """
    found = alignment(results)
    spreads = {name: by_layer(getattr(found, name)) for name in _LOOKS}
    size = 3.6 if results.sizes["layer"] <= 40 else 2.4
    handles = [legend_line(markeredgecolor=PAPER, markersize=size, **look) for look in _LOOKS.values()]
    with layer_axes(results, column, _HEIGHTS[column], handles[::-1]) as (figure, (above, below)):
        for place, (name, look) in enumerate(_LOOKS.items()):
            draw_spread(above, spreads[name], 0.2 * place - 0.1, **look)
        lowest = min(float(np.nanmin(spread.low)) for spread in spreads.values())
        above.set(ylim=(min(0, np.floor(5 * lowest) / 5), 1), ylabel="mean correlation")
        same: Look = {"label": "same partner under both", "color": INK, "linestyle": "-", "marker": "D"}
        draw_spread(below, by_layer(found.same), 0, **same)
        share_axis(below, "same partner\nunder both")
        figure.align_ylabels()
    return figure


def _means_caption(results: Results) -> str:
    """How to read the figure."""
    return (
        "Above: the mean correlation of a unit with the unit of the other network it correlates most with, and with "
        "its partner where no two share one. Below: the share of units for which the two are the same unit; units that "
        f"never vary do not count.{_lines_and_bands(results)}"
    )


ORDERED = Drawing(
    "ordered-correlations",
    "Correlations in decreasing order",
    _draw_ordered,
    _ordered_caption,
    "Line charts, one per layer, of the correlation of units with their partners, from the highest to the lowest: "
    "one to one, and best partners.",
    aligned,
)
MEANS = Drawing(
    "best-and-one-to-one",
    "Best partners and partners one to one",
    _draw_means,
    _means_caption,
    "Line charts against depth: mean correlation with best partners and partners one to one, and the share of "
    "units for which they are the same. The numbers are in the table of partners.",
    aligned,
)
