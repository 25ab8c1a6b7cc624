"""The correlations of two networks' units, in an order in which clusters are blocks."""

from itertools import pairwise
from math import ceil
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from jaxrepsim.report.figure import Drawing, arranged, color_bar, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Ints, Results, known_layers, names, plural, thinned
from jaxrepsim.report.sections.clusters.mixing import clustered, of_units
from jaxrepsim.report.sections.one_to_one.aligned import correlations
from jaxrepsim.report.style import Column

_MOST_LAYERS = {"single": 3, "double": 4}
_MOST_DOTS = 200
"""Dots along a side of an image; more would make the file large, and no eye tells them apart."""
_STEPS = 25
"""Colours of an image, an odd number, so that one is for no correlation: a file with few is small."""
# The images are the same on a dark page, and so are the lines and strips that go with them.
_EDGE, _BLANK = "#101010", "#f7f7f7"
_X, _Y = "#56b4e9", "#e69f00"
_STRIP = LinearSegmentedColormap.from_list("networks", [_X, _Y])


def _draw(results: Results, column: Column) -> Figure:
    """The joint correlations of the first pair's units by spectral clusters, and beside it by the tree.

    Of up to four layers in both columns of a paper, three in one, evenly spaced.
    """
    layers = thinned(_known(results), _MOST_LAYERS[column])
    panels = [(layer, *order) for layer in layers for order in orders(results, layer).items()]
    across, down, width = arranged(len(panels), 2 if column == "single" else 4, column, margin=0.5)
    side = min(width, 2.4)
    titles = shortened(names(results, "layer"), max(8, int(side * 101 / 7.5) - 4))
    # The bar below takes as much height whatever the number of rows.
    with framed(column, down * (side + 0.34) + 0.55, _legend(results, column)) as figure:
        figure.set_layout_engine("compressed", wspace=0.05, hspace=0.03)
        grid = panel_grid(figure, len(panels), across)
        colors = ListedColormap(mpl.colormaps["RdBu_r"](np.linspace(0.02, 0.98, _STEPS)))
        norm = BoundaryNorm(np.linspace(-1, 1, _STEPS + 1), _STEPS, clip=True)
        for axes, (layer, title, (order, ends)) in zip(grid, panels, strict=True):
            matrix = joint_correlation(results, layer, 0)[np.ix_(order, order)]
            second = order >= len(of_units(results, "cluster", layer, 0)[0])
            _image(axes, matrix, norm=norm, cmap=colors)
            strip = axes.inset_axes((-0.075, 0, 0.05, 1))
            _image(strip, second[:, None].astype(np.float64), cmap=_STRIP, vmin=0, vmax=1, aspect="auto")
            _blocks(axes, ends)
            axes.set_title(f"{titles[layer]}\n{title}", pad=3, fontsize=7)
        look = {"location": "bottom", "aspect": 40, "pad": 0.02, "fraction": 0.04, "shrink": 0.7}
        bar = color_bar(grid, ScalarMappable(norm, colors), "correlation", **look)
        bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
    return figure


def orders(results: Results, layer: int) -> dict[str, tuple[Ints, list[int]]]:
    """The drawing orders of a layer of the first pair that are known: by spectral cluster, and by the tree's leaves.

    Args:
        results: Results with the group `clusters`.
        layer: The index of the layer.

    Returns:
        By what they are called: places among the x units, then the y units, in order; and where each block ends.
    """
    known = {}
    x, y = of_units(results, "cluster", layer, 0)
    if (x >= 0).any() or (y >= 0).any():
        known["spectral"] = by_cluster(x, y)
    leaves, tree = (np.concatenate(of_units(results, name, layer, 0)) for name in ("leaf", "tree"))
    if (leaves >= 0).all():
        order = np.argsort(leaves, kind="stable")
        known["tree"] = order, block_ends(tree[order])
    return known


def joint_correlation(results: Results, layer: int, pair: int) -> Floats:
    """The correlations of all units of a pair with one another.

    Args:
        results: Results with the group `one_to_one`.
        layer: The index of the layer.
        pair: The index of the pair.

    Returns:
        A symmetric matrix, the x units first, then the y units.
    """
    x, y, between = correlations(results, layer, pair)
    return np.block([[x, between], [between.T, y]]).astype(np.float64)


def by_cluster(x: Ints, y: Ints) -> tuple[Ints, list[int]]:
    """An order in which clusters are blocks: the largest first, within one x units, then y units; −1 comes last.

    Args:
        x: The cluster of each x unit.
        y: The cluster of each y unit.

    Returns:
        The units in order, y units counted on from the x units; and where each block ends.

    >>> order, ends = by_cluster(np.array([1, 0]), np.array([0, -1]))
    >>> order.tolist(), ends
    ([1, 2, 0, 3], [2, 3, 4])
    """
    both = np.concatenate([x, y])
    names, sizes = np.unique(both[both >= 0], return_counts=True)
    rank = np.full(both.max(initial=-1) + 2, len(names))
    rank[names[np.argsort(-sizes, kind="stable")]] = np.arange(len(names))
    place = np.where(both < 0, len(names), rank[both])
    order = np.argsort(place, kind="stable")
    return order, block_ends(place[order])


def block_ends(labels: Ints) -> list[int]:
    """Where runs of equal labels end.

    >>> block_ends(np.array([3, 3, 1]))
    [2, 3]
    """
    return [*(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)] if len(labels) else []


def _caption(results: Results) -> str:
    """How to read the figure."""
    known = _known(results)
    pair = "" if results.sizes["pair"] == 1 else f" of the first pair, {names(results, 'pair')[0]},"
    layers = results.sizes["layer"]
    most = _MOST_LAYERS["double"]
    some = f" Of {plural(layers, 'layer')} up to {most} are shown." if len(known) > _MOST_LAYERS["single"] else ""
    largest = max(len(joint_correlation(results, layer, 0)) for layer in known)
    dots = " Where units are many, a dot is the mean over several." if largest > _MOST_DOTS else ""
    return (
        f"Correlations of the units of both networks{pair} with one another. Left of each two: in the order of the "
        "spectral clusters, the largest first, units of the first network before those of the second; right: in the "
        "order of the tree's leaves. Squares frame the clusters, and the strip at the left says of which network a "
        "unit is: a square beside both colours is shared by both networks. Units that correlate with none come last."
        f"{dots}{some}"
    )


def pooled(values: Floats, step: int) -> Floats:
    """Means over blocks of `step` places along each axis; the last blocks may be smaller.

    >>> pooled(np.array([1.0, 3.0, 5.0]), 2).tolist()
    [2.0, 5.0]
    """
    for axis, size in enumerate(values.shape):
        starts = np.arange(0, size, step)
        shape = [-1 if a == axis else 1 for a in range(values.ndim)]
        values = np.add.reduceat(values, starts, axis) / np.diff([*starts, size]).reshape(shape)
    return values


def _known(results: Results) -> list[int]:
    """The layers of which the first pair has correlations and clusters."""
    if not clustered(results):
        return []
    return [layer for layer in known_layers(results, "one_to_one/correlation", pair=0) if orders(results, layer)]


def _image(axes: Axes, values: Floats, **look: Any) -> None:
    step = ceil(len(values) / _MOST_DOTS)
    dots = pooled(values, step)
    down, across = dots.shape
    axes.imshow(dots, extent=(0, across * step, down * step, 0), interpolation="none", **look)
    axes.grid(visible=False)
    axes.set(xlim=(0, values.shape[1]), ylim=(len(values), 0), xticks=(), yticks=())


def _blocks(axes: Axes, ends: list[int]) -> None:
    # One path for all blocks: a mark of its own for each would make the file many times as large.
    squares = [
        Path([(start, start), (end, start), (end, end), (start, end), (start, start)], closed=True)
        for start, end in pairwise([0, *ends])
    ]
    path = Path.make_compound_path(*squares)
    width = 0.5 if len(ends) <= 24 else 0.3
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=_EDGE, linewidth=width, clip_on=False))


def _legend(results: Results, column: Column) -> list[Patch | Line2D]:
    first, second = shortened(names(results, "network")[:2], 10 if column == "single" else 24)
    return [
        Patch(facecolor=_X, label=f"network {first}"),
        Patch(facecolor=_Y, label=f"network {second}"),
        Patch(facecolor=_BLANK, edgecolor=_EDGE, label="cluster"),
    ]


DRAWING = Drawing(
    "cluster-blocks",
    "Correlations by cluster",
    _draw,
    _caption,
    "Matrices of correlations of the units of two networks, ordered so that clusters are blocks along the diagonal.",
    lambda results: bool(_known(results)),
)
