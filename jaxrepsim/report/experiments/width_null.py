"""What measures give for independent networks, by their width: raw, and calibrated."""

import numpy as np
from matplotlib.figure import Figure
from xarray import Dataset

from jaxrepsim.report.figure import framed
from jaxrepsim.report.style import Column
from jaxrepsim.validity import resemblance

_ROW = 0.16
"""Inches of a measure."""
TITLES = {"value": "raw", "calibrated": "calibrated"}


def by_width(found: Dataset, column: Column = "double") -> Figure:
    """Draws a row a measure and a column a width, once raw and once calibrated, with the number in each cell.

    Distances are turned over, so that 1 is the same network; a number may be below 0.

    Args:
        found: `value` and `calibrated`, by measure and units.
        column: The width.
    """
    names = found["measure"].values.tolist()
    values = {
        "value": np.array([resemblance(name, found["value"].sel(measure=name).values) for name in names]),
        "calibrated": found["calibrated"].values,
    }
    with framed(column, 0.7 + _ROW * len(names)) as figure:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, (kind, title) in zip(grid, TITLES.items(), strict=True):
            axes.imshow(values[kind], vmin=0, vmax=1, cmap="cividis", aspect="auto", interpolation="none")
            for (row, at), value in np.ndenumerate(values[kind]):
                ink = "black" if value > 0.6 or np.isnan(value) else "white"
                said = "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}"  # no −0.00
                axes.text(at, row, said, ha="center", va="center", size=5.5, color=ink)
            axes.set_xticks(range(found.sizes["units"]), found["units"].values.tolist())
            axes.set_yticks(range(len(names)), names)
            axes.grid(visible=False)
            axes.set_title(title, loc="left", pad=3)
        figure.supxlabel(f"units of each network, on {found.attrs['samples']} samples")
    return figure
