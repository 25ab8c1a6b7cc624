"""Heat maps of several measures side by side, each with colours of its own range."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.figure import arranged, color_bar, framed, panel_grid
from jaxrepsim.report.labels import named, shortened
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import TICK_SIZE, Column

_ACROSS = {"single": 2, "double": 3}
_MOST_WRITTEN = 6
"""Up to this many rows and columns each value is written into its cell."""
# The map is the same on a dark page, and so is what is written there.
_ON_BRIGHT, _ON_DARK = "#101010", "#f2f2f2"


def map_grid(
    maps: Mapping[str, Floats],
    ends: Mapping[str, tuple[float, float]],
    rows: Sequence[str],
    columns: Sequence[str],
    axes_names: tuple[str, str],
    column: Column,
) -> Figure:
    """One panel a measure.

    Args:
        maps: (rows, columns) of each measure, by its name, first row at the bottom.
        ends: The least and the largest colour of each.
        rows: Their names.
        columns: Theirs.
        axes_names: What rows are, and what columns are.
        column: The width.
    """
    across, down, width = arranged(len(maps), _ACROSS[column], column)
    short = shortened(list(rows), 10), shortened(list(columns), 10)
    height = down * (0.82 * width + 0.25) + 0.5
    with framed(column, height) as figure:
        panels = panel_grid(figure, len(maps), across)
        for axes, (name, values) in zip(panels, maps.items(), strict=True):
            low, high = ends[name]
            image = axes.imshow(
                values, origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high, interpolation="none"
            )
            axes.grid(visible=False)
            axes.fmt_xdata, axes.fmt_ydata = named(columns), named(rows)
            axes.set_title(name, loc="left", pad=3)
            for along, set_ticks in zip(short[::-1], (axes.set_xticks, axes.set_yticks), strict=True):
                step = ceil(len(along) * 1.7 * TICK_SIZE / (72 * 0.6 * width))
                ticks = range((len(along) - 1) % step, len(along), step)
                set_ticks(ticks, [along[tick] for tick in ticks])
            axes.tick_params(axis="x", rotation=90)
            for (row, at), value in np.ndenumerate(values if max(values.shape) <= _MOST_WRITTEN else ()):
                look = {"color": _ON_BRIGHT if 2 * value > low + high else _ON_DARK, "fontsize": TICK_SIZE}
                axes.text(at, row, "" if np.isnan(value) else f"{value:.2f}", ha="center", va="center", **look)
            color_bar(axes, image, "", format="{x:g}")
        figure.supylabel(axes_names[0])
        figure.supxlabel(axes_names[1])
    return figure
