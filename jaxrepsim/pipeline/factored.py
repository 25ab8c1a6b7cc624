"""Pairs of a layer, factored for the match at sizes that layers share: what takes time in short runs is to compile."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from jaxrepsim.compression import compress
from jaxrepsim.matching.prepared import Prepared, prepared
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.pipeline.part import Inputs, in_threads, pairs

NARROW = 128
"""Units up to which a layer is padded to those of the widest such layer: it costs less than to compile for it."""


def narrow_width(widths: Sequence[int]) -> int:
    """That of the widest narrow layer: what all narrow ones are padded to."""
    return max((width for width in widths if width <= NARROW), default=0)


def compiled_sizes(inputs: Inputs, layers: Sequence[str], work: Callable[[Prepared], object]) -> dict[str, int]:
    """How many units each layer is padded to, with the programs for every such size compiled side by side.

    Args:
        inputs: The networks.
        layers: Which layers.
        work: What will be done with the pairs of each.
    """
    networks = inputs.networks.values()
    sizes = {layer: units_bucket(max(network.layers[layer].shape[-1] for network in networks)) for layer in layers}
    narrow = narrow_width([*sizes.values()])
    sizes = {layer: max(size, narrow) for layer, size in sizes.items()}

    def compiled(size: int) -> None:
        # Equal units are factored in both ways. As many rows as full layers have: jointly compressed, one a unit.
        rows = np.zeros((len(networks) * size, size))
        rows[0, :2] = 1
        work(factored([rows, rows], size)[0])

    list(in_threads(compiled, sorted({*sizes.values()})[::-1]))
    return sizes


def redraws(inputs: Inputs, layer: str) -> Iterator[list[np.ndarray]]:
    """For each redraw the (rows, units) of every network, float64, compressed jointly."""
    arrays = [network.layers[layer] for network in inputs.networks.values()]
    arrays = [np.asarray(array if array.ndim == 3 else array[None], np.float64) for array in arrays]
    for rows in zip(*arrays, strict=True):
        yield [np.asarray(part) for part in compress(*rows)]


def factored(arrays: Sequence[np.ndarray], size: int) -> list[Prepared]:
    """Every two networks."""
    return [prepared(as_activations(x, y), size) for x, y in pairs(arrays)]
