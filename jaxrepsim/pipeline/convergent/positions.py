"""The rows of a layer that are aligned: some positions of each image, the same ones for every network."""

from collections.abc import Sequence
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import Mesh

from jaxrepsim.activations import as_units
from jaxrepsim.pipeline.config import ConvergentConfig
from jaxrepsim.pipeline.convergent.sources import Source
from jaxrepsim.pipeline.forward import replicated
from jaxrepsim.pipeline.positions import positions_of_each

T = TypeVar("T")


def positions(source: Source, layer: str, shape: tuple[int, ...], config: ConvergentConfig, seed: int) -> np.ndarray:
    """Which positions of each image: all, or as many as the bound on the rows of a layer allows.

    Args:
        source: Says how many images the layer has.
        layer: Its name.
        shape: Of its map, () for a dense layer.
        config: The bound.
        seed: Draws them.
    """
    return positions_of_each(shape, config.rows // source.images(layer), seed)


def chosen_rows(maps: Sequence[jax.Array], chosen: jax.Array) -> list[jax.Array]:
    """Each network's activations at the chosen positions, (rows, units), all positions of an image together."""
    return [as_units(by_image(values)[:, chosen]) for values in maps]


def by_image(values: jax.Array) -> jax.Array:
    """(size, ..., units) as (size, positions, units)."""
    return values.reshape(len(values), -1, values.shape[-1])


def beside(maps: Sequence[jax.Array], state: T) -> T:
    """A state on the devices of the activations, as it will be after an update: one compiled program serves both."""
    mesh = getattr(maps[0].sharding, "mesh", None)
    return replicated(mesh, state) if isinstance(mesh, Mesh) else state
