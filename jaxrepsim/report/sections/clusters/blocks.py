"""The correlations of two networks' units, in an order in which clusters are blocks."""

from math import ceil
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from xarray import DataTree

from jaxrepsim.report.figure import Drawing, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.panels import thinned
from jaxrepsim.report.sections.clusters.mixing import block_ends, by_cluster, clustered, joint_correlation, of_units
from jaxrepsim.report.style import WIDTHS, Column
from jaxrepsim.report.summaries import Floats, Ints, names, plural

_MOST_LAYERS = {"single": 3, "double": 4}
_MOST_DOTS = 200
"""Dots along a side of an image; more would make the file large, and no eye tells them apart."""
_STEPS = 25
"""Colours of an image, an odd number, so that one is for no correlation: a file with few is small."""
# The images are the same on a dark page, and so are the lines and strips that go with them.
_EDGE, _BLANK = "#101010", "#f7f7f7"
_X, _Y = "#56b4e9", "#e69f00"
_STRIP = LinearSegmentedColormap.from_list("networks", [_X, _Y])


class Ordered(NamedTuple):
    """Units of both networks in a drawing order."""

    order: Ints
    """Places among the x units, then the y units."""
    ends: list[int]
    """Where each block ends."""
    title: str


def _draw(results: DataTree, column: Column) -> Figure:
    """The joint correlations of the first pair's units by spectral clusters, and beside it by the tree.

    Of up to four layers in both columns of a paper, three in one, evenly spaced.
    """
    layers = thinned(_known(results), _MOST_LAYERS[column])
    panels = [(layer, ordered) for layer in layers for ordered in orders(results, layer)]
    across = min(len(panels), 2 if column == "single" else 4)
    down = ceil(len(panels) / across)
    side = min((WIDTHS[column] - 0.5) / across, 2.4)
    titles = shortened(names(results, "layer"), max(8, int(side * 101 / 7.5) - 4))
    # The bar below takes as much height whatever the number of rows.
    with framed(column, down * (side + 0.34) + 0.55, _legend(results, column)) as figure:
        figure.set_layout_engine("compressed", wspace=0.05, hspace=0.03)
        grid = panel_grid(figure, len(panels), across)
        norm, colors = _scale()
        for axes, (layer, ordered) in zip(grid, panels, strict=True):
            matrix = joint_correlation(results, layer, 0)[np.ix_(ordered.order, ordered.order)]
            _image(axes, matrix, norm, colors)
            _strip(axes, ordered.order >= len(of_units(results, "cluster", layer, 0)[0]))
            _blocks(axes, ordered.ends)
            axes.set_title(f"{titles[layer]}\n{ordered.title}", pad=3, fontsize=7)
        bar = figure.colorbar(
            ScalarMappable(norm, colors), ax=grid, location="bottom", aspect=40, pad=0.02, fraction=0.04, shrink=0.7
        )
        bar.set_label("correlation")
        bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
        bar.ax.minorticks_off()
        bar.outline.set_linewidth(0.6)  # type: ignore[union-attr]
    return figure


def orders(results: DataTree, layer: int) -> list[Ordered]:
    """The drawing orders of a layer of the first pair that are known: by spectral cluster, and by the tree's leaves."""
    known = []
    x, y = of_units(results, "cluster", layer, 0)
    if (x >= 0).any() or (y >= 0).any():
        order, ends = by_cluster(x, y)
        known.append(Ordered(order, ends, "spectral"))
    leaves = np.concatenate(of_units(results, "leaf", layer, 0))
    if (leaves >= 0).all():
        order = np.argsort(leaves, kind="stable")
        known.append(Ordered(order, block_ends(np.concatenate(of_units(results, "tree", layer, 0))[order]), "tree"))
    return known


def _caption(results: DataTree) -> str:
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


def _known(results: DataTree) -> list[int]:
    """The layers of which the first pair has correlations and clusters."""
    if not (clustered(results) and "one_to_one" in results.children):
        return []
    known = results["one_to_one/correlation"][:, 0].notnull().any(("unit", "other_unit")).values
    return [layer for layer in np.flatnonzero(known).tolist() if orders(results, layer)]


def _scale() -> tuple[BoundaryNorm, ListedColormap]:
    colors = mpl.colormaps["RdBu_r"](np.linspace(0.02, 0.98, _STEPS))
    return BoundaryNorm(np.linspace(-1, 1, _STEPS + 1), _STEPS, clip=True), ListedColormap(colors)


def _image(axes: Axes, matrix: Floats, norm: BoundaryNorm, colors: ListedColormap) -> None:
    step = ceil(len(matrix) / _MOST_DOTS)
    dots = pooled(matrix, step)
    end = len(dots) * step
    axes.imshow(dots, norm=norm, cmap=colors, extent=(0, end, end, 0), interpolation="none")
    axes.grid(visible=False)
    axes.set(xlim=(0, len(matrix)), ylim=(len(matrix), 0), xticks=(), yticks=())


def _strip(axes: Axes, second: np.ndarray) -> None:
    strip = axes.inset_axes((-0.075, 0, 0.05, 1))
    step = ceil(len(second) / _MOST_DOTS)
    dots = pooled(second.astype(np.float64), step)
    strip.imshow(
        dots[:, None], cmap=_STRIP, vmin=0, vmax=1, extent=(0, 1, len(dots) * step, 0), aspect="auto",
        interpolation="none",
    )  # fmt: skip
    strip.grid(visible=False)
    strip.set(ylim=(len(second), 0), xticks=(), yticks=())


def _blocks(axes: Axes, ends: list[int]) -> None:
    # One path for all blocks: a mark of its own for each would make the file many times as large.
    corners = [
        [(start, start), (end, start), (end, end), (start, end), (start, start)]
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(ends)
    path = Path(np.reshape(corners, (-1, 2)), codes)
    width = 0.5 if len(ends) <= 24 else 0.3
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=_EDGE, linewidth=width, clip_on=False))


def _legend(results: DataTree, column: Column) -> list[Patch | Line2D]:
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
