"""The maximum match of every layer and pair at every ε, and how similar it makes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.matching.profile import critical_of
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.factored import compiled_sizes, factored, redraws
from jaxrepsim.pipeline.part import Inputs, Part, pairs


@dataclass(frozen=True)
class Similarity(Part):
    """Match profiles and maximum matches, which every comparison has; `matching` has their settings."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        for layer, size in compiled_sizes(inputs, layers, critical_of).items():
            yield _of_layer(inputs, layer, size)


def _of_layer(inputs: Inputs, layer: str, size: int) -> xr.Dataset:
    draws = list(redraws(inputs, layer))
    widths = [array.shape[-1] for array in draws[0]]
    both = pairs(widths)
    profiles = np.full((2, len(both), len(draws), max(widths)), np.nan)
    for draw, arrays in enumerate(draws):
        for index, ((a, b), pair) in enumerate(zip(both, factored(arrays, size), strict=True)):
            profiles[0, index, draw, :a], profiles[1, index, draw, :b] = critical_of(pair)
    matched_x, matched_y = reached(profiles[:, :, None], inputs.epsilons[None, None, :, None, None]).sum(axis=-1)
    totals = np.asarray([a + b for a, b in both])[:, None, None]
    match, profile = ("pair", "epsilon", "redraw"), ("pair", "redraw", "unit")
    return xr.Dataset(
        {
            "similarity": (match, (matched_x + matched_y) / totals),
            "matched_x": (match, matched_x),
            "matched_y": (match, matched_y),
            "profile_x": (profile, profiles[0]),
            "profile_y": (profile, profiles[1]),
            "units": ((), max(widths)),
            "samples": ((), next(iter(inputs.networks.values())).samples[layer]),
            "dead": (("network",), [int((~array.any(axis=0)).sum()) for array in draws[0]]),
        },
        coords={"redraw": np.arange(len(draws))},
    )
