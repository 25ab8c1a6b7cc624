"""Every layer of every pair of networks, matched; one results file a layer, so that nothing is done twice."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.activations import ActivationFile, layer_key
from jaxrepsim.errors import InputError
from jaxrepsim.matching import minimal_matches
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.results_files import along_layers, file_name, read_netcdf, write_netcdf
from jaxrepsim.pipeline.stacking import profiles, stacked

FEW = 10
"""Samples a unit below which chance shows: n random units on m samples leave a residual of √(1 − n/m), here 0.95."""


def common_layers(networks: Mapping[str, ActivationFile], config: MatchingConfig) -> list[str]:
    """The layers to compare, in the order of the first network.

    Raises:
        InputError: The networks have different layers, or other numbers of samples or redraws in one of them, or a
            layer that the settings ask for is not there; a name that results files cannot hold.
    """
    names = list(networks)
    for name in (*names, *(layer for network in networks.values() for layer in network.layers)):
        if "\0" in name or name.encode("utf-8", "ignore").decode() != name:
            raise InputError(
                f"the name {name!r} has a NUL, or what is no Unicode text: rename it, no table can hold it"
            )
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
    pending = {layer: [net.layers[layer] for net in networks.values()] for layer in layers if not files[layer].exists()}
    done = len(layers) - len(pending)
    with jax.enable_x64(True):
        for group in stacked(pending):
            progress("matching layers", done, len(layers), ", ".join(group))
            found = profiles(group)
            for layer, stacks in group.items():
                widths = {name: net.layers[layer].shape[-1] for name, net in networks.items()}
                part = _compare_layer(layer, stacks, widths, found[layer], config, progress)
                write_netcdf(
                    part.assign(samples=("layer", [networks[next(iter(networks))].samples[layer]])), files[layer]
                )
                done += 1
                progress("matching layers", done, len(layers), layer)
    parts = [read_netcdf(file) for file in files.values()]
    return along_layers(parts, layers)


_minimal = jax.jit(minimal_matches)


def _compare_layer(
    layer: str,
    stacks: Sequence[jax.Array],
    width_of: Mapping[str, int],
    profile: tuple[np.ndarray, np.ndarray],
    config: MatchingConfig,
    progress: Progress,
) -> xr.Dataset:
    names, widths = list(width_of), list(width_of.values())
    units = max(widths)
    pairs = list(combinations(range(len(stacks)), 2))
    profile_x, profile_y = (np.array(side) for side in profile)
    for index, (a, b) in enumerate(pairs):
        profile_x[index, :, widths[a] :] = np.nan
        profile_y[index, :, widths[b] :] = np.nan
    epsilons = np.asarray(config.epsilons)
    matched_x, matched_y = (
        (side[:, None] <= epsilons[None, :, None, None]).sum(axis=-1) for side in (profile_x, profile_y)
    )
    totals = np.asarray([widths[a] + widths[b] for a, b in pairs])[:, None, None]

    chosen = [
        _sampled_units(
            layer, index, np.concatenate([profile_x[index, 0, : widths[a]], profile_y[index, 0, : widths[b]]]), config
        )
        for index, (a, b) in enumerate(pairs)
    ]
    first_draws = [(stacks[a][0, :, : widths[a]], stacks[b][0, :, : widths[b]]) for a, b in pairs]
    unit, size_x, size_y = _minimal_sizes(layer, first_draws, chosen, matched_x[..., 0] > 0, config, progress)

    dead = [
        int((jnp.max(jnp.abs(stack[0, :, :width]), axis=0) == 0).sum())
        for stack, width in zip(stacks, widths, strict=True)
    ]
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


def _sampled_units(layer: str, pair: int, critical: np.ndarray, config: MatchingConfig) -> np.ndarray:
    """Joint indices of units that are not dead, drawn without replacement, ascending."""
    alive = np.flatnonzero(np.isfinite(critical))
    key = jax.random.fold_in(jax.random.fold_in(layer_key(config.seed, layer), pair), 1)
    order = np.asarray(jax.random.permutation(key, len(alive)))
    return np.sort(alive[order[: config.minimal_units]])


def _minimal_sizes(
    layer: str,
    pairs: list[tuple[jax.Array, jax.Array]],
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
            found = _minimal(*pairs[index], config.epsilons[at], jnp.asarray(chosen[index]), key)
            return np.asarray(found.x.sum(axis=-1)), np.asarray(found.y.sum(axis=-1))

    # A search is a long chain of small steps and keeps one core busy; so many run side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, ((index, at), found) in enumerate(zip(jobs, pool.map(search, jobs), strict=True), start=1):
            size_x[index, at, : len(chosen[index])], size_y[index, at, : len(chosen[index])] = found
            progress(f"minimal matches of {layer}", done, len(jobs))
    return unit, size_x, size_y
