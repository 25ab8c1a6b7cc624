"""The maximum match of every layer and pair at every ε, and how similar it makes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.activations import ActivationFile
from jaxrepsim.matching.profile import critical_of
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.factored import factored, one_of_each, redraws, shared_sizes
from jaxrepsim.pipeline.part import Inputs, Part, in_threads, pairs


@dataclass(frozen=True)
class Similarity(Part):
    """Match profiles and maximum matches, which every comparison has; `matching` has their settings."""

    @property
    def asked(self) -> bool:
        return True

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        sizes = shared_sizes(inputs, layers)

        def compiled(layer: str) -> None:
            critical_of(factored(redraws(inputs.networks, layer)[0][:2], sizes[layer])[0])

        list(in_threads(compiled, one_of_each(sizes)))
        for layer, size in sizes.items():
            yield _of_layer(layer, inputs.networks, inputs.epsilons, size)


def _of_layer(layer: str, networks: Mapping[str, ActivationFile], epsilons: np.ndarray, size: int) -> xr.Dataset:
    draws = redraws(networks, layer)
    widths = [array.shape[-1] for array in draws[0]]
    both = pairs(widths)
    profiles = np.full((2, len(both), len(draws), max(widths)), np.nan)
    for draw, arrays in enumerate(draws):
        for index, ((a, b), pair) in enumerate(zip(both, factored(arrays, size), strict=True)):
            profiles[0, index, draw, :a], profiles[1, index, draw, :b] = critical_of(pair)
    matched_x, matched_y = reached(profiles[:, :, None], epsilons[None, None, :, None, None]).sum(axis=-1)
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
            "samples": ((), next(iter(networks.values())).samples[layer]),
            "dead": (("network",), [int((~array.any(axis=0)).sum()) for array in draws[0]]),
        },
        coords={"redraw": np.arange(len(draws))},
    )
