"""The decomposition of a layer: simple matches, certificates, smallest matches, for every pair and ε."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.decomposition import containment
from jaxrepsim.decomposition.decompose import none_to_spare
from jaxrepsim.decomposition.host import Pair
from jaxrepsim.decomposition.simple import SimpleMatches
from jaxrepsim.decomposition.smallest import smallest_within
from jaxrepsim.pipeline.config import TheoryConfig
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.theory.layers import pairs

_none_to_spare = jax.jit(none_to_spare)


class _Found(NamedTuple):
    """Of one pair at one ε."""

    simple: np.ndarray
    """Bool[k, n], by joint index."""
    below: np.ndarray
    """Bool[k, k]: [a, b], b lies directly in a."""
    complete: bool
    minimum: int
    several: int
    parts: int
    smallest: list[tuple[int, int]]
    """For each sampled unit the size found, and its bound."""


def decompose_layer(
    layer: str,
    networks: Sequence[np.ndarray],
    units: int,
    epsilons: np.ndarray,
    sampled: np.ndarray,
    config: TheoryConfig,
    progress: Progress,
) -> xr.Dataset:
    """The variables of the group `decomposition` of `jaxrepsim.report.schema`, without coordinates.

    Args:
        layer: Its name.
        networks: (rows, units) of each.
        units: Of the widest layer of all, which the masks are made for.
        epsilons: (e,).
        sampled: (pairs, e, samples), joint indices of the units whose smallest match is looked for, −1 for none.
        config: The bounds of the searches.
        progress: Told of every pair and ε.
    """
    slots, samples = config.simple_matches, sampled.shape[2]
    both = pairs(networks)
    shape = (1, len(both), len(epsilons))
    simple = {side: np.full((*shape, slots, units), -1, np.int8) for side in "xy"}
    below = np.zeros((*shape, slots, slots), np.int8)
    complete = np.zeros(shape, np.int8)
    counts = {name: np.zeros(shape, int) for name in ("certified_minimum", "certified_several", "parts")}
    smallest = {name: np.zeros((*shape, samples), int) for name in ("smallest_size", "smallest_bound")}

    def search(job: tuple[int, int]) -> _Found:
        pair, e = job
        with jax.enable_x64(True):  # a setting of the thread
            asked = sampled[pair, e]
            return _decompose(*both[pair], float(epsilons[e]), asked[asked >= 0].tolist(), config)

    jobs = [(pair, e) for pair in range(len(both)) for e in range(len(epsilons))]
    # A search is a long chain of small steps and keeps one core busy; so many run side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, ((pair, e), found) in enumerate(zip(jobs, pool.map(search, jobs), strict=True), start=1):
            at, k, n_x = (0, pair, e), len(found.simple), both[pair][0].shape[1]
            for side, masks in (("x", found.simple[:, :n_x]), ("y", found.simple[:, n_x:])):
                simple[side][at][:k] = 0
                simple[side][at][:k, : masks.shape[1]] = masks
            below[at][:k, :k] = found.below
            complete[at] = found.complete
            counts["certified_minimum"][at], counts["certified_several"][at] = found.minimum, found.several
            counts["parts"][at] = found.parts
            for index, (size, bound) in enumerate(found.smallest):
                smallest["smallest_size"][at][index], smallest["smallest_bound"][at][index] = size, bound
            progress(f"simple matches of {layer}", done, len(jobs))
    per_pair = ("layer", "pair", "epsilon")
    return xr.Dataset(
        {
            **{f"simple_{side}": ((*per_pair, "simple", "unit"), masks) for side, masks in simple.items()},
            "simple_below": ((*per_pair, "simple", "other_simple"), below),
            "simple_complete": (per_pair, complete),
            **{name: (per_pair, values) for name, values in counts.items()},
            **{name: ((*per_pair, "sample"), values) for name, values in smallest.items()},
        }
    )


def _decompose(x: np.ndarray, y: np.ndarray, epsilon: float, sampled: list[int], config: TheoryConfig) -> _Found:
    pair = Pair(x, y, epsilon)
    iterator = SimpleMatches(pair, config.simple_matches, config.seconds)
    found = [simple.match for simple in iterator]
    rows = np.array([np.concatenate([match.x, match.y]) for match in found], bool).reshape(len(found), pair.units)
    below = np.zeros((len(found), len(found)), bool)
    for outer, inner in containment(found).edges:
        below[outer, inner] = True
    if not pair.matched.any():
        return _Found(rows, below, iterator.complete, 0, 0, 0, [(0, 0)] * len(sampled))
    chosen = np.asarray(_none_to_spare(jnp.asarray(pair.first_matches)))
    smallest = [smallest_within(pair, unit, config.smallest_rounds, config.seconds) for unit in sampled]
    minimum = int(pair.minimum.sum())
    return _Found(
        rows,
        below,
        iterator.complete,
        minimum,
        int(pair.matched.sum()) - minimum,
        int(chosen.sum()),
        [(int(match.sum()), bound) for match, bound in smallest],
    )
