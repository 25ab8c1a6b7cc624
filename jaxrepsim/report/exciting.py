"""What excites matched units most: for each of a pair of partners the images that do, side by side."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from xarray import Dataset

from jaxrepsim.report.labels import shortened
from jaxrepsim.report.panels import thinned
from jaxrepsim.report.schema import holds
from jaxrepsim.report.style import TICK_SIZE, WIDTHS, Column, new_figure, paper_style
from jaxrepsim.report.summaries import Floats, names, plural

_MOST_LAYERS, _MOST_PAIRS, _MOST_IMAGES = 6, 4, 5
_MOST_PIXELS = 32
"""A side of an image; a printed one shows no more."""
_TALLEST = 0.45
"""Of an image, in inches."""
_RING, _HALO = "#d55e00", "#f2f2f2"


def pictured(results: Dataset) -> bool:
    """Whether images that excite a unit of the first pair are on record."""
    return holds(results, "exciting") and results.sizes["image"] > 0 and bool((results["exciting_x"][:, 0] >= 0).any())


def exciting_images(results: Dataset, column: Column = "double") -> Figure:
    """Draws, for up to four matched units of the first pair in up to six layers, the images that excite each most.

    A row is a pair of partners: left the five images that most excite the unit of the first network, the most first,
    right those of the second network's unit; between them their correlation. A ring marks the most exciting position.

    Args:
        results: The Dataset, with the group `exciting`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: There are no images for the first pair.
    """
    if not pictured(results):
        raise ValueError("these results hold no images that excite units, so they cannot be drawn")
    layers = thinned(_known(results), _MOST_LAYERS)
    across = min(len(layers), 1 if column == "single" else 2)
    down = ceil(len(layers) / across)
    titles = shortened(names(results, "layer"), 28)
    panels = [_rows(results, layer) for layer in layers]
    height, width = results["pixels"].shape[1:3]
    tile = min(_TALLEST, ((WIDTHS[column] - 0.2) / across - 0.75) * height / width / (2 * _images(results) + 3))
    ratios = [max(map(len, panels[place : place + across])) for place in range(0, len(panels), across)]
    with paper_style():
        figure = new_figure(column, sum(ratios) * tile * 1.15 + 0.45 * down + 0.1)
        grid = figure.subplots(down, across, squeeze=False, height_ratios=ratios).ravel()
        for axes, layer, rows in zip(grid, layers, panels, strict=False):
            _panel(axes, results, layer, rows)
            axes.set_title(titles[layer], pad=3)
        for axes in grid[len(layers) :]:
            axes.set_visible(False)
    return figure


def mosaic(results: Dataset, layer: int, rows: list[int]) -> tuple[Floats, Floats]:
    """The images of one layer as one picture, and where the most exciting positions are in it.

    Args:
        results: The Dataset, with the group `exciting`.
        layer: The index of the layer.
        rows: Which of the shown pairs of units.

    Returns:
        (height, width, 4), red, green, blue and opacity in [0, 1], clear between images; and the places, (k, 2), column
        and row in pixels of the picture.
    """
    place = {int(index): at for at, index in enumerate(results["image"].values)}
    pixels = np.stack([_small(image) for image in results["pixels"].values])
    height, width = pixels.shape[1:3]
    lefts, gap = _lefts(results, width)
    picture = np.zeros((len(rows) * (height + gap) - gap, lefts[-1] + width, 4))
    rings = []
    for row, shown in enumerate(rows):
        top = row * (height + gap)
        for at, left in enumerate(lefts):
            side, rank = ("x", at) if at < len(lefts) // 2 else ("y", at - len(lefts) // 2)
            where = {"layer": layer, "pair": 0, "shown": shown, "rank": rank}
            index = int(results[f"exciting_{side}"].isel(where))
            if index not in place:
                continue
            picture[top : top + height, left : left + width, :3] = pixels[place[index]]
            picture[top : top + height, left : left + width, 3] = 1
            spot = [float(results[f"{name}_{side}"].isel(where)) for name in ("column", "row")]
            rings.append([left + spot[0] * width - 0.5, top + spot[1] * height - 0.5])
    spots = np.reshape(rings, (-1, 2))
    return picture, spots[~np.isnan(spots).any(1)]


def caption(results: Dataset) -> str:
    """How to read the figure."""
    known = _known(results)
    pair = "" if results.sizes["pair"] == 1 else f" of the first pair, {names(results, 'pair')[0]}"
    ringed = bool(results["row_x"][:, 0].notnull().any() or results["row_y"][:, 0].notnull().any())
    ring = " A ring marks the position in the image that does." if ringed else ""
    few = f" {_MOST_LAYERS} of {len(known)} layers are shown." if len(known) > _MOST_LAYERS else ""
    return (
        f"What excites matched units{pair}: a row is a unit and its one-to-one partner, with their numbers. Left the "
        f"{plural(_images(results), 'image')} that excite the unit most, the most first; right those that excite its "
        f"partner most; between them the correlation of the two.{ring}{few}"
    )


def _known(results: Dataset) -> list[int]:
    return np.flatnonzero((results["exciting_x"][:, 0] >= 0).any(("shown", "rank"))).tolist()


def _rows(results: Dataset, layer: int) -> list[int]:
    return thinned(np.flatnonzero((results["exciting_x"][layer, 0] >= 0).any("rank")).tolist(), _MOST_PAIRS)


def _images(results: Dataset) -> int:
    return min(results.sizes["rank"], _MOST_IMAGES)


def _lefts(results: Dataset, width: int) -> tuple[list[int], int]:
    """Where images begin, from left to right, and the gap between two, in pixels."""
    count = _images(results)
    gap = max(1, round(0.1 * width))
    first = [rank * (width + gap) for rank in range(count)]
    second = first[-1] + width + round(1.6 * width)
    return first + [second + left for left in first], gap


def _small(image: Floats) -> Floats:
    """An image in red, green and blue from 0 to 1, of at most so many pixels a side: the means of blocks."""
    step = ceil(max(image.shape[:2]) / _MOST_PIXELS)
    height, width = (side // step for side in image.shape[:2])
    whole = image[: height * step, : width * step].astype(np.float64)
    means = whole.reshape(height, step, width, step, -1).mean((1, 3)) / 255
    return np.clip(np.broadcast_to(means, (height, width, 3)), 0, 1)


def _panel(axes: Axes, results: Dataset, layer: int, rows: list[int]) -> None:
    picture, rings = mosaic(results, layer, rows)
    height, width = _small(results["pixels"].values[0]).shape[:2]
    axes.imshow(picture, interpolation="none")
    for color, size, line in ((_HALO, 5.2, 1.4), (_RING, 5.2, 0.7)):
        look = {"markerfacecolor": "none", "markeredgecolor": color, "markersize": size, "markeredgewidth": line}
        axes.plot(*rings.T, "o", **look)
    tall, wide = picture.shape[:2]
    middles = np.linspace((height - 1) / 2, tall - (height + 1) / 2, len(rows))
    at = {"layer": layer, "pair": 0, "shown": rows}
    x, y, correlation = (results[name].isel(at).values for name in ("shown_x", "shown_y", "shown_correlation"))
    for middle, unit, value in zip(middles, y, correlation, strict=True):
        axes.text(wide / 2 - 0.5, middle, f"{value:.2f}", ha="center", va="center", fontsize=TICK_SIZE)
        axes.text(wide + 0.1 * width, middle, str(unit), ha="left", va="center", fontsize=TICK_SIZE)
    axes.set_yticks(middles, [str(unit) for unit in x])
    axes.set_xticks([0.21 * wide, 0.79 * wide], ["first network", "second network"])
    axes.tick_params(length=0, pad=2)
    axes.set(xlim=(-0.5, wide - 0.5), ylim=(tall - 0.5, -0.5))
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
