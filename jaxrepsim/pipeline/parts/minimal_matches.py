"""Minimal matches of a few units of each layer and pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim import matching
from jaxrepsim.activations import layer_key
from jaxrepsim.numerics.permutations import permutation
from jaxrepsim.pipeline.part import Inputs, Part, in_threads, pairs
from jaxrepsim.pipeline.parts.similarity import buckets, redraws
from jaxrepsim.settings import require


@dataclass(frozen=True)
class MinimalMatches(Part):
    """A v-minimal match for some units v, at each ε, of the first redraw."""

    uses = ("similarity",)

    units: int = 8
    """For how many units of a layer and pair one is searched; 0 for none."""

    def __post_init__(self) -> None:
        require(self, ("units", "at least 0", lambda value: value >= 0))

    @property
    def asked(self) -> bool:
        return self.units > 0

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        list(in_threads(_compile, buckets(inputs, layers)))
        for layer in layers:
            yield self._of_layer(layer, inputs)

    def _of_layer(self, layer: str, inputs: Inputs) -> xr.Dataset:
        both = pairs(redraws(inputs.networks, layer)[0])
        similarity = inputs.groups["similarity"].sel(layer=layer).isel(redraw=0)
        matched = similarity["matched_x"].values > 0
        seed, epsilons = inputs.matching.seed, inputs.epsilons
        shape = (len(both), len(epsilons), self.units)
        found = {"sampled_unit": np.full(shape, -1), "size_x": np.zeros(shape, int), "size_y": np.zeros(shape, int)}
        chosen = []
        for index, (x, y) in enumerate(both):
            critical = [
                similarity[f"profile_{side}"].values[index, : part.shape[1]] for side, part in (("x", x), ("y", y))
            ]
            alive = np.flatnonzero(np.isfinite(np.concatenate(critical)))
            key = jax.random.fold_in(jax.random.fold_in(layer_key(seed, layer), index), 1)
            chosen.append(np.sort(alive[permutation(key, len(alive))[: self.units]]))
            found["sampled_unit"][index, :, : len(chosen[-1])] = chosen[-1]
        jobs = [(index, at) for index, at in np.argwhere(matched) if len(chosen[index])]

        def search(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
            index, at = job
            key = jax.random.fold_in(layer_key(seed, layer), index)
            match = matching.minimal_matches(*both[index], epsilons[at], chosen[index], key)
            return np.asarray(match.x).sum(axis=-1), np.asarray(match.y).sum(axis=-1)

        for done, ((index, at), sizes) in enumerate(zip(jobs, in_threads(search, jobs), strict=True), start=1):
            for side, size in zip("xy", sizes, strict=True):
                found[f"size_{side}"][index, at, : len(size)] = size
            inputs.progress("searching minimal matches", done, len(jobs), layer)
        variables = {name: (("pair", "epsilon", "sample"), values) for name, values in found.items()}
        return xr.Dataset(variables, coords={"sample": np.arange(self.units)})


def _compile(units: int) -> None:
    dead = np.zeros((2 * units, units))
    matching.minimal_matches(dead, dead, 0.5, np.zeros(1, int), jax.random.key(0))
