"""Correlations within and between two networks, before and after alignment: Figure 1 of Li et al. 2015."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from jaxrepsim.report.figure import Drawing, arranged, color_bar, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Ints, Results, known_layers, names, thinned
from jaxrepsim.report.sections.one_to_one.aligned import correlations
from jaxrepsim.report.style import Column

_MOST_LAYERS = {"single": 2, "double": 3}
_MOST_CELLS = 128
"""A side of a matrix; a printed panel shows no more."""
_STEP = 1 / 16
"""Correlations are drawn to this, which no eye tells and makes images a third as large."""
_PANELS = ("within the first", "within the second", "between, as they are", "between, by partner")


def _draw(results: Results, column: Column) -> Figure:
    """Correlations of the first pair's units, for up to three layers: within, between, and between by partner.

    One column of a paper has room for two layers.

    Source: Li et al. 2015 (arXiv:1511.07543), Figure 1.
    """
    layers = thinned(_known(results), _MOST_LAYERS[column])
    across, down, side = arranged(len(_PANELS), 2 if column == "single" else 4, column, margin=0.65)
    titles = shortened(names(results, "layer"), 24)
    with framed(column, len(layers) * (down * (side + 0.22) + 0.22)) as figure:
        parts = figure.subfigures(len(layers), 1, squeeze=False).ravel()
        for part, layer in zip(parts, layers, strict=True):
            grid = panel_grid(part, len(_PANELS), across)
            part.suptitle(titles[layer], weight="bold")
            images = [_map(*panel) for panel in zip(grid, matrices(results, layer), _PANELS, strict=True)]
            bar = color_bar(grid, images[0], "correlation", aspect=18 * down, ticks=(-1, 0, 1))
            bar.ax.yaxis.labelpad = 1
    return figure


def matrices(results: Results, layer: int) -> list[Floats]:
    """Correlations of the first pair's units in one layer.

    Args:
        results: Results with the group `one_to_one`.
        layer: The index of the layer.

    Returns:
        Within the first network (n_x, n_x), within the second (n_y, n_y), between them (n_x, n_y), and between them
        with partners on the diagonal, those without a partner last.
    """
    x, y, between = correlations(results, layer, 0)
    partner = results["one_to_one/partner"].values[layer, 0, : len(x)]
    return [x, y, between, between[np.ix_(*by_partner(partner, len(y)))]]


def by_partner(partner: Ints, count: int) -> tuple[Ints, Ints]:
    """Orders of the units of both networks that put partners side by side, in the first network's own order.

    Args:
        partner: The y unit of each x unit, −1 for none, (n_x,).
        count: The number of y units.

    Returns:
        The x units, (n_x,), and the y units, (n_y,): first those with a partner.

    >>> rows, columns = by_partner(np.array([2, -1, 0]), 3)
    >>> rows.tolist(), columns.tolist()
    ([0, 2, 1], [2, 0, 1])
    """
    paired = partner >= 0
    rest = np.setdiff1d(np.arange(count), partner[paired])
    return np.concatenate([np.flatnonzero(paired), np.flatnonzero(~paired)]), np.concatenate([partner[paired], rest])


def shrunk(matrix: Floats) -> Floats:
    """A matrix of no more rows and columns than show: each cell the strongest correlation of the block it stands for.

    Args:
        matrix: (n_x, n_y).

    Returns:
        The matrix itself where it is small enough.
    """
    step = ceil(max(matrix.shape) / _MOST_CELLS)
    if step <= 1:
        return matrix
    padded = np.pad(matrix, [(0, -size % step) for size in matrix.shape])
    rows, columns = (size // step for size in padded.shape)
    blocks = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, -1)
    return np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)[..., 0]


def _caption(results: Results) -> str:
    """How to read the figure."""
    known = _known(results)
    pair = "" if results.sizes["pair"] == 1 else f" of the first pair, {names(results, 'pair')[0]}"
    few = f" Up to three of {len(known)} layers are shown." if len(known) > _MOST_LAYERS["single"] else ""
    widest = int(results["similarity/units"].values[known].max())
    step = ceil(widest / _MOST_CELLS)
    blocks = "" if step <= 1 else f" In wide layers a cell is the strongest correlation of up to {step} × {step} units."
    return (
        f"Correlations of units{pair}: within the first network, within the second, between them in the order in "
        "which units stand, and between them with the units of the second network put in the order of their partners, "
        f"so that partners lie on the diagonal. Rows between networks are units of the first.{blocks}{few}"
    )


def _known(results: Results) -> list[int]:
    """The layers in which units of the first pair were aligned."""
    return known_layers(results, "one_to_one/partner", pair=0)


def _map(axes: Axes, matrix: Floats, title: str) -> AxesImage:
    steps = np.round(shrunk(matrix) / _STEP) * _STEP
    image = axes.imshow(steps, vmin=-1, vmax=1, cmap="RdBu_r", aspect="auto", interpolation="none")
    axes.set_title(title, pad=3)
    axes.set(xticks=(), yticks=())
    axes.set_box_aspect(1)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    return image


DRAWING = Drawing(
    "correlation-matrices",
    "Correlations within and between networks",
    _draw,
    _caption,
    "Heat maps of correlations, four per layer: within each network, between them, and between them with partners on "
    "the diagonal.",
    lambda results: bool(_known(results)),
)
