"""Mutual information of all units of every pair: the second pass over the images, with the bins of the first."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim.convergent import joint_counts
from jaxrepsim.convergent.binning import bin_index
from jaxrepsim.convergent.joint_counts import JointCounts
from jaxrepsim.convergent.row_sample import RowSample
from jaxrepsim.pipeline.passes.sources import Source, beside, chosen_rows
from jaxrepsim.pipeline.passes.statistics import Statistics
from jaxrepsim.pipeline.progress import Progress

MEMORY = 2**31
"""Bytes of counts that are held at a time: 105 MB for two layers of 512 units in ten bins."""


def mutual_informations(
    source: Source, statistics: Mapping[str, Statistics], bins: int, progress: Progress
) -> Iterator[list[np.ndarray]]:
    """One more pass over all images; several, where counts would fill memory.

    Args:
        source: The networks.
        statistics: Of each layer, from the first pass.
        bins: How many bins a unit has.
        progress: Told of every batch.

    Yields:
        For each layer in order: for each pair of networks (n_x, n_y), in nats.
    """
    for layers in _in_memory(statistics, bins):
        yield from _one_pass(source, {layer: statistics[layer] for layer in layers}, bins, progress)


def _in_memory(statistics: Mapping[str, Statistics], bins: int) -> list[list[str]]:
    """The layers in groups, of each of which all counts fit."""
    groups: list[list[str]] = []
    taken = 0
    for layer, one in statistics.items():
        size = sum(4 * a * b * bins**2 for a, b in combinations(one.widths, 2))
        if not groups or taken + size > MEMORY:
            groups.append([])
            taken = 0
        groups[-1].append(layer)
        taken += size
    return groups


def _one_pass(
    source: Source, statistics: Mapping[str, Statistics], bins: int, progress: Progress
) -> list[list[np.ndarray]]:
    counts: dict[str, tuple[JointCounts, ...]] = {}
    edges: dict[str, tuple[jax.Array, ...]] = {}
    with jax.enable_x64(False):  # networks are run as they were trained
        for batch in source.batches(list(statistics)):
            for layer, maps in batch.layers.items():
                here = statistics[layer]
                with jax.enable_x64(True):
                    if layer not in counts:
                        edges[layer] = _edges(_rows(here), bins)
                        counts[layer] = beside(
                            maps, tuple(joint_counts.init(pair, bins) for pair in combinations(here.widths, 2))
                        )
                    counts[layer] = _count(counts[layer], maps, edges[layer], here.chosen, batch.real)
                progress("counting joint bins", batch.stop, source.images(layer), layer)
    with jax.enable_x64(True):
        return [[np.asarray(_information(pair)) for pair in counts[layer]] for layer in statistics]


def _rows(statistics: Statistics) -> RowSample:
    assert statistics.rows is not None  # bins are asked for
    return statistics.rows


@partial(jax.jit, static_argnums=1)
def _edges(rows: RowSample, bins: int) -> tuple[jax.Array, ...]:
    return rows.edges(bins)


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
    pairs = zip(counts, combinations(binned, 2), strict=True)
    return tuple(joint_counts.update(so_far, *pair, where=used) for so_far, pair in pairs)


@jax.jit
def _information(counts: JointCounts) -> jax.Array:
    return counts.mutual_information
