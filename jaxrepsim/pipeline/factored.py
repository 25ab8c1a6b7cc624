"""Pairs of a layer, factored for the match at sizes that layers share: what takes time in short runs is to compile."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxrepsim.activations import ActivationFile
from jaxrepsim.compression import compress
from jaxrepsim.matching.prepared import Prepared, prepared
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.pipeline.part import Inputs, pairs

NARROW = 128
"""Units up to which a layer is padded to those of the widest such layer: it costs less than to compile for it."""


def shared_sizes(inputs: Inputs, layers: Sequence[str]) -> dict[str, int]:
    """How many units each layer is padded to."""
    networks = inputs.networks.values()
    sizes = {layer: units_bucket(max(network.layers[layer].shape[-1] for network in networks)) for layer in layers}
    narrow = max((size for size in sizes.values() if size <= NARROW), default=0)
    return {layer: max(size, narrow) for layer, size in sizes.items()}


def one_of_each(sizes: Mapping[str, int]) -> list[str]:
    """A layer of each size, to compile its programs by; a deep one, as it may have to be factored in both ways."""
    return list({size: layer for layer, size in sizes.items()}.values())


def redraws(networks: Mapping[str, ActivationFile], layer: str) -> list[list[np.ndarray]]:
    """For each redraw the (rows, units) of every network, float64, compressed jointly."""
    arrays = [network.layers[layer] for network in networks.values()]
    arrays = [np.asarray(array if array.ndim == 3 else array[None], np.float64) for array in arrays]
    return [[np.asarray(part) for part in compress(*rows)] for rows in zip(*arrays, strict=True)]


def factored(arrays: Sequence[np.ndarray], size: int) -> list[Prepared]:
    """Every two networks."""
    return [prepared(as_activations(x, y), size) for x, y in pairs(arrays)]
