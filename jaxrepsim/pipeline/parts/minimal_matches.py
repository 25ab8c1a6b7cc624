"""Minimal matches of a few units of each layer and pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.minimal import in_random_order
from jaxrepsim.matching.prepared import Prepared
from jaxrepsim.numerics.permutations import permutation
from jaxrepsim.pipeline.factored import compiled_sizes, factored, redraws
from jaxrepsim.pipeline.part import Inputs, Part, in_threads


@dataclass(frozen=True)
class MinimalMatches(Part):
    """A v-minimal match for some units v, at each ε, of the first redraw."""

    uses = ("similarity",)
    asked_by = "units"
    requirements = (("units", "at least 0", lambda value: value >= 0),)

    units: int = 8
    """For how many units of a layer and pair one is searched; 0 for none."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        def search(pair: Prepared) -> None:
            in_random_order(Asked(pair, 0.5), np.zeros(1, int), jax.random.key(0))

        for layer, size in compiled_sizes(inputs, layers, search).items():
            yield self._of_layer(layer, inputs, factored(next(redraws(inputs, layer)), size))

    def _of_layer(self, layer: str, inputs: Inputs, both: Sequence[Prepared]) -> xr.Dataset:
        similarity = inputs.groups["similarity"].sel(layer=layer).isel(redraw=0)
        matched = similarity["matched_x"].values > 0
        seed, epsilons = inputs.matching.seed, inputs.epsilons
        shape = (len(both), len(epsilons), self.units)
        found = {"sampled_unit": np.full(shape, -1), "size_x": np.zeros(shape, int), "size_y": np.zeros(shape, int)}
        chosen = []
        for index, pair in enumerate(both):
            critical = [
                similarity[f"profile_{side}"].values[index, :width]
                for side, width in zip("xy", pair.widths, strict=True)
            ]
            alive = np.flatnonzero(np.isfinite(np.concatenate(critical)))
            key = jax.random.fold_in(jax.random.fold_in(layer_key(seed, layer), index), 1)
            chosen.append(np.sort(alive[permutation(key, len(alive))[: self.units]]))
            found["sampled_unit"][index, :, : len(chosen[-1])] = chosen[-1]
        jobs = [(index, at) for index, at in np.argwhere(matched) if len(chosen[index])]

        def search(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
            index, at = job
            key = jax.random.fold_in(layer_key(seed, layer), index)
            match = in_random_order(Asked(both[index], epsilons[at]), chosen[index], key)
            return np.asarray(match.x).sum(axis=-1), np.asarray(match.y).sum(axis=-1)

        for done, ((index, at), sizes) in enumerate(zip(jobs, in_threads(search, jobs), strict=True), start=1):
            for side, size in zip("xy", sizes, strict=True):
                found[f"size_{side}"][index, at, : len(size)] = size
            inputs.progress("searching minimal matches", done, len(jobs), layer)
        variables = {name: (("pair", "epsilon", "sample"), values) for name, values in found.items()}
        return xr.Dataset(variables, coords={"sample": np.arange(self.units)})
