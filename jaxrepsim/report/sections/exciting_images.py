"""What excites matched units most: for each of a pair of partners the images that do, side by side."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, arranged, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats, Results, known_layers, names, plural, thinned
from jaxrepsim.report.section import PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.style import TICK_SIZE, Column

_MOST_LAYERS, _MOST_PAIRS, _MOST_IMAGES = 6, 4, 5
_MOST_PIXELS = 32
"""A side of an image; a printed one shows no more."""
_TALLEST = 0.45
"""Of an image, in inches."""
_RING, _HALO = "#d55e00", "#f2f2f2"
_PARTNERS = ("layer", "pair", "partners")
_RANKED = (*_PARTNERS, "rank")
VARIABLES: dict[str, Variable] = {
    **coordinates(
        partners="matched pair of units: Place of a pair of partners among those that are shown, from the most alike "
        "to the least.",
        rank="rank: Rank of an image by how much it excites a unit, from the highest.",
        image="image: Index of the image in the split of the data that the networks are compared on.",
        pixel_row="row of pixels: Row of the kept image, from the top.",
        pixel_column="column of pixels: Column of the kept image, from the left.",
        channel="colour channel: Channel of the kept image: one for grey, three for red, green and blue.",
    ),
    **Alike(_PARTNERS).of_sides(
        unit="unit of the {own} network that is shown: Index of the {own} network's unit of a pair of partners that is "
        "shown; −1 for none.",
    ),
    **Alike(_PARTNERS, PURE).named(
        correlation="correlation of the two units shown: Pearson correlation of the two partners that are shown."
    ),
    **Alike(_RANKED).of_sides(
        image="image that excites the {own} network's unit: Index of the image that excites the {own} network's unit "
        "most, second most and so on; −1 for none.",
    ),
    **Alike(_RANKED, PURE).of_sides(
        value="activation of the {own} network's unit: Highest activation of the {own} network's unit on that image, "
        "in the network's own scale.",
        row="height of the most exciting position, {own} network: Where the most exciting position of the {own} "
        "network's map has its centre, as a share of the image's height from the top; NaN for a dense layer.",
        column="width of the most exciting position, {own} network: Where the most exciting position of the {own} "
        "network's map has its centre, as a share of the image's width from the left; NaN for a dense layer.",
    ),
    **Alike(("image", "pixel_row", "pixel_column", "channel"), PURE).named(
        pixels="pixels: Brightness of the images that image_x and image_y name, from 0 to 255 and perhaps averaged to "
        "fewer pixels.",
    ),
}


def _draw(results: Results, column: Column) -> Figure:
    """For up to four matched units of the first pair in up to six layers, the images that excite each most.

    A row is a pair of partners: left the five images that most excite the unit of the first network, the most first,
    right those of the second network's unit; between them their correlation. A ring marks the most exciting position.
    """
    layers = thinned(_known(results), _MOST_LAYERS)
    across, down, wide = arranged(len(layers), 1 if column == "single" else 2, column, margin=0.2)
    titles = shortened(names(results, "layer"), 28)
    panels = [_rows(results, layer) for layer in layers]
    height, width = results["exciting_images/pixels"].shape[1:3]
    tile = min(_TALLEST, (wide - 0.75) * height / width / (2 * _images(results) + 3))
    ratios = [max(map(len, panels[place : place + across])) for place in range(0, len(panels), across)]
    with framed(column, sum(ratios) * tile * 1.15 + 0.45 * down + 0.1) as figure:
        grid = panel_grid(figure, len(layers), across, height_ratios=ratios)
        for axes, layer, rows in zip(grid, layers, panels, strict=True):
            _panel(axes, results, layer, rows)
            axes.set_title(titles[layer], pad=3)
    return figure


def mosaic(results: Results, layer: int, rows: list[int]) -> tuple[Floats, Floats]:
    """The images of one layer as one picture, and where the most exciting positions are in it.

    Args:
        results: Results with the group `exciting_images`.
        layer: The index of the layer.
        rows: Which of the pairs of partners.

    Returns:
        (height, width, 4), red, green, blue and opacity in [0, 1], clear between images; and the places, (k, 2), column
        and row in pixels of the picture.
    """
    group, count = results["exciting_images"].to_dataset(), _images(results)
    pixels = np.stack([_small(image) for image in group["pixels"].values])
    height, width = pixels.shape[1:3]
    gap, middle = max(1, round(0.1 * width)), round(1.6 * width)
    lefts = np.arange(2 * count) * (width + gap) + np.repeat([0, middle - gap], count)
    tops = np.arange(len(rows)) * (height + gap)
    picture = np.zeros((tops[-1] + height, lefts[-1] + width, 4))
    at = {"layer": layer, "pair": 0, "partners": rows, "rank": slice(count)}
    image, column, row = (
        np.concatenate([group[f"{name}_{side}"].isel(at).values for side in "xy"], axis=1)
        for name in ("image", "column", "row")
    )
    place = group.indexes["image"].get_indexer(image.ravel()).reshape(image.shape)
    for tile in zip(*np.nonzero(place >= 0), strict=True):
        top, left = tops[tile[0]], lefts[tile[1]]
        picture[top : top + height, left : left + width] = pixels[place[tile]]
    spots = np.stack([lefts + column * width - 0.5, tops[:, None] + row * height - 0.5], axis=-1)
    return picture, spots[(place >= 0) & ~np.isnan(spots).any(-1)]


def _caption(results: Results) -> str:
    """How to read the figure."""
    known = _known(results)
    pair = "" if results.sizes["pair"] == 1 else f" of the first pair, {names(results, 'pair')[0]}"
    ringed = any(bool(results[f"exciting_images/row_{side}"][:, 0].notnull().any()) for side in "xy")
    ring = " A ring marks the position in the image that does." if ringed else ""
    few = f" {_MOST_LAYERS} of {len(known)} layers are shown." if len(known) > _MOST_LAYERS else ""
    return (
        f"What excites matched units{pair}: a row is a unit and its one-to-one partner, with their numbers. Left the "
        f"{plural(_images(results), 'image')} that excite the unit most, the most first; right those that excite its "
        f"partner most; between them the correlation of the two.{ring}{few}"
    )


def _known(results: Results) -> list[int]:
    """The layers of which images that excite a unit of the first pair are on record."""
    if not results["exciting_images"].sizes["image"]:
        return []
    return known_layers(results, "exciting_images/image_x", pair=0)


def _rows(results: Results, layer: int) -> list[int]:
    known = (results["exciting_images/image_x"][layer, 0] >= 0).any("rank")
    return thinned(np.flatnonzero(known).tolist(), _MOST_PAIRS)


def _images(results: Results) -> int:
    return min(results["exciting_images"].sizes["rank"], _MOST_IMAGES)


def _small(image: Floats) -> Floats:
    """An image in red, green, blue and opacity from 0 to 1, of at most so many pixels a side: the means of blocks."""
    step = ceil(max(image.shape[:2]) / _MOST_PIXELS)
    height, width = (side // step for side in image.shape[:2])
    whole = image[: height * step, : width * step].astype(np.float64)
    means = whole.reshape(height, step, width, step, -1).mean((1, 3)) / 255
    return np.dstack([np.clip(np.broadcast_to(means, (height, width, 3)), 0, 1), np.ones((height, width))])


def _panel(axes: Axes, results: Results, layer: int, rows: list[int]) -> None:
    picture, rings = mosaic(results, layer, rows)
    group = results["exciting_images"].to_dataset()
    height, width = _small(group["pixels"].values[0]).shape[:2]
    axes.imshow(picture, interpolation="none")
    for color, size, line in ((_HALO, 5.2, 1.4), (_RING, 5.2, 0.7)):
        look = {"markerfacecolor": "none", "markeredgecolor": color, "markersize": size, "markeredgewidth": line}
        axes.plot(*rings.T, "o", **look)
    tall, wide = picture.shape[:2]
    middles = np.linspace((height - 1) / 2, tall - (height + 1) / 2, len(rows))
    at = {"layer": layer, "pair": 0, "partners": rows}
    x, y, correlation = (group[name].isel(at).values for name in ("unit_x", "unit_y", "correlation"))
    for middle, unit, value in zip(middles, y, correlation, strict=True):
        axes.text(wide / 2 - 0.5, middle, f"{value:.2f}", ha="center", va="center", fontsize=TICK_SIZE)
        axes.text(wide + 0.1 * width, middle, str(unit), ha="left", va="center", fontsize=TICK_SIZE)
    axes.set_yticks(middles, [str(unit) for unit in x])
    axes.set_xticks([0.21 * wide, 0.79 * wide], ["first network", "second network"])
    axes.tick_params(length=0, pad=2)
    axes.set(xlim=(-0.5, wide - 0.5), ylim=(tall - 0.5, -0.5))
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)


SECTION = Section(
    title="What excites matched units",
    file=__file__,
    variables=VARIABLES,
    figures=(
        Drawing(
            "exciting-images",
            "Images that excite matched units most",
            _draw,
            _caption,
            "Images in rows, two matched units per row: left those that excite the one most, right those that excite "
            "the other most.",
            lambda results: bool(_known(results)),
        ),
    ),
)
