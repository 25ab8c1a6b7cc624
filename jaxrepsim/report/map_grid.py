"""Heat maps of several measures side by side, each with colours of its own range."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.measures import MEASURES
from jaxrepsim.report.figure import arranged, color_bar, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import TICK_SIZE, Column

_ACROSS = {"single": 2, "double": 3}


def map_grid(
    maps: Mapping[str, Floats], rows: Sequence[str], columns: Sequence[str], axes_names: tuple[str, str], column: Column
) -> Figure:
    """One panel a measure.

    Args:
        maps: (rows, columns) of each measure, by its name in the table of measures, first row at the bottom.
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
            low, high = limits(name, values)
            image = axes.imshow(
                values, origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high, interpolation="none"
            )
            axes.grid(visible=False)
            axes.set_title(name, loc="left", pad=3)
            for along, set_ticks in zip(short[::-1], (axes.set_xticks, axes.set_yticks), strict=True):
                step = ceil(len(along) * 1.7 * TICK_SIZE / (72 * 0.6 * width))
                ticks = range((len(along) - 1) % step, len(along), step)
                set_ticks(ticks, [along[tick] for tick in ticks])
            axes.tick_params(axis="x", rotation=90)
            color_bar(axes, image, "", format="{x:g}")
        figure.supylabel(axes_names[0])
        figure.supxlabel(axes_names[1])
    return figure


def limits(measure: str, values: Floats) -> tuple[float, float]:
    """The least and the largest colour of a measure: those of its range, but for what no value comes near."""
    low, high = MEASURES[measure].range
    known = values[np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return max(low, min(0.0, least)), high if np.isfinite(high) else most
