"""Every layer of every pair of networks, matched; results are written as they come, so that nothing is done twice."""

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Any

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import ActivationFile, layer_key
from jaxrepsim.errors import InputError
from jaxrepsim.matching import minimal_matches
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.correspondence import common_layers
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.results_files import along_layers, file_name, read_netcdf, write_netcdf
from jaxrepsim.pipeline.stacking import profiles, stacked

SECONDS = 5.0
"""Layers that take less are written to a file of several."""


def compare(
    networks: Mapping[str, ActivationFile],
    config: MatchingConfig,
    folder: Path,
    progress: Progress = silent,
) -> xr.Dataset:
    """Match profiles, maximum matches and sampled v-minimal matches of every layer and pair.

    Args:
        networks: Two or more, by name, on the same samples.
        config: The values of ε, the layers, how many minimal matches.
        folder: Holds a results file for each layer, or for several that took seconds at most. A layer that is in one of
            them is not computed again.
        progress: Told of every layer, and of every pair and ε within.

    Returns:
        The labelled table of results; see `jaxrepsim.report` for its schema.

    Raises:
        InputError: See `common_layers`.
    """
    if len(networks) < 2:
        raise InputError(f"a comparison needs two networks or more, received {len(networks)}")
    layers = common_layers(networks, config)
    parts = [read_netcdf(file) for file in sorted(folder.glob("*.nc"))]
    finished = {str(layer) for part in parts for layer in part.layer.values}
    pending = {layer: [net.layers[layer] for net in networks.values()] for layer in layers if layer not in finished}
    samples = next(iter(networks.values())).samples
    with jax.enable_x64(True), ThreadPoolExecutor(os.cpu_count()) as pool:
        for group in stacked(pending):
            progress("matching layers", len(finished), len(layers), _some(group))
            found = profiles(group)
            names, size = list(group), 1
            while names:
                start, batch = perf_counter(), {name: group[name] for name in names[:size]}
                widths = {name: [net.layers[name].shape[-1] for net in networks.values()] for name in batch}
                part = _compare_layers(batch, list(networks), widths, found, config, pool, progress)
                part = part.assign(samples=("layer", [samples[name] for name in batch]))
                first = names[0]
                write_netcdf(part, folder / f"{layers.index(first):03d}_{file_name(first)}.nc")
                parts.append(part)
                names, finished = names[size:], finished | set(batch)
                size = 2 * size if perf_counter() - start < SECONDS / 2 else max(1, size // 2)
                progress("matching layers", len(finished), len(layers), _some(batch))
    order = [str(layer) for part in parts for layer in part.layer.values]
    return along_layers(parts, order).isel(layer=[order.index(layer) for layer in layers])


def _some(names: Collection[str]) -> str:
    first = list(names)[:3]
    return ", ".join(first) + (f" and {len(names) - len(first)} more" if len(names) > len(first) else "")


def _compare_layers(
    group: Mapping[str, Sequence[jax.Array]],
    names: Sequence[str],
    widths: Mapping[str, Sequence[int]],
    profile: Mapping[str, tuple[np.ndarray, np.ndarray]],
    config: MatchingConfig,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> xr.Dataset:
    """Layers of one shape.

    Args:
        group: For each layer its networks, as `stacked` gives them.
        names: The networks'.
        widths: For each layer how many units each network has.
        profile: For each layer, from `profiles`.
        config: The values of ε, how many minimal matches.
        pool: Where the searches run.
        progress: Told of every search.
    """
    pairs = list(combinations(range(len(names)), 2))
    width = np.array([[[each[a], each[b]] for a, b in pairs] for each in widths.values()])  # layer, pair, side
    sides = []
    for side in (0, 1):
        values = np.stack([profile[layer][side] for layer in group])
        unit = np.arange(values.shape[-1])
        sides.append(np.where(unit < width[:, :, side, None, None], values, np.nan))
    epsilons = np.asarray(config.epsilons)
    matched = [(side[:, :, None] <= epsilons[:, None, None]).sum(axis=-1) for side in sides]
    totals = width.sum(axis=-1)[:, :, None, None]
    minimal = _minimal_sizes(group, pairs, width, sides, matched[0][..., 0] > 0, config, pool, progress)
    stacks = [np.asarray(stack[0]) for networks in group.values() for stack in networks]
    zero = np.array([(stack == 0).all(axis=0).sum() for stack in stacks]).reshape(len(group), len(names))
    dead = zero - (sides[0].shape[-1] - np.array(list(widths.values())))  # those of the padding are no units
    match_dims, minimal_dims = ("layer", "pair", "epsilon", "redraw"), ("layer", "pair", "epsilon", "sample")
    profile_dims = ("layer", "pair", "redraw", "unit")
    return xr.Dataset(
        {
            "similarity": (match_dims, (matched[0] + matched[1]) / totals),
            "matched_x": (match_dims, matched[0]),
            "matched_y": (match_dims, matched[1]),
            "profile_x": (profile_dims, sides[0]),
            "profile_y": (profile_dims, sides[1]),
            "minimal_unit": (minimal_dims, minimal[0]),
            "minimal_size_x": (minimal_dims, minimal[1]),
            "minimal_size_y": (minimal_dims, minimal[2]),
            "units": (("layer",), np.array([max(each) for each in widths.values()])),
            "dead": (("layer", "network"), dead),
        },
        coords={
            "layer": list(group),
            "pair": [f"{names[a]}-{names[b]}" for a, b in pairs],
            "epsilon": epsilons,
            "redraw": np.arange(sides[0].shape[2]),
            "unit": np.arange(sides[0].shape[-1]),
            "sample": np.arange(config.minimal_units),
            "network": list(names),
        },
    )


@partial(jax.jit, static_argnums=2)
def _permutation(key: jax.Array, pair: int, count: int) -> jax.Array:
    return jax.random.permutation(jax.random.fold_in(jax.random.fold_in(key, pair), 1), count)


@jax.jit
def _search(
    x: jax.Array, y: jax.Array, epsilon: float, units: jax.Array, key: jax.Array, pair: int
) -> tuple[jax.Array, jax.Array]:
    found = minimal_matches(x, y, epsilon, units, jax.random.fold_in(key, pair))
    return found.x.sum(axis=-1), found.y.sum(axis=-1)


def _minimal_sizes(
    group: Mapping[str, Sequence[jax.Array]],
    pairs: Sequence[tuple[int, int]],
    width: np.ndarray,
    sides: Sequence[np.ndarray],
    matched: np.ndarray,
    config: MatchingConfig,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, drawn without replacement from those that are not dead, and both sizes of their minimal matches.

    Each [layer, pair, ε, sample]; −1 and 0 where there is no such sample.
    """
    shape = (*matched.shape, config.minimal_units)
    unit, size_x, size_y = np.full(shape, -1), np.zeros(shape, int), np.zeros(shape, int)
    if not config.minimal_units:
        return unit, size_x, size_y
    jobs: list[tuple[int, int, int, str, tuple[Any, ...]]] = []
    for index, (layer, networks) in enumerate(group.items()):
        key = layer_key(config.seed, layer)
        for pair, (a, b) in enumerate(pairs):
            n_x, n_y = width[index, pair]
            critical = np.concatenate([sides[0][index, pair, 0, :n_x], sides[1][index, pair, 0, :n_y]])
            alive = np.flatnonzero(np.isfinite(critical))
            order = np.asarray(_permutation(key, pair, len(alive)))
            chosen = np.sort(alive[order[: config.minimal_units]])
            unit[index, pair, :, : len(chosen)] = chosen
            if len(chosen) and matched[index, pair].any():
                x, y = np.asarray(networks[a])[0, :, :n_x], np.asarray(networks[b])[0, :, :n_y]
                given = (x, y, chosen, key)
                jobs += [(index, pair, int(at), layer, given) for at in np.flatnonzero(matched[index, pair])]

    def search(job: tuple[int, int, int, str, tuple[Any, ...]]) -> list[np.ndarray]:
        _, pair, at, _, (x, y, units, key) = job
        with jax.enable_x64(True):  # a setting of the thread
            return [np.asarray(sizes) for sizes in _search(x, y, config.epsilons[at], units, key, pair)]

    # A search is a long chain of small steps and keeps one core busy; so many run side by side.
    for done, (job, found) in enumerate(zip(jobs, pool.map(search, jobs), strict=True), start=1):
        place, count = job[:3], len(found[0])
        size_x[place][:count], size_y[place][:count] = found
        progress("minimal matches", done, len(jobs), job[3])
    return unit, size_x, size_y
