"""Names on axes that stay legible: elided when long, turned when crowded, thinned out when there are too many."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from math import ceil, sin
from typing import NamedTuple

from matplotlib.axes import Axes

from jaxrepsim.report.style import LEGEND_SIZE, TICK_SIZE, WIDTHS, Column

_CHARACTER_WIDTH = 0.62
"""Mean width of a character of the tick font, as a share of its size."""
_ROOM_BESIDE_BAR = {"single": 170.0, "double": 410.0}
"""Points along an x axis that labels may share, a colour bar beside it."""
ROOM = {"single": 190.0, "double": 410.0}
"""The same with nothing beside the axes."""
_LONGEST = {"single": 22, "double": 32}


class LayerLabels(NamedTuple):
    """How the layers are written along an x axis."""

    names: list[str]
    ticks: list[int]
    degrees: int
    in_full: list[str]
    """What is said of a layer that a reader points at."""

    @property
    def height(self) -> float:
        """Inches the labels take below the axis."""
        length = max(len(self.names[tick]) for tick in self.ticks) * _CHARACTER_WIDTH * TICK_SIZE
        return max(TICK_SIZE, length * sin(self.degrees * 3.1416 / 180)) / 72


def shortened(names: list[str], limit: int) -> list[str]:
    """Names of at most `limit` characters that still differ from one another.

    What all names begin and end with goes first, then the middle, as names tell most at both ends. Where that makes two
    names the same, the layer's number takes the place of the head. Characters that print nothing are shown as `·`.

    Args:
        names: The names.
        limit: The most characters a name may have, at least 8.

    Returns:
        The short names, in the same order.

    >>> shortened(["conv1", "features.stage3.block12.conv2.relu"], 20)
    ['conv1', 'features.s…onv2.relu']
    >>> shortened(["features.stage3.conv1.relu", "features.stage3.conv2.relu"], 20)
    ['conv1', 'conv2']
    """
    clean = ["".join(c if c.isprintable() else "·" for c in name) for name in names]
    if max(map(len, clean)) > limit:
        clean = _without_shared_ends(clean)
    tail = (limit - 1) // 2
    short = [name if len(name) <= limit else f"{name[: limit - 1 - tail]}…{name[-tail:]}" for name in clean]
    return [
        name if short.count(name) == 1 else f"{index + 1}…{clean[index][-(limit - 2 - len(str(index))) :]}"
        for index, name in enumerate(short)
    ]


def _without_shared_ends(names: list[str]) -> list[str]:
    head = _shared_start([re.split(r"(?<=[./_-])", name)[:-1] for name in names])
    rest = [name[head:] for name in names]
    tail = _shared_start([re.split(r"(?=[./_-])", name)[:0:-1] for name in rest])
    trimmed = [name[: len(name) - tail] for name in rest]
    return trimmed if all(trimmed) else names


def _shared_start(split: list[list[str]]) -> int:
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*split, strict=False))
    return sum(len(parts[0]) for parts in shared)


def layer_labels(names: list[str], column: Column, room: float | None = None) -> LayerLabels:
    """Chooses how to write layers along an x axis.

    Args:
        names: The layers' names.
        column: The width of the figure.
        room: Points along the axis that they may share; by default those beside a colour bar.

    Returns:
        Short names, the positions that are written out, and the angle.
    """
    short = shortened(names, _LONGEST[column])
    room = _ROOM_BESIDE_BAR[column] if room is None else room
    if (max(map(len, short)) + 1) * _CHARACTER_WIDTH * TICK_SIZE <= room / len(short):
        return LayerLabels(short, list(range(len(short))), 0, names)
    degrees = 45 if len(short) * 2.2 * TICK_SIZE <= room else 90
    step = ceil(len(short) * 1.45 * TICK_SIZE / room) if degrees == 90 else 1
    return LayerLabels(short, list(range(len(short) - 1, -1, -step))[::-1], degrees, names)


def legend_columns(entries: list[str], column: Column) -> int:
    """The most columns a legend above the axes may have.

    Args:
        entries: Its labels, which run down the columns.
        column: The width of the figure.

    Returns:
        A number of columns, as even as may be.

    >>> legend_columns(["a"] * 5, "double"), legend_columns(["a rather long label"] * 5, "single")
    (5, 2)
    """
    for columns in range(len(entries), 1, -1):
        rows, longer = divmod(len(entries), columns)
        starts = [index * rows + min(index, longer) for index in range(columns + 1)]
        longest = [max(map(len, entries[start:stop])) for start, stop in pairwise(starts)]
        # Beside its label a column holds the line and two gaps, about four ems.
        if sum(LEGEND_SIZE * (_CHARACTER_WIDTH * length + 4) for length in longest) <= 72 * WIDTHS[column]:
            return ceil(len(entries) / ceil(len(entries) / columns))
    return 1


def named(names: Sequence[str]) -> Callable[[float], str]:
    """What the places 0, 1 and so on along an axis are called; also those a little aside."""
    return lambda place: names[min(max(round(place), 0), len(names) - 1)]


def mark_layers(axes: Axes, labels: LayerLabels, *, written: bool = True) -> None:
    """Puts one tick a layer on the x axis, and the layers' names.

    Args:
        axes: The axes; layer i stands at x = i.
        labels: How to write them.
        written: Whether the names are shown; false for all but the lowest of a stack of axes.
    """
    count = len(labels.names)
    aside = max(0.6, (5 - count) / 2)  # a few layers do not stretch over the whole width
    axes.set_xlim(-aside, count - 1 + aside)
    axes.set_xticks(range(count), minor=True)
    axes.tick_params(axis="x", which="minor", length=1.5 if count > len(labels.ticks) else 0)
    axes.set_xticks(labels.ticks)
    axes.fmt_xdata = named(labels.in_full)
    if not written:
        axes.tick_params(axis="x", labelbottom=False)
        return
    axes.set_xticklabels(
        [labels.names[tick] for tick in labels.ticks],
        rotation=labels.degrees,
        rotation_mode="anchor",
        ha="center" if labels.degrees == 0 else "right",
        va="top" if labels.degrees == 0 else "center" if labels.degrees == 90 else "top",
    )
