"""Every layer of every pair of networks, matched; results are written as they come, so that nothing is done twice."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path
from time import perf_counter

import jax
import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from jaxrepsim.activations import ActivationFile, layer_key
from jaxrepsim.compression import compress
from jaxrepsim.errors import InputError
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.minimal import in_random_order
from jaxrepsim.matching.prepared import Prepared, prepared
from jaxrepsim.matching.profile import critical_of
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.permutations import permutation
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.correspondence import common_layers
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.results_files import along_layers, file_name, read_netcdf, write_netcdf

SECONDS = 5.0
"""Layers that take less are written to a file of several."""
NARROW = 128
"""Units up to which a layer is padded to those of the widest such layer: it costs less than to compile for it."""


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
    names, samples = list(networks), networks[next(iter(networks))].samples
    done, waiting, start = len(finished), dict[str, xr.Dataset](), perf_counter()
    # The threads that BLAS keeps busy would be missed by the compiler and the searches.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        sizes = _shared_sizes(pending)
        compile_for({sizes[layer]: arrays for layer, arrays in pending.items()}, config, pool)
        for layer, arrays in pending.items():
            progress("matching layers", done, len(layers), layer)
            found = _compare_layer(layer, dict(zip(names, arrays, strict=True)), sizes[layer], config, pool, progress)
            waiting[layer] = found.assign(samples=("layer", [samples[layer]]))
            done += 1
            if perf_counter() - start > SECONDS or done == len(layers):
                first = next(iter(waiting))
                parts.append(along_layers(list(waiting.values()), list(waiting)))
                write_netcdf(parts[-1], folder / f"{layers.index(first):03d}_{file_name(first)}.nc")
                waiting, start = {}, perf_counter()
    progress("matching layers", len(layers), len(layers))
    order = [str(layer) for part in parts for layer in part.layer.values]
    return along_layers(parts, order).isel(layer=[order.index(layer) for layer in layers])


def _shared_sizes(layers: Mapping[str, Sequence[np.ndarray]]) -> dict[str, int]:
    """How many units each layer is padded to: the narrow ones share programs, if a layer of the run is so wide."""
    widths = {layer: units_bucket(max(array.shape[-1] for array in arrays)) for layer, arrays in layers.items()}
    narrow = max((width for width in widths.values() if width <= NARROW), default=0)
    return {layer: max(width, narrow) for layer, width in widths.items()}


def compile_for(layers: Mapping[int, Sequence[np.ndarray]], config: MatchingConfig, pool: ThreadPoolExecutor) -> None:
    """Compiles, side by side, what layers need, by matching one of each size.

    Args:
        layers: By the units that they are padded to; a deep one where there is a choice, as those are the ones that may
            have to be factored in both ways.
        config: What is searched.
        pool: Does it.
    """

    def factored(item: tuple[int, Sequence[np.ndarray]]) -> Prepared:
        size, networks = item
        return _factored(*_draws(networks[:2])[0], size)

    def profile(ready: Prepared) -> None:
        with jax.enable_x64(True):  # a setting of the thread
            critical_of(ready)

    def minimal(ready: Prepared) -> None:
        if config.minimal_units:
            with jax.enable_x64(True):
                in_random_order(Asked(ready, 0.5), np.zeros(1, int), jax.random.key(0))

    ready = list(pool.map(factored, layers.items()))
    for done in [pool.submit(part, pair) for pair in ready for part in (minimal, profile)]:
        done.result()


def _factored(x: np.ndarray, y: np.ndarray, size: int) -> Prepared:
    with jax.enable_x64(True):
        return prepared(as_activations(x, y), size)


def _compare_layer(
    layer: str,
    networks: Mapping[str, np.ndarray],
    size: int,
    config: MatchingConfig,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> xr.Dataset:
    names, widths = list(networks), [array.shape[-1] for array in networks.values()]
    units = max(widths)
    pairs = list(combinations(range(len(names)), 2))
    draws = _draws(list(networks.values()))
    profile_x, profile_y = (np.full((len(pairs), len(draws), units), np.nan) for _ in "xy")
    first: list[Prepared] = []
    for index, (a, b) in enumerate(pairs):
        for draw, arrays in enumerate(draws):
            ready = _factored(arrays[a], arrays[b], size)
            if draw == 0:
                first.append(ready)
            with jax.enable_x64(True):
                profile_x[index, draw, : widths[a]], profile_y[index, draw, : widths[b]] = critical_of(ready)
    epsilons = np.asarray(config.epsilons)
    matched_x, matched_y = (
        reached(side[:, None], epsilons[None, :, None, None]).sum(axis=-1) for side in (profile_x, profile_y)
    )
    totals = np.asarray([widths[a] + widths[b] for a, b in pairs])[:, None, None]

    chosen = [
        _sampled_units(
            layer, index, np.concatenate([profile_x[index, 0, : widths[a]], profile_y[index, 0, : widths[b]]]), config
        )
        for index, (a, b) in enumerate(pairs)
    ]
    unit, size_x, size_y = _minimal_sizes(layer, first, chosen, matched_x[..., 0] > 0, config, pool, progress)

    dead = [int((~array.any(axis=0)).sum()) for array in draws[0]]
    match_dims, minimal_dims = ("layer", "pair", "epsilon", "redraw"), ("layer", "pair", "epsilon", "sample")
    profile_dims = ("layer", "pair", "redraw", "unit")
    return xr.Dataset(
        {
            "similarity": (match_dims, ((matched_x + matched_y) / totals)[None]),
            "matched_x": (match_dims, matched_x[None]),
            "matched_y": (match_dims, matched_y[None]),
            "profile_x": (profile_dims, profile_x[None]),
            "profile_y": (profile_dims, profile_y[None]),
            "minimal_unit": (minimal_dims, unit[None]),
            "minimal_size_x": (minimal_dims, size_x[None]),
            "minimal_size_y": (minimal_dims, size_y[None]),
            "units": (("layer",), [units]),
            "dead": (("layer", "network"), [dead]),
        },
        coords={
            "layer": [layer],
            "pair": [f"{names[a]}-{names[b]}" for a, b in pairs],
            "epsilon": epsilons,
            "redraw": np.arange(profile_x.shape[1]),
            "unit": np.arange(units),
            "sample": np.arange(config.minimal_units),
            "network": names,
        },
    )


def _draws(networks: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """For each redraw the (rows, units) of every network, float64, compressed jointly."""
    arrays = [np.asarray(array if array.ndim == 3 else array[None], np.float64) for array in networks]
    with jax.enable_x64(True):
        return [[np.asarray(part) for part in compress(*rows)] for rows in zip(*arrays, strict=True)]


def _sampled_units(layer: str, pair: int, critical: np.ndarray, config: MatchingConfig) -> np.ndarray:
    """Joint indices of units that are not dead, drawn without replacement, ascending."""
    alive = np.flatnonzero(np.isfinite(critical))
    key = jax.random.fold_in(jax.random.fold_in(layer_key(config.seed, layer), pair), 1)
    return np.sort(alive[permutation(key, len(alive))[: config.minimal_units]])


def _minimal_sizes(
    layer: str,
    pairs: Sequence[Prepared],
    chosen: list[np.ndarray],
    matched: np.ndarray,
    config: MatchingConfig,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, and both sizes of their minimal matches, [pair, ε, sample]; −1 and 0 where there is no such sample."""
    shape = (len(pairs), len(config.epsilons), config.minimal_units)
    unit, size_x, size_y = np.full(shape, -1), np.zeros(shape, int), np.zeros(shape, int)
    for index, units in enumerate(chosen):
        unit[index, :, : len(units)] = units
    jobs = [(index, at) for index, at in np.argwhere(matched) if len(chosen[index])]

    def search(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        index, at = job
        with jax.enable_x64(True):  # a setting of the thread
            key = jax.random.fold_in(layer_key(config.seed, layer), index)
            found = in_random_order(Asked(pairs[index], config.epsilons[at]), chosen[index], key)
            return np.asarray(found.x).sum(axis=-1), np.asarray(found.y).sum(axis=-1)

    # A search is a long chain of small steps and keeps one core busy; so many run side by side.
    for done, ((index, at), found) in enumerate(zip(jobs, pool.map(search, jobs), strict=True), start=1):
        size_x[index, at, : len(chosen[index])], size_y[index, at, : len(chosen[index])] = found
        progress("minimal matches", done, len(jobs), layer)
    return unit, size_x, size_y
