"""The decomposition of a layer: simple matches, certificates, smallest matches, for every pair and ε."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.decomposition import SimpleMatches, containment
from jaxrepsim.decomposition.decompose import none_to_spare
from jaxrepsim.decomposition.host import Pair
from jaxrepsim.decomposition.smallest import smallest_within
from jaxrepsim.pipeline.part import Inputs, Variables, along, in_threads, pairs
from jaxrepsim.pipeline.parts.searched import Searched

_none_to_spare = jax.jit(none_to_spare)


@dataclass(frozen=True)
class Decomposition(Searched):
    """Simple matches of every pair and ε, certificates, and the smallest matches of the units that minimal_matches has
    sampled."""

    uses = ("similarity",)
    reads = ("minimal_matches",)
    requirements = (*Searched.requirements, ("smallest_rounds", "at least 0", lambda value: value >= 0))

    smallest_rounds: int = 1
    """Rounds in the search for the smallest match of a sampled unit; each raises its lower bound."""

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        both, epsilons, known = pairs(inputs.rows(layer)), inputs.epsilons, inputs.groups.get("minimal_matches")
        shape = (len(both), len(epsilons))
        sampled = np.zeros((*shape, 0), int) if known is None else known["sampled_unit"].sel(layer=layer).values
        cells = list(np.ndindex(shape))
        found: list[list[Variables]] = [[] for _ in both]

        def search(at: tuple[int, int]) -> Variables:
            return self._decompose(*both[at[0]], float(epsilons[at[1]]), sampled[at], inputs.units)

        for done, ((pair, _), variables) in enumerate(zip(cells, in_threads(search, cells), strict=True), start=1):
            found[pair].append(variables)
            inputs.progress("searching simple matches", done, len(cells), layer)
        of_pairs = [along("epsilon", of_pair) for of_pair in found]
        return xr.Dataset(along("pair", of_pairs), coords={"sample": np.arange(sampled.shape[2])})

    def _decompose(self, x: np.ndarray, y: np.ndarray, epsilon: float, sampled: np.ndarray, width: int) -> Variables:
        """What is found of one pair at one ε.

        Args:
            x: (rows, n_x).
            y: (rows, n_y).
            epsilon: One value.
            sampled: (samples,), joint indices of the units whose smallest match is looked for, then −1 for none.
            width: Units of the widest layer.
        """
        pair, slots = Pair(x, y, epsilon), self.simple_matches
        iterator = SimpleMatches(pair, slots, self.seconds)
        matches = [simple.match for simple in iterator]
        masks, below = np.full((2, slots, width), -1, np.int8), np.zeros((slots, slots), np.int8)
        masks[:, : len(matches)] = 0
        for slot, match in enumerate(matches):
            masks[0, slot, : x.shape[1]], masks[1, slot, : y.shape[1]] = match.x, match.y
        for outer, inner in containment(matches).edges:
            below[outer, inner] = 1
        minimum, several, parts, smallest = 0, 0, 0, np.zeros((2, len(sampled)), int)
        if pair.matched.any():
            parts = np.asarray(_none_to_spare(jnp.asarray(pair.first_matches))).sum()
            for index, unit in enumerate(sampled[sampled >= 0].tolist()):
                match, bound = smallest_within(pair, unit, self.smallest_rounds, self.seconds)
                smallest[:, index] = match.sum(), bound
            minimum = pair.minimum.sum()
            several = pair.matched.sum() - minimum
        return {
            "simple_x": (("simple", "unit"), masks[0]),
            "simple_y": (("simple", "unit"), masks[1]),
            "simple_below": (("simple", "other_simple"), below),
            "simple_complete": ((), np.int8(iterator.complete)),
            "certified_minimum": ((), np.int64(minimum)),
            "certified_several": ((), np.int64(several)),
            "parts": ((), np.int64(parts)),
            "smallest_size": (("sample",), smallest[0]),
            "smallest_bound": (("sample",), smallest[1]),
        }
