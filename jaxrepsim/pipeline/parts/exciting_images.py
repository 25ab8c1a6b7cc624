"""Matched pairs to look at: the images that excite both units most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.pipeline.part import Inputs, LayerPart, Variables, along, pairs
from jaxrepsim.pipeline.passes.sources import Networks
from jaxrepsim.pipeline.passes.statistics import Statistics
from jaxrepsim.pipeline.results_files import along_layers

PARTNERS = 6
"""Pairs of partners of each layer, evenly from the most alike to the least."""
SIDE = 64
"""Pixels at most, of the longer side of an image."""


@dataclass(frozen=True)
class ExcitingImages(LayerPart):
    """For some pairs of one-to-one partners of each layer, the images that excite the units most."""

    needs = "images"
    by_layer = False
    uses = ("one_to_one",)
    reads = ("alignment", "sparse_prediction")  # as one_to_one
    asked_by = "count"
    requirements = (("count", "at least 0", lambda value: value >= 0),)

    count: int = 0
    """So many images of each unit; 0 for none of it."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        joined = along_layers([self.of_layer(inputs, layer) for layer in layers], layers)
        named = np.unique(np.concatenate([joined[f"image_{side}"].values.ravel() for side in "xy"]))
        named = named[named >= 0].astype(int)
        assert isinstance(inputs.source, Networks)  # a part that needs images is refused where there are none
        dims = ("image", "pixel_row", "pixel_column", "channel")
        yield joined.assign(pixels=(dims, _small(inputs.source.pixels[named]))).assign_coords(image=named)

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        aligned, statistics = inputs.groups["one_to_one"].sel(layer=layer), inputs.statistics[layer]
        networks = enumerate(pairs(range(len(inputs.networks))))
        found = [_of_pair(aligned.isel(pair=pair), statistics, *both) for pair, both in networks]
        return xr.Dataset(along("pair", found, partners=PARTNERS))


def _of_pair(aligned: xr.Dataset, statistics: Statistics, a: int, b: int) -> Variables:
    """The variables of one pair, with a row for each of at most `PARTNERS` partners."""
    partner = aligned["partner"].values.astype(int)
    constant = [aligned["unit_std"].values[network] == 0 for network in (a, b)]
    alive = np.flatnonzero(partner >= 0)
    alive = alive[~constant[0][alive] & ~constant[1][partner[alive]]]
    correlation = aligned["correlation"].values
    order = alive[np.argsort(-correlation[alive, partner[alive]], kind="stable")]
    x = order[np.unique(np.linspace(0, len(order) - 1, PARTNERS).round().astype(int))] if len(order) else order
    variables: Variables = {"correlation": (("partners",), correlation[x, partner[x]].astype(float))}
    for side, units, network in (("x", x, a), ("y", partner[x], b)):
        value, image, place = (np.asarray(part)[units] for part in statistics.exciting[network])
        row, column = _centre(place, image, statistics.shape)
        variables[f"unit_{side}"] = (("partners",), units.astype(np.int32))
        variables[f"image_{side}"] = (("partners", "rank"), image.astype(np.int32))
        for name, found in {"value": np.where(image >= 0, value, np.nan), "row": row, "column": column}.items():
            variables[f"{name}_{side}"] = (("partners", "rank"), found.astype(float))
    return variables


def _centre(place: np.ndarray, image: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where in the image a position of the map has its centre, as shares of height and width."""
    if len(shape) != 2:
        return np.full(place.shape, np.nan), np.full(place.shape, np.nan)
    height, width = shape
    row, column = (place // width + 0.5) / height, (place % width + 0.5) / width
    return np.where(image >= 0, row, np.nan), np.where(image >= 0, column, np.nan)


def _small(images: np.ndarray) -> np.ndarray:
    """As bytes, and large ones averaged over blocks of pixels; what goes beyond 0 to 1 is scaled to it."""
    shares = images / 255 if images.dtype == np.uint8 else images
    low, high = shares.min(initial=0), shares.max(initial=1)
    shares = (shares - low) / (high - low)
    side = -(-max(images.shape[1:3]) // SIDE)
    tall, wide = (min(side, size) for size in images.shape[1:3])  # blocks: of a narrow strip, its whole width
    height, width = images.shape[1] // tall, images.shape[2] // wide
    shape = (len(images), height, tall, width, wide, images.shape[3])
    blocks = shares[:, : height * tall, : width * wide].reshape(shape)
    return (blocks.mean(axis=(2, 4)).clip(0, 1) * 255).round().astype(np.uint8)
