"""Where raw activations come from, batch by batch and all networks together: a run's networks, or activation files.

They are asked for in float64.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxrepsim.activations import ActivationFile, as_units
from jaxrepsim.data.dataset import Dataset, Images
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.pipeline.passes.forward import Subject, replicated, responses
from jaxrepsim.pipeline.shared_settings import MatchingConfig
from jaxrepsim.training import TrainedNetwork

T = TypeVar("T")


class Activations(NamedTuple):
    """What all networks answer to some images, in some of the layers.

    Fields:
        first: The index of the first image.
        stop: One more than that of the last.
        real: (size,), bool: which images are no padding.
        layers: For each layer, for each network, (size, ..., units): a map, or a vector.
    """

    first: int
    stop: int
    real: jax.Array
    layers: Mapping[str, tuple[jax.Array, ...]]


@dataclass(frozen=True)
class Networks:
    """A run's networks, on its validation images."""

    model: Network
    networks: Sequence[TrainedNetwork]
    dataset: Dataset
    matching: MatchingConfig
    before_activation: bool = False

    @property
    def names(self) -> list[str]:
        """Of the networks, for errors."""
        return [f"seed {network.seed}" for network in self.networks]

    def images(self, layer: str) -> int:
        """How many a layer has seen."""
        return len(self.dataset.validation.images)

    @property
    def pixels(self) -> Images:
        """(images, h, w, c), from 0 to 1 or of bytes."""
        return self.dataset.validation.images

    def batches(self, layers: Sequence[str]) -> Iterator[Activations]:
        """All images of all these layers: each network runs over a batch, which all devices of this process share."""
        mesh = Mesh(np.array(jax.local_devices()), ("data",))
        data, size = self.dataset, self.matching.batch_size
        subjects = [Subject(self.model, network.variables, data.mean, data.std) for network in self.networks]
        for batch in responses(mesh, subjects, self.pixels, size, self.before_activation):
            maps = {layer: tuple(found[layer] for found in batch.networks) for layer in layers}
            yield Activations(batch.first, batch.stop, batch.real, maps)


@dataclass(frozen=True)
class Files:
    """Activation files with a row for each image, or for each position of each image.

    The layer of fewest rows is taken to have one row an image, and a layer of P times as many rows P positions. A layer
    whose rows are no such multiple has images of its own, a row each.
    """

    networks: Mapping[str, ActivationFile]
    batch_size: int

    def check(self, what: str, layers: Sequence[str] | None = None) -> None:
        """Raises where files hold no raw activations.

        Args:
            what: Needs them.
            layers: Of which; by default of all.

        Raises:
            InputError: A layer is compressed, or holds several draws of samples.
        """
        for name, file in self.networks.items():
            for layer in file.layers if layers is None else layers:
                rows = file.layers[layer]
                if rows.ndim == 3:
                    raise InputError(f"{name}: layer {layer!r} holds {len(rows)} draws of samples, not all of them")
                if not file.is_raw(layer):
                    raise InputError(
                        f"{name}: layer {layer!r} is compressed: its {len(rows)} rows stand for {file.samples[layer]} "
                        f"samples. {what} needs raw activations, a row a sample"
                    )

    @property
    def names(self) -> list[str]:
        """Of the networks, for errors."""
        return list(self.networks)

    def images(self, layer: str) -> int:
        """How many a layer has seen."""
        return self.images_of(len(next(iter(self.networks.values())).layers[layer]))

    def images_of(self, rows: int) -> int:
        """How many a layer of so many rows has seen."""
        # Rows of layers that are drawn or compressed say nothing of the images.
        fewest = min(
            count for file in self.networks.values() for name, count in file.samples.items() if file.is_raw(name)
        )
        return fewest if rows % fewest == 0 else rows

    def batches(self, layers: Sequence[str]) -> Iterator[Activations]:
        """Layer by layer, slices of the arrays, the last one padded with its own last image."""
        for layer in layers:
            count = self.images(layer)
            size = min(self.batch_size, count)
            maps = [file.layers[layer] for file in self.networks.values()]
            if len(maps[0]) != count:
                maps = [rows.reshape(count, -1, rows.shape[-1]) for rows in maps]
            for first in range(0, count, size):
                index = np.arange(first, first + size)
                taken = np.minimum(index, count - 1)
                chosen = tuple(jnp.asarray(rows[taken]) for rows in maps)
                yield Activations(first, min(first + size, count), jnp.asarray(index < count), {layer: chosen})


def one_basis(file: ActivationFile) -> bool:
    """Whether all layers are compressed jointly, so that any two of as many samples can be compared."""
    return bool(file.metadata.get("one_basis"))


Source = Networks | Files
"""Networks and what they answer to all images, in batches of one size a layer."""


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
