"""Mutual information of all units of every pair: the second pass over the images, with the bins of the first."""

from collections.abc import Mapping
from functools import partial
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim.convergent import joint_counts
from jaxrepsim.convergent.binning import bin_index
from jaxrepsim.convergent.joint_counts import JointCounts
from jaxrepsim.convergent.row_sample import RowSample
from jaxrepsim.pipeline.config import ConvergentConfig
from jaxrepsim.pipeline.convergent.positions import beside, chosen_rows, positions
from jaxrepsim.pipeline.convergent.sources import Source
from jaxrepsim.pipeline.convergent.statistics import Statistics
from jaxrepsim.pipeline.progress import Progress

MEMORY = 2**31
"""Bytes of counts that are held at a time: 105 MB for two layers of 512 units in ten bins."""


def mutual_informations(
    source: Source, statistics: Mapping[str, Statistics], config: ConvergentConfig, seed: int, progress: Progress
) -> dict[str, list[np.ndarray]]:
    """One more pass over all images, where mutual information is asked for; several, where counts would fill memory.

    Args:
        source: The networks.
        statistics: Of each layer, from the first pass.
        config: How many bins, and which rows.
        seed: As in the first pass.
        progress: Told of every batch.

    Returns:
        For each layer, for each pair of networks (n_x, n_y), in nats; nothing where it is not asked for.
    """
    if not config.bins:
        return {}
    found: dict[str, list[np.ndarray]] = {}
    for layers in _in_memory(statistics, config.bins):
        found |= _one_pass(source, {layer: statistics[layer] for layer in layers}, config, seed, progress)
    return found


def _in_memory(statistics: Mapping[str, Statistics], bins: int) -> list[list[str]]:
    """The layers in groups, of each of which all counts fit."""
    groups: list[list[str]] = []
    taken = 0
    for layer, one in statistics.items():
        widths = [part.shape[0] for part in one.fitted.means]
        size = sum(4 * a * b * bins**2 for a, b in combinations(widths, 2))
        if not groups or taken + size > MEMORY:
            groups.append([])
            taken = 0
        groups[-1].append(layer)
        taken += size
    return groups


def _one_pass(
    source: Source, statistics: Mapping[str, Statistics], config: ConvergentConfig, seed: int, progress: Progress
) -> dict[str, list[np.ndarray]]:
    counts: dict[str, tuple[JointCounts, ...]] = {}
    edges: dict[str, tuple[jax.Array, ...]] = {}
    chosen: dict[str, np.ndarray] = {}
    for batch in source.batches(list(statistics)):
        for layer, maps in batch.layers.items():
            if layer not in chosen:
                chosen[layer] = positions(source, layer, maps[0].shape[1:-1], config, seed)
            with jax.enable_x64(True):
                if layer not in counts:
                    widths = [one.shape[-1] for one in maps]
                    edges[layer] = _edges(_rows(statistics[layer]), config.bins)
                    none = tuple(joint_counts.init(pair, config.bins) for pair in combinations(widths, 2))
                    counts[layer] = beside(maps, none)
                counts[layer] = _count(counts[layer], maps, edges[layer], chosen[layer], batch.real)
            progress("counting joint bins", batch.stop, source.images(layer), layer)
    with jax.enable_x64(True):
        return {layer: [np.asarray(_information(pair)) for pair in pairs] for layer, pairs in counts.items()}


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
