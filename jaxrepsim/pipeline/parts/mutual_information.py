"""Mutual information of all units of every pair, and their partners by it.

It takes a second pass over the images, with the bins of the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.convergent import JointCounts, RowSample, bin_index, joint_counts
from jaxrepsim.pipeline.part import Inputs, LayerPart, along, pairs
from jaxrepsim.pipeline.parts.aligned import partners
from jaxrepsim.pipeline.passes.sources import Source, beside, chosen_rows
from jaxrepsim.pipeline.passes.statistics import Statistics
from jaxrepsim.pipeline.progress import Progress

MEMORY = 2**31
"""Bytes of counts that are held at a time: 105 MB for two layers of 512 units in ten bins."""

_edges = jax.jit(RowSample.edges, static_argnums=1)
_information = jax.jit(lambda counts: counts.mutual_information)


@dataclass(frozen=True)
class MutualInformation(LayerPart):
    """Mutual information, by bins of each unit."""

    needs = "statistics"
    uses = ("one_to_one",)
    reads = ("alignment",)
    asked_by = "bins"
    requirements = (("bins", "0, or 3 or more: one for zeros, and two", lambda value: value == 0 or value >= 3),)

    bins: int = 0
    """So many bins of each unit, 10 in the paper; 0 for none of it."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        statistics = {layer: inputs.statistics[layer] for layer in layers}
        for here in _in_memory(statistics, self.bins):
            for layer, information in _one_pass(inputs.raw, here, self.bins, inputs.progress).items():
                width = max(statistics[layer].widths)
                of_pairs = [
                    {"mutual_information": (("unit", "other_unit"), one.astype(np.float32))} for one in information
                ]
                joined = along("pair", of_pairs, unit=width, other_unit=width)
                yield xr.Dataset({**joined, **partners(information, width)})


def _in_memory(statistics: Mapping[str, Statistics], bins: int) -> list[dict[str, Statistics]]:
    """The layers in groups, of each of which all counts fit."""
    groups: list[dict[str, Statistics]] = []
    taken = 0
    for layer, one in statistics.items():
        size = sum(4 * a * b * bins**2 for a, b in pairs(one.widths))
        if not groups or taken + size > MEMORY:
            groups.append({})
            taken = 0
        groups[-1][layer] = one
        taken += size
    return groups


def _one_pass(
    source: Source, statistics: Mapping[str, Statistics], bins: int, progress: Progress
) -> dict[str, list[np.ndarray]]:
    """For each layer, for each pair of networks (n_x, n_y), in nats: one pass over all images."""
    counts: dict[str, tuple[JointCounts, ...]] = {}
    edges: dict[str, tuple[jax.Array, ...]] = {}
    for batch in source.batches(list(statistics)):
        for layer, maps in batch.layers.items():
            here = statistics[layer]
            if layer not in counts:
                assert here.rows is not None  # bins are asked for
                edges[layer] = _edges(here.rows, bins)
                counts[layer] = beside(maps, tuple(joint_counts.init(pair, bins) for pair in pairs(here.widths)))
            counts[layer] = _count(counts[layer], maps, edges[layer], here.chosen, batch.real)
            progress("counting joint bins", batch.stop, source.images(layer), layer)
    return {layer: [np.asarray(_information(pair)) for pair in counts[layer]] for layer in statistics}


@partial(jax.jit, donate_argnums=0)
def _count(
    counts: tuple[JointCounts, ...],
    maps: tuple[jax.Array, ...],
    edges: tuple[jax.Array, ...],
    chosen: jax.Array,
    real: jax.Array,
) -> tuple[JointCounts, ...]:
    binned = [bin_index(rows, cuts) for rows, cuts in zip(chosen_rows(maps, chosen), edges, strict=True)]
    used = jnp.repeat(real, len(chosen))
    both = zip(counts, pairs(binned), strict=True)
    return tuple(joint_counts.update(so_far, *pair, where=used) for so_far, pair in both)
