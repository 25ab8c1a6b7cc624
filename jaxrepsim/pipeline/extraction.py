"""From trained networks to activation files: every layer, compressed jointly over the networks."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from flax import linen as nn

from jaxrepsim import activations
from jaxrepsim.compression import compress
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.training import TrainedNetwork, normalise


def network_activations(
    model: nn.Module,
    network: TrainedNetwork,
    dataset: Dataset,
    config: MatchingConfig,
    progress: Progress = silent,
) -> OrderedDict[str, np.ndarray]:
    """A network's activations on the validation split, with the positions that the settings ask for.

    Args:
        model: The architecture.
        network: Its weights.
        dataset: The images, as they were for training.
        config: Layers, positions, redraws, batch size.
        progress: Told of every batch.

    Returns:
        For each layer, (samples, units) with all positions, or (redraws, positions, units) where a layer has more than
        `config.positions` of them: the same rows for every network.

    Raises:
        InputError: A layer does not exist; an activation is NaN or infinite.
    """

    def apply(images: np.ndarray) -> Any:
        return _forward(model, network.variables, images, dataset.mean, dataset.std)

    images = dataset.validation.images
    chosen = {}
    gathered: OrderedDict[str, np.ndarray] = OrderedDict()
    for first, count, maps in activations.collect_batches(apply, images, config.batch_size, config.layers or None):
        for layer, batch in maps.items():
            values = np.asarray(batch)
            each = len(values) // count
            if layer not in chosen:
                chosen[layer] = _rows(layer, each * len(images), config)
                gathered[layer] = np.empty((*chosen[layer].shape, values.shape[1]), values.dtype)
            here = (chosen[layer] >= first * each) & (chosen[layer] < (first + count) * each)
            gathered[layer][here] = values[chosen[layer][here] - first * each]
        progress(f"extracting seed {network.seed}", first + count, len(images))
    for layer, values in gathered.items():
        activations.check_finite(layer, values)
    return gathered


def write_compressed(
    gathered: Mapping[int, Mapping[str, np.ndarray]],
    samples: Mapping[str, int],
    folder: RunFolder,
    note: Mapping[str, Any],
    progress: Progress = silent,
) -> None:
    """Compresses each layer jointly over the networks, in float64, and writes one activation file a network.

    The joint factor has at most as many rows as the networks have units together; its columns, split by network,
    have all the inner products of the raw activations, so nothing that is compared later is lost.

    Args:
        gathered: For each seed, its layers as `network_activations` gives them.
        samples: How many samples each layer was taken on.
        folder: Where the files go.
        note: The origin, kept in the files.
        progress: Told of every layer.
    """
    layers: Sequence[str] = list(next(iter(gathered.values())))
    compressed: dict[int, dict[str, np.ndarray]] = {seed: {} for seed in gathered}
    with jax.enable_x64(True):
        for done, layer in enumerate(layers, start=1):
            networks = [np.asarray(by_layer[layer], np.float64) for by_layer in gathered.values()]
            small = jax.vmap(_joint)(*networks) if networks[0].ndim == 3 else _joint(*networks)
            for seed, array in zip(gathered, small, strict=True):
                compressed[seed][layer] = np.asarray(array)
            progress("compressing layers", done, len(layers))
    for seed, arrays in compressed.items():
        activations.save(folder.activations(seed), arrays, {**note, "seed": seed}, samples)


_joint = jax.jit(compress)


@partial(jax.jit, static_argnames=("model", "mean", "std"))
def _forward(
    model: nn.Module, variables: Any, images: jax.Array, mean: tuple[float, ...], std: tuple[float, ...]
) -> Any:
    """Compiled once for all networks: their weights are arguments."""
    return model.apply(variables, normalise(images, mean, std), train=False)


def _rows(layer: str, available: int, config: MatchingConfig) -> np.ndarray:
    if config.positions is None or config.positions >= available:
        return np.arange(available)
    key = activations.layer_key(config.seed, layer)
    return np.asarray(activations.sample_positions(key, available, config.positions, config.redraws))
