"""The maximum match of every layer and pair at every ε, and how similar it makes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.activations import ActivationFile
from jaxrepsim.compression import compress
from jaxrepsim.matching import match_profile
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.part import Inputs, Part, in_threads, pairs


@dataclass(frozen=True)
class Similarity(Part):
    """Match profiles and maximum matches, which every comparison has; `matching` has their settings."""

    @property
    def asked(self) -> bool:
        return True

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        # Programs are shared by widths of one bucket, and compiled side by side.
        list(in_threads(_compile, buckets(inputs, layers)))
        for layer in layers:
            yield _of_layer(layer, inputs.networks, inputs.epsilons)


def buckets(inputs: Inputs, layers: Sequence[str]) -> list[int]:
    """The sizes that programs are compiled for, the largest first."""
    widths = [max(network.layers[layer].shape[-1] for network in inputs.networks.values()) for layer in layers]
    return sorted({units_bucket(width) for width in widths}, reverse=True)


def redraws(networks: Mapping[str, ActivationFile], layer: str) -> list[list[np.ndarray]]:
    """For each redraw the (rows, units) of every network, float64, compressed jointly."""
    arrays = [network.layers[layer] for network in networks.values()]
    arrays = [np.asarray(array if array.ndim == 3 else array[None], np.float64) for array in arrays]
    return [[np.asarray(part) for part in compress(*rows)] for rows in zip(*arrays, strict=True)]


def _compile(units: int) -> None:
    dead = np.zeros((2 * units, units))
    match_profile(dead, dead)


def _of_layer(layer: str, networks: Mapping[str, ActivationFile], epsilons: np.ndarray) -> xr.Dataset:
    draws = redraws(networks, layer)
    widths = [array.shape[-1] for array in draws[0]]
    both = pairs(range(len(widths)))
    profiles = np.full((2, len(both), len(draws), max(widths)), np.nan)
    for index, (a, b) in enumerate(both):
        for draw, arrays in enumerate(draws):
            x, y = match_profile(arrays[a], arrays[b])
            profiles[0, index, draw, : widths[a]], profiles[1, index, draw, : widths[b]] = x, y
    matched_x, matched_y = reached(profiles[:, :, None], epsilons[None, None, :, None, None]).sum(axis=-1)
    totals = np.asarray([widths[a] + widths[b] for a, b in both])[:, None, None]
    match, profile = ("pair", "epsilon", "redraw"), ("pair", "redraw", "unit")
    return xr.Dataset(
        {
            "similarity": (match, (matched_x + matched_y) / totals),
            "matched_x": (match, matched_x),
            "matched_y": (match, matched_y),
            "profile_x": (profile, profiles[0]),
            "profile_y": (profile, profiles[1]),
            "units": ((), max(widths)),
            "samples": ((), next(iter(networks.values())).samples[layer]),
            "dead": (("network",), [int((~array.any(axis=0)).sum()) for array in draws[0]]),
        },
        coords={"redraw": np.arange(len(draws))},
    )
