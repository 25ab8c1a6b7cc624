"""Raw activations on a bounded sample, for what a compression cannot answer.

A joint compression keeps all inner products, and no row of it is the response to an input. What shuffles or splits the
rows (permutations, cross-validation), or compares one layer with another, needs rows that are. These fit in memory
where the images, and of each map the positions, are bounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxrepsim import training
from jaxrepsim.activations import ActivationFile, as_units, positions_of_each
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.passes.forward import Subject, check_counts, responses, wanted
from jaxrepsim.pipeline.passes.sources import Files, one_basis
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.shared_settings import MatchingConfig, SamplingConfig

T = TypeVar("T")


class Sampled(NamedTuple):
    """One network's activations on some images, in the order of its layers; float32, or float64 where the model's are.

    Fields:
        positions: For each layer (images · P, units), P of its own: all P positions of the first image, in the order of
            the map, before those of the second. The same images and positions for every network, and for every layer
            whose map has the same shape: row i of two of these is the response to the same part of the same input.
        pooled: For each layer (images, units): the mean over all positions of the map, not only the P. Of a dense layer
            the array in `positions`.
        group_size: For each layer P, the rows an image has; 1 for a dense layer.
        maps: For each layer the shape of its map: (H, W), or () for a dense layer.
        stands_for: Of layers that are compressed, how many samples their rows stand for.
        squares: Of these, those that `jaxrepsim.compression.Compressed` has.
    """

    positions: dict[str, np.ndarray]
    pooled: dict[str, np.ndarray]
    group_size: dict[str, int]
    maps: dict[str, tuple[int, ...]]
    stands_for: Mapping[str, int] = MappingProxyType({})
    squares: Mapping[str, np.ndarray] = MappingProxyType({})

    def renamed(self, names: Mapping[str, str]) -> "Sampled":
        """The same, with other names for some layers."""

        def of(layers: Mapping[str, T]) -> dict[str, T]:
            return {names.get(layer, layer): value for layer, value in layers.items()}

        return Sampled(
            of(self.positions),
            of(self.pooled),
            of(self.group_size),
            of(self.maps),
            of(self.stands_for),
            of(self.squares),
        )


def sample(
    model: Network,
    network: training.TrainedNetwork,
    dataset: Dataset,
    config: MatchingConfig,
    images: int,
    rows: int,
    progress: Progress = silent,
) -> Sampled:
    """Activations of one network on the first validation images, at some positions of each map.

    Of a map of H × W positions P = min(H·W, max(1, rows // N)) are drawn without replacement, N being the images used.
    The draw depends on `config.seed`, the map's shape and P alone. Memory holds the sample and the maps of one batch.

    All networks of one architecture share one compiled program, also with `extract`, if their batches have one size.
    Each batch is spread over the devices of this process; of several processes each works alone.

    Args:
        model: The architecture.
        network: Its weights.
        dataset: The images, as they were for training.
        config: Layers, batch size and seed; `positions` and `redraws` play no part.
        images: How many images at most.
        rows: How many rows of a layer at most, unless there are more images.
        progress: Told of every batch.

    Returns:
        The activations.

    Raises:
        InputError: `images` or `rows` is not positive; a layer does not exist or is no map; an activation, sampled or
            not, is NaN or infinite.
    """
    if images < 1 or rows < 1:
        raise InputError(f"a sample needs an image and a row at least; received {images} images and {rows} rows")
    used = dataset.validation.images[:images]
    mesh = Mesh(np.array(jax.local_devices()), ("data",))
    subject = Subject(model, network.variables, dataset.mean, dataset.std)
    shapes: dict[str, tuple[int, ...]] = {}
    chosen: dict[str, np.ndarray] = {}
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for batch in responses(mesh, [subject], used, config.batch_size):
        found = wanted(batch.networks[0], config)
        if not chosen:
            shapes |= {layer: values.shape[1:-1] for layer, values in found.items()}
            each = rows // len(used)
            chosen = {layer: positions_of_each(shape, each, config.seed) for layer, shape in shapes.items()}
        taken = _taken(found, chosen, batch.real)
        faults = {layer: [taken[layer][2]] for layer in shapes}  # in order, which those of a program's results are not
        check_counts(faults, [f"seed {network.seed}"], batch.first, batch.stop)
        count = batch.stop - batch.first
        for layer, (at_positions, means, _) in jax.device_get(taken).items():
            parts.setdefault(layer, []).append((at_positions[: count * len(chosen[layer])], means[:count]))
        progress("sampling activations", batch.stop, len(used))
    joined = {layer: [np.concatenate(each) for each in zip(*parts[layer], strict=True)] for layer in shapes}
    positions = {layer: at_positions for layer, (at_positions, _) in joined.items()}
    pooled = {layer: means if shapes[layer] else positions[layer] for layer, (_, means) in joined.items()}
    return Sampled(positions, pooled, {layer: len(places) for layer, places in chosen.items()}, shapes)


@jax.jit
def _taken(
    maps: Mapping[str, jax.Array], chosen: Mapping[str, jax.Array], real: jax.Array
) -> dict[str, tuple[jax.Array, jax.Array, jax.Array]]:
    """For each layer the chosen rows, the means of the maps, and how many activations of each unit are not finite."""

    def of(layer: str, values: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        each = as_units(values, layer).reshape(len(values), -1, values.shape[-1])
        each = each.astype(jnp.promote_types(each.dtype, jnp.float32))
        faults = jnp.sum(real[:, None, None] & ~jnp.isfinite(each), axis=(0, 1))
        # Divided before they are added: the mean of finite activations is finite.
        pooled = jnp.sum(each / each.shape[1], axis=1)
        return as_units(each[:, chosen[layer]]), pooled, faults

    return {layer: of(layer, values) for layer, values in maps.items()}


def sample_of_file(source: Files, file: ActivationFile, config: SamplingConfig, seed: int) -> Sampled:
    """The same of activations that are there: raw ones, or those of all layers compressed jointly, which have no means.

    Args:
        source: Tells how many images a layer has seen.
        file: One network's.
        config: How many images and rows at most.
        seed: With the number of positions decides which.
    """
    if one_basis(file):
        layers = dict(file.layers)
        shapes = {layer: (count,) for layer, count in file.samples.items()}
        return Sampled(layers, {}, dict.fromkeys(layers, 1), shapes, file.samples, file.squares)
    found = Sampled({}, {}, {}, {})
    for layer, rows in file.layers.items():
        each = rows.reshape(source.images_of(len(rows)), -1, rows.shape[-1])[: config.images]
        shape = each.shape[1:2] if each.shape[1] > 1 else ()
        chosen = positions_of_each(shape, config.rows // len(each), seed)
        found.positions[layer] = each[:, chosen].reshape(-1, rows.shape[-1])
        found.pooled[layer] = each.mean(axis=1)
        found.group_size[layer], found.maps[layer] = len(chosen), shape
    return found


@dataclass(frozen=True)
class NetworksAt:
    """A run's networks, from its checkpoints; run as they were trained, also where the caller is in float64."""

    model: Network
    trained: Sequence[training.TrainedNetwork]
    """Those that are compared."""
    dataset: Dataset
    config: training.TrainingConfig
    matching: MatchingConfig
    sampling: SamplingConfig
    checkpoints: Path
    progress: Progress

    @cached_property
    def compared(self) -> dict[str, Sampled]:
        """Raw activations of every network that is compared, by seed; kept, as several parts ask for them."""
        return self._sampled(self.trained)

    def sampled(self, epoch: int) -> dict[str, Sampled]:
        """Raw activations of every network after an epoch, 0 for the untrained ones."""
        return self._sampled(self._at(epoch))

    def accuracy(self, epoch: int) -> list[float]:
        """Each network's validation accuracy after an epoch."""
        networks, size = self._at(epoch), self.config.batch_size
        with enable_x64(False):
            return [training.validation_accuracy(self.model, network, self.dataset, size) for network in networks]

    def _sampled(self, networks: Sequence[training.TrainedNetwork]) -> dict[str, Sampled]:
        images, rows = self.sampling.images, self.sampling.rows
        return {
            str(network.seed): sample(self.model, network, self.dataset, self.matching, images, rows, self.progress)
            for network in networks
        }

    def _at(self, epoch: int) -> list[training.TrainedNetwork]:
        config = replace(self.config, keep=(epoch,))
        with enable_x64(False):
            return [
                training.networks_over_training(self.model, self.dataset, config, seed, self.checkpoints)[0]
                for seed in config.seeds
            ]
