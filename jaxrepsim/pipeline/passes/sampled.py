"""Raw activations on a bounded sample, for what a compression cannot answer.

A joint compression keeps all inner products, and no row of it is the response to an input. What shuffles or splits the
rows (permutations, cross-validation), or compares one layer with another, needs rows that are. These fit in memory
where the images, and of each map the positions, are bounded.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.sharding import Mesh

from jaxrepsim.activations import as_units
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.passes.forward import batches, check_counts, forward, replicated, wanted
from jaxrepsim.pipeline.passes.positions import positions_of_each
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.shared_settings import MatchingConfig
from jaxrepsim.training import TrainedNetwork


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
    """

    positions: dict[str, np.ndarray]
    pooled: dict[str, np.ndarray]
    group_size: dict[str, int]
    maps: dict[str, tuple[int, ...]]


def sample(
    model: nn.Module,
    network: TrainedNetwork,
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
    weights = replicated(mesh, network.variables)
    shapes: dict[str, tuple[int, ...]] = {}
    chosen: dict[str, np.ndarray] = {}
    sampled = Sampled({}, {}, {}, shapes)
    for batch in batches(mesh, used, config.batch_size):
        found = wanted(forward(mesh, model, weights, batch.images, dataset.mean, dataset.std), config)
        if not chosen:
            shapes |= {layer: values.shape[1:-1] for layer, values in found.items()}
            each = rows // len(used)
            chosen = {layer: positions_of_each(shape, each, config.seed) for layer, shape in shapes.items()}
        taken = _taken(found, chosen, batch.real)
        check_counts({layer: faults for layer, (_, _, faults) in taken.items()}, f"seed {network.seed}", batch)
        for layer, (at_positions, pooled, _) in jax.device_get(taken).items():
            each = len(chosen[layer])
            if layer not in sampled.positions:
                units, dtype = pooled.shape[1], pooled.dtype
                sampled.group_size[layer] = each
                sampled.positions[layer] = np.empty((len(used) * each, units), dtype)
                sampled.pooled[layer] = (
                    np.empty((len(used), units), dtype) if shapes[layer] else sampled.positions[layer]
                )
            count = batch.stop - batch.first
            sampled.positions[layer][batch.first * each : batch.stop * each] = at_positions[: count * each]
            sampled.pooled[layer][batch.first : batch.stop] = pooled[:count]
        progress("sampling activations", batch.stop, len(used))
    return sampled


@jax.jit
def _taken(
    maps: "OrderedDict[str, jax.Array]", chosen: Mapping[str, jax.Array], real: jax.Array
) -> "OrderedDict[str, tuple[jax.Array, jax.Array, jax.Array]]":
    """For each layer the chosen rows, the means of the maps, and how many activations of each unit are not finite."""

    def of(layer: str, values: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        each = as_units(values, layer).reshape(len(values), -1, values.shape[-1])
        each = each.astype(jnp.promote_types(each.dtype, jnp.float32))
        faults = jnp.sum(real[:, None, None] & ~jnp.isfinite(each), axis=(0, 1))
        # Divided before they are added: the mean of finite activations is finite.
        pooled = jnp.sum(each / each.shape[1], axis=1)
        return as_units(each[:, chosen[layer]]), pooled, faults

    return OrderedDict((layer, of(layer, values)) for layer, values in maps.items())
