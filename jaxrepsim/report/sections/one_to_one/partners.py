"""How well units have counterparts, layer by layer: best partners, one-to-one partners, and whether they agree."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, draw_spread, framed, over_layers
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.results import Results, names
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment, by_layer
from jaxrepsim.report.sections.one_to_one.ordered import LOOKS, lines_and_bands
from jaxrepsim.report.style import INK, PAPER, Column

_HEIGHT = {"single": 2.6, "double": 3.0}


def _draw(results: Results, column: Column) -> Figure:
    """Mean correlations with best and with one-to-one partners against depth, and the share that are the same.

    Lines are means over pairs of the mean over units; bands run from the smallest pair to the largest.
    """
    labels = layer_labels(names(results, "layer"), column)
    found = alignment(results)
    spreads = {name: by_layer(getattr(found, name)) for name in LOOKS}
    size = 3.6 if len(labels.names) <= 40 else 2.4
    handles = [Line2D([], [], markeredgecolor=PAPER, markersize=size, **look) for look in LOOKS.values()]
    with framed(column, _HEIGHT[column] + labels.height + 0.4, handles[::-1]) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for place, (name, look) in enumerate(LOOKS.items()):
            draw_spread(above, spreads[name], 0.2 * place - 0.1, **look)
        lowest = min(float(np.nanmin(spread.low)) for spread in spreads.values())
        above.set(ylim=(min(0, np.floor(5 * lowest) / 5), 1), ylabel="mean correlation")
        draw_spread(below, by_layer(found.same), 0, color=INK, linestyle="-", marker="D")
        below.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="same partner\nunder both")
        below.yaxis.set_major_formatter(PercentFormatter(1))
        mark_layers(above, labels, written=False)
        over_layers(below, labels)
        figure.align_ylabels()
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    return (
        "Above: the mean correlation of a unit with the unit of the other network it correlates most with, and with "
        "its partner where no two share one. Below: the share of units for which the two are the same unit; units that "
        f"never vary do not count.{lines_and_bands(results)}"
    )


DRAWING = Drawing(
    "best-and-one-to-one",
    "Best partners and partners one to one",
    _draw,
    _caption,
    "Line charts against depth: mean correlation with best partners and partners one to one, and the share of "
    "units for which they are the same. The numbers are in the table of partners.",
    aligned,
)
