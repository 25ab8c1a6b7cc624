"""Matched pairs to look at: the images that excite both units most."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from jaxrepsim.data.dataset import Images
from jaxrepsim.pipeline.convergent.exciting import Exciting
from jaxrepsim.pipeline.results_files import along_layers

SHOWN = 6
"""Matched pairs of each layer, evenly from the most alike to the least."""
SIDE = 64
"""Pixels at most, of the longer side of an image."""


def shown_pairs(
    layers: Mapping[str, xr.Dataset],
    excited: Mapping[str, Sequence[Exciting]],
    shapes: Mapping[str, tuple[int, ...]],
    pairs: Sequence[tuple[int, int]],
    pixels: Images,
) -> xr.Dataset:
    """The group `exciting` of the results.

    Args:
        layers: Each layer's group `one_to_one`.
        excited: For each layer, for each network, the images that excite its units most.
        shapes: Of each layer's map; () for a dense layer.
        pairs: The networks of each pair.
        pixels: (images, h, w, c), bytes, or from 0 to 1.

    Returns:
        The Dataset.
    """

    def of(layer: str, results: xr.Dataset) -> xr.Dataset:
        by_pair = [
            _of_pair(results.isel(layer=0, pair=pair), excited[layer], shapes[layer], *networks)
            for pair, networks in enumerate(pairs)
        ]
        return xr.concat(by_pair, dim="pair").expand_dims("layer")

    joined = along_layers([of(layer, results) for layer, results in layers.items()], list(layers))
    named = np.unique(np.concatenate([joined[f"exciting_{side}"].values.ravel() for side in "xy"]))
    named = named[named >= 0].astype(int)
    images = _small(pixels[named])
    dims = ("image", "pixel_row", "pixel_column", "channel")
    return joined.assign(pixels=(dims, images)).assign_coords(image=named)


def _of_pair(results: xr.Dataset, excited: Sequence[Exciting], shape: tuple[int, ...], a: int, b: int) -> xr.Dataset:
    partner = results["partner"].values.astype(int)
    constant = [results["unit_std"].values[network] == 0 for network in (a, b)]
    alive = np.flatnonzero(partner >= 0)
    alive = alive[~constant[0][alive] & ~constant[1][partner[alive]]]
    correlation = results["correlation"].values[alive, partner[alive]]
    order = alive[np.argsort(-correlation, kind="stable")]
    x = order[np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))] if len(order) else order
    units = {"x": (x, a), "y": (partner[x], b)}
    values: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        "shown_correlation": (("shown",), _padded(results["correlation"].values[x, partner[x]].astype(float), np.nan))
    }
    for side, (chosen, network) in units.items():
        value, image, place = (np.asarray(part)[chosen] for part in excited[network])
        row, column = _centre(place, image, shape)
        values[f"shown_{side}"] = (("shown",), _padded(chosen.astype(np.int32), -1))
        values[f"exciting_{side}"] = (("shown", "rank"), _padded(image.astype(np.int32), -1))
        shares = {"exciting_value": np.where(image >= 0, value, np.nan), "row": row, "column": column}
        for name, found in shares.items():
            values[f"{name}_{side}"] = (("shown", "rank"), _padded(found.astype(float), np.nan))
    return xr.Dataset(values)


def _padded(values: np.ndarray, fill: float) -> np.ndarray:
    """All layers show as many, some of them nothing."""
    lacking = [(0, SHOWN - len(values)), *((0, 0) for _ in values.shape[1:])]
    return np.pad(values, lacking, constant_values=fill)


def _centre(place: np.ndarray, image: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where in the image a position of the map has its centre, as shares of height and width."""
    if len(shape) != 2:
        return np.full(place.shape, np.nan), np.full(place.shape, np.nan)
    height, width = shape
    row, column = (place // width + 0.5) / height, (place % width + 0.5) / width
    return np.where(image >= 0, row, np.nan), np.where(image >= 0, column, np.nan)


def _small(images: np.ndarray) -> np.ndarray:
    """As bytes, and large ones averaged over blocks of pixels."""
    shares = images / 255 if images.dtype == np.uint8 else images
    side = -(-max(images.shape[1:3]) // SIDE)
    tall, wide = (min(side, size) for size in images.shape[1:3])  # blocks: of a narrow strip, its whole width
    height, width = images.shape[1] // tall, images.shape[2] // wide
    shape = (len(images), height, tall, width, wide, images.shape[3])
    blocks = shares[:, : height * tall, : width * wide].reshape(shape)
    return (blocks.mean(axis=(2, 4)).clip(0, 1) * 255).round().astype(np.uint8)
