"""The values that a figure shows, read off what it draws: to point at, and as tables below it.

Read are the axes that say what their places are called (`Axes.fmt_xdata`): of lines those that have a label, where
there are markers, and of images those whose rows have names too (`Axes.fmt_ydata`).
"""

from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, BboxBase, Transform
from pandas import DataFrame, concat

from jaxrepsim.report.results import Floats, short

_MOST = 2000
"""Values of one table; among more no reader looks for one."""


class Area(NamedTuple):
    """Where a reader points at, in shares of the figure from the left and from the top, and what is said there."""

    left: float
    top: float
    width: float
    height: float
    text: str


class Reading(NamedTuple):
    """One table of values as text, empty where there is none, and where they are drawn."""

    title: str
    table: DataFrame
    areas: list[Area]


def readings(figure: Figure) -> list[Reading]:
    """All tables of a figure.

    Args:
        figure: The figure, which has been saved once, and so been laid out.

    Returns:
        One for all panels beside one another whose lines are over the same places, and one for each map.
    """
    width, height = figure.bbox.size
    shares = Affine2D().scale(1 / width, -1 / height).translate(0, 1)
    found = (_of_axes(axes, shares) for axes in figure.axes if axes.get_visible() and axes.fmt_xdata)
    known = (reading for reading in found if reading and reading.table.size <= _MOST)
    alike = [list(same) for _, same in groupby(known, lambda each: each.title or [*each.table.index])]
    return [
        Reading(same[0].title, concat([each.table for each in same], axis=1), [a for each in same for a in each.areas])
        for same in alike
    ]


def _of_axes(axes: Axes, shares: Transform) -> Reading | None:
    title = axes.get_title("left") or axes.get_title()
    values = axes.images[0].get_array() if axes.fmt_ydata and axes.images else None
    if values is not None:
        return _of_map(axes, title, np.ma.getdata(values), axes.transData + shares)
    return _of_lines(axes, title, axes.transData + shares, axes.bbox.transformed(shares))


def _of_lines(axes: Axes, title: str, shares: Transform, box: BboxBase) -> Reading | None:
    """A row for each place along x, a column for each line; pointed at is the whole height of the axes at a place."""
    places: dict[str, float] = {}
    found: dict[str, dict[str, str]] = {}
    for line in axes.get_lines():
        label = str(line.get_label())
        for x, y in zip(*(np.asarray(values)[:: line.get_markevery() or 1] for values in line.get_data()), strict=True):
            if not label.startswith("_") and np.isfinite(y):
                name = axes.format_xdata(x)
                places.setdefault(name, x)
                found.setdefault(label, {})[name] = _text(y)
    if not places:
        return None
    names = sorted(places, key=places.__getitem__)
    across = shares.transform([(places[name], axes.get_ylim()[0]) for name in names])[:, 0]
    edges = pairwise([box.x0, *(across[1:] + across[:-1]) / 2, box.x1])
    said = ["\n".join([n, *(f"{label}: {of[n]}" for label, of in found.items() if n in of)]) for n in names]
    areas = [
        Area(left, box.ymin, right - left, abs(box.height), text)
        for (left, right), text in zip(edges, said, strict=True)
    ]
    columns = {label if label == title or not title else f"{title}: {label}": of for label, of in found.items()}
    return Reading("", DataFrame(columns, names).fillna(""), areas)


def _of_map(axes: Axes, title: str, values: Floats, shares: Transform) -> Reading:
    """Rows from the top of the map."""
    order = range(len(values)) if axes.yaxis_inverted() else range(len(values))[::-1]
    rows, columns = [axes.format_ydata(row) for row in order], [axes.format_xdata(at) for at in range(values.shape[1])]
    table = DataFrame([[_text(value) for value in values[row]] for row in order], rows, columns)
    areas = []
    for (row, at), value in np.ndenumerate(values) if values.size <= _MOST else ():
        (left, low), (right, high) = shares.transform([(at - 0.5, row - 0.5), (at + 0.5, row + 0.5)])
        text = f"{axes.format_ydata(row)}, {axes.format_xdata(at)}: {_text(value)}"
        areas.append(Area(left, min(low, high), right - left, abs(high - low), text))
    return Reading(title, table, areas)


def _text(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else short(value)
