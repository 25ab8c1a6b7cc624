"""Every layer of every pair of networks, matched; one results file a layer, so that nothing is done twice."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import jax
import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from jaxrepsim.activations import ActivationFile, layer_key
from jaxrepsim.compression import compress
from jaxrepsim.errors import InputError
from jaxrepsim.matching import match_profile, minimal_matches
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.few_samples import FEW
from jaxrepsim.numerics.permutations import permutation
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.results_files import along_layers, file_name, read_netcdf, write_netcdf


def common_layers(networks: Mapping[str, ActivationFile], config: MatchingConfig) -> list[str]:
    """The layers to compare, in the order of the first network.

    Raises:
        InputError: The networks have different layers, or other numbers of samples or redraws in one of them, or a
            layer that the settings ask for is not there.
    """
    names = list(networks)
    first = networks[names[0]]
    wanted = list(config.layers or first.layers)
    for name, network in networks.items():
        for layer in wanted:
            if layer not in network.layers:
                raise InputError(f"{name} has no layer {layer!r}; it has: {', '.join(network.layers)}")
            here, there = network.samples[layer], first.samples[layer]
            if here != there:
                raise InputError(
                    f"layer {layer!r} has {there} samples in {names[0]} and {here} in {name}; sample i of each must be "
                    "the response to the same input"
                )
            if network.layers[layer].shape[:-1] != first.layers[layer].shape[:-1]:
                shapes = f"{first.layers[layer].shape} and {network.layers[layer].shape}"
                raise InputError(f"layer {layer!r} of {names[0]} and {name} differ in rows: {shapes}")
        extra = [layer for layer in network.layers if layer not in first.layers]
        if extra and not config.layers:
            raise InputError(f"{names[0]} has no layer {extra[0]!r}, which {name} has; choose the layers to compare")
    return wanted


def few_samples(networks: Mapping[str, ActivationFile], layers: list[str]) -> list[str]:
    """A warning for each layer with fewer samples than ten times its units."""
    warnings = []
    for layer in layers:
        units = max(network.layers[layer].shape[-1] for network in networks.values())
        samples = next(iter(networks.values())).samples[layer]
        if samples < FEW * units:
            warnings.append(
                f"layer {layer!r}: {samples} samples for {units} units, fewer than {FEW} a unit; "
                "part of its similarity is chance"
            )
    return warnings


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
        folder: Holds one results file a layer. A layer whose file is there is not computed again.
        progress: Told of every layer, and of every pair and ε within.

    Returns:
        The labelled table of results; see `jaxrepsim.report` for its schema.

    Raises:
        InputError: See `common_layers`.
    """
    if len(networks) < 2:
        raise InputError(f"a comparison needs two networks or more, received {len(networks)}")
    layers = common_layers(networks, config)
    files = {layer: folder / f"{index:03d}_{file_name(layer)}.nc" for index, layer in enumerate(layers)}
    pending = [layer for layer in layers if not files[layer].exists()]
    names = list(networks)
    of_layer = {layer: [network.layers[layer] for network in networks.values()] for layer in pending}
    # The threads that BLAS keeps busy would be missed by the compiler and the searches.
    with threadpool_limits(1, "blas"):
        compile_for([max(array.shape[-1] for array in arrays) for arrays in of_layer.values()])
        for done, (layer, arrays) in enumerate(of_layer.items(), start=len(layers) - len(pending)):
            progress("matching layers", done, len(layers), layer)
            found = _compare_layer(layer, dict(zip(names, arrays, strict=True)), config, progress)
            samples = networks[names[0]].samples[layer]
            write_netcdf(found.assign(samples=("layer", [samples])), files[layer])
    progress("matching layers", len(layers), len(layers))
    return along_layers([read_netcdf(file) for file in files.values()], layers)


def compile_for(widths: Sequence[int]) -> None:
    """Compiles, side by side, what layers of these widths need: programs are shared by widths of one bucket."""

    def compile_one(n: int) -> None:
        with jax.enable_x64(True):  # a setting of the thread
            dead = np.zeros((2 * n, n))
            match_profile(dead, dead)
            minimal_matches(dead, dead, 0.5, np.zeros(1, int), jax.random.key(0))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sorted({units_bucket(width) for width in widths}, reverse=True)))


def _compare_layer(
    layer: str, networks: Mapping[str, np.ndarray], config: MatchingConfig, progress: Progress
) -> xr.Dataset:
    names, widths = list(networks), [array.shape[-1] for array in networks.values()]
    units = max(widths)
    pairs = list(combinations(range(len(names)), 2))
    draws = _draws(list(networks.values()))
    profile_x, profile_y = (np.full((len(pairs), len(draws), units), np.nan) for _ in "xy")
    with jax.enable_x64(True):
        for index, (a, b) in enumerate(pairs):
            for draw, arrays in enumerate(draws):
                x, y = match_profile(arrays[a], arrays[b])
                profile_x[index, draw, : widths[a]], profile_y[index, draw, : widths[b]] = x, y
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
    first_draws = [(draws[0][a], draws[0][b]) for a, b in pairs]
    unit, size_x, size_y = _minimal_sizes(layer, first_draws, chosen, matched_x[..., 0] > 0, config, progress)

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
    pairs: list[tuple[np.ndarray, np.ndarray]],
    chosen: list[np.ndarray],
    matched: np.ndarray,
    config: MatchingConfig,
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
            found = minimal_matches(*pairs[index], config.epsilons[at], chosen[index], key)
            return np.asarray(found.x).sum(axis=-1), np.asarray(found.y).sum(axis=-1)

    # A search is a long chain of small steps and keeps one core busy; so many run side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, ((index, at), found) in enumerate(zip(jobs, pool.map(search, jobs), strict=True), start=1):
            size_x[index, at, : len(chosen[index])], size_y[index, at, : len(chosen[index])] = found
            progress(f"minimal matches of {layer}", done, len(jobs))
    return unit, size_x, size_y
