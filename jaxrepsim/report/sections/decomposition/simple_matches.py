"""The simple matches that were found: their sizes, and which lies inside which, as a Hasse diagram."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from jaxrepsim.report.epsilons import epsilon_labels
from jaxrepsim.report.figure import Drawing, arranged, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Ints, Mask, Results, known_layers, names, thinned, unit_counts
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, Column, legend_line

_MOST_LAYERS = 6
_SINGLE = "#d55e00"
_WIDE = 12
"""From this ratio of the largest to the smallest size on, sizes are drawn on a logarithmic axis."""


class SimpleSizes(NamedTuple):
    """The simple matches that were found; an unused slot has size 0 on both sides."""

    x: Ints
    """Units of the first network, (layer, pair, ε, slot)."""
    y: Ints
    """Units of the second."""
    units: Ints
    """Units of both networks in the layer, (layer, pair)."""

    @property
    def both(self) -> Ints:
        """Units of both sides."""
        return self.x + self.y

    @property
    def shares(self) -> Floats:
        """The same as shares of all units of both networks."""
        return self.both / np.maximum(self.units, 1)[:, :, None, None]

    @property
    def found(self) -> Ints:
        """How many were found, (layer, pair, ε)."""
        return (self.both > 0).sum(-1)

    @property
    def single(self) -> Mask:
        """Which are one unit on each side."""
        return (self.x == 1) & (self.y == 1)


def simple_sizes(results: Results) -> SimpleSizes:
    """Sizes of the simple matches that were found.

    Args:
        results: Results with the group `decomposition`.

    Returns:
        The sizes of both sides.
    """
    # One layer at a time: a comparison of all masks at once may not fit beside them.
    sides = (results[f"decomposition/simple_{side}"].values for side in "xy")
    x, y = (np.stack([(layer == 1).sum(-1) for layer in masks]) for masks in sides)
    return SimpleSizes(x, y, np.add(*unit_counts(results)))


def any_simple(results: Results) -> bool:
    """Whether any simple match was found."""
    return bool(known_layers(results, "decomposition/simple_x"))


def matched_units(results: Results) -> Ints:
    """Units in the maximum match, both sides together, (layer, pair, ε): of the first redraw, as certificates are."""
    x, y = (results[f"similarity/matched_{side}"].isel(redraw=0).values for side in "xy")
    return (x + y).astype(np.int64)


def _draw(results: Results, column: Column) -> Figure:
    """Simple matches of the first pair by size and containment, at one ε per layer, for up to six layers.

    The ε is the one with the most distinct sizes, of these the one with the most matches. A line joins a match with
    those directly inside it, as far as they were found.
    """
    sizes = simple_sizes(results)
    panels = _chosen(sizes)
    across, down, width = arranged(len(panels), 2 if column == "single" else 3, column)
    layers = shortened(names(results, "layer"), max(8, min(40, int(width * 7.5))))
    epsilons = epsilon_labels(results)
    below, complete = (results[f"decomposition/simple_{name}"][:, 0].values == 1 for name in ("below", "complete"))
    handles = [
        legend_line(color=ACCENT, marker="o", linestyle="none", label="simple match"),
        legend_line(color=_SINGLE, marker="D", linestyle="none", label="one unit to one"),
        legend_line(color=MUTED, linewidth=0.6, label="contains"),
    ]
    with framed(column, down * (min(width, 2.4) * 0.95 + 0.25) + 0.2, handles) as figure:
        grid = panel_grid(figure, len(panels), across)
        for axes, (layer, epsilon) in zip(grid, panels, strict=True):
            found = int(sizes.found[layer, 0, epsilon])
            count = f"{found:,} found, {'all there are' if complete[layer, epsilon] else 'search stopped'}"
            axes.set_title(f"{layers[layer]}, ε = {epsilons[epsilon]}\n{count}", pad=4, fontsize=7)
            at = (layer, 0, epsilon, slice(found))
            _order(axes, sizes.both[at], sizes.single[at], below[layer, epsilon, :found, :found])
        figure.supylabel("size: units, both sides")
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    held = int(simple_sizes(results).found[:, 0].any(-1).sum())
    layers = results.sizes["layer"]
    pair = "" if results.sizes["pair"] == 1 else f" of the first pair, {names(results, 'pair')[0]}"
    none = f" {layers - held} of {layers} layers have none." if held < layers else ""
    some = f" {_MOST_LAYERS} of the {held} layers that have any are shown." if held > _MOST_LAYERS else ""
    return (
        f"Simple matches{pair}, by size and containment, in each layer at the ε at which they have the most sizes. A "
        "line leads down from a match to those directly inside it, of the ones that were found; from left to right "
        f"nothing is meant. Diamonds are one unit on each side.{none}{some}"
    )


def _chosen(sizes: SimpleSizes) -> list[tuple[int, int]]:
    both, found = sizes.both[:, 0], sizes.found[:, 0]
    panels = []
    for layer in thinned(np.flatnonzero(found.any(-1)).tolist(), _MOST_LAYERS):
        distinct = [len(np.unique(row[row > 0])) for row in both[layer]]
        panels.append((layer, max(range(len(distinct)), key=lambda e: (distinct[e], found[layer, e], -e))))
    return panels


def _order(axes: Axes, size: Ints, single: np.ndarray, below: np.ndarray) -> None:
    place = places(size, below)
    ends = np.argwhere(below)
    spots = np.column_stack([place, size])
    thin = {"linewidths": 0.3, "alpha": 0.45} if len(ends) > 100 else {"linewidths": 0.6}
    axes.add_collection(LineCollection(spots[ends].tolist(), colors=MUTED, zorder=2, **thin))
    marker = float(np.clip(30 / np.sqrt(len(size)), 2.6, 5.5))
    for chosen, color, shape in ((~single, ACCENT, "o"), (single, _SINGLE, "D")):
        if chosen.any():
            look = {"color": color, "markersize": marker, "markeredgecolor": PAPER, "markeredgewidth": 0.3}
            axes.plot(place[chosen], size[chosen], shape, zorder=3, clip_on=False, **look)
    axes.set(xlim=(-0.05, 1.05), xticks=())
    low, high = int(size.min()), int(size.max())
    if high >= _WIDE * low:
        axes.set_yscale("log", base=2)
        axes.set_ylim(low * 0.8, high * 1.25)
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        room = max(1.0, 0.08 * (high - low))
        axes.set_ylim(max(0, low - room), high + room)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter("{x:g}")


def places(size: Ints, below: np.ndarray) -> Floats:
    """Where matches stand from left to right, in [0, 1]: evenly within a size, near to what they contain.

    Args:
        size: Each match's size, (k,).
        below: Whether the second lies directly inside the first, (k, k).

    Returns:
        One place per match, (k,).
    """
    place = np.full(len(size), 0.5)
    for level, value in enumerate(np.unique(size)):
        row = np.flatnonzero(size == value)
        inside = below[row].sum(1)
        near = np.where(inside > 0, below[row] @ place / np.maximum(inside, 1), 0.5)
        # Levels are shifted against one another, so that a chain of single matches is no line with hidden parts.
        shift = (level * 0.618034 % 1 - 0.5) * 0.8
        place[row[np.argsort(near, kind="stable")]] = (np.arange(len(row)) + 0.5 + shift) / len(row)
    return place


DRAWING = Drawing(
    "simple-matches",
    "Order of simple matches",
    _draw,
    _caption,
    "Diagrams, one per layer, of simple matches by size, with lines from each to those it contains.",
    lambda results: bool(known_layers(results, "decomposition/simple_x", pair=0)),
)
