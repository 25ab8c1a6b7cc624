"""The decomposition of a layer: simple matches, certificates, smallest matches, for every pair and ε."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.decomposition import containment
from jaxrepsim.decomposition.decompose import none_to_spare
from jaxrepsim.decomposition.host import Pair
from jaxrepsim.decomposition.simple import SimpleMatches
from jaxrepsim.decomposition.smallest import smallest_within
from jaxrepsim.pipeline.part import Inputs, in_threads, pairs
from jaxrepsim.pipeline.parts.searched import Searched
from jaxrepsim.settings import require

_none_to_spare = jax.jit(none_to_spare)
_CELL = ("pair", "epsilon")
_COUNTS = ("certified_minimum", "certified_several", "parts")


@dataclass(frozen=True)
class Decomposition(Searched):
    """Simple matches of every pair and ε, certificates, and the smallest matches of the units that minimal_matches has
    sampled."""

    uses = ("similarity",)
    reads = ("minimal_matches",)

    smallest_rounds: int = 1
    """Rounds in the search for the smallest match of a sampled unit; each raises its lower bound."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, ("smallest_rounds", "at least 0", lambda value: value >= 0))

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        sampled = inputs.groups.get("minimal_matches")
        none = np.zeros((len(inputs.pair_names), len(inputs.epsilons), 0), int)
        for layer in layers:
            units = none if sampled is None else sampled["sampled_unit"].sel(layer=layer).values
            yield self.of_layer(layer, inputs, units)

    def of_layer(self, layer: str, inputs: Inputs, sampled: np.ndarray) -> xr.Dataset:
        """One layer's group.

        Args:
            layer: Its name.
            inputs: The networks, and ε.
            sampled: (pairs, e, samples), joint indices of the units whose smallest match is looked for, −1 for none.
        """
        both, epsilons, slots = pairs(inputs.rows(layer)), inputs.epsilons, self.simple_matches
        shape = (len(both), len(epsilons))
        simple = {side: np.full((*shape, slots, inputs.units), -1, np.int8) for side in "xy"}
        below = np.zeros((*shape, slots, slots), np.int8)
        complete = np.zeros(shape, np.int8)
        counts = {name: np.zeros(shape, int) for name in _COUNTS}
        smallest = {name: np.zeros((*shape, sampled.shape[2]), int) for name in ("smallest_size", "smallest_bound")}

        def search(at: tuple[int, int]) -> _Found:
            return self._decompose(*both[at[0]], float(epsilons[at[1]]), sampled[at][sampled[at] >= 0].tolist())

        cells = list(np.ndindex(shape))
        for done, (at, found) in enumerate(zip(cells, in_threads(search, cells), strict=True), start=1):
            k, n_x = len(found.simple), both[at[0]][0].shape[1]
            for side, masks in (("x", found.simple[:, :n_x]), ("y", found.simple[:, n_x:])):
                simple[side][at][:k] = 0
                simple[side][at][:k, : masks.shape[1]] = masks
            below[at][:k, :k] = found.below
            complete[at] = found.complete
            for name in _COUNTS:
                counts[name][at] = getattr(found, name)
            for index, (size, bound) in enumerate(found.smallest):
                smallest["smallest_size"][at][index], smallest["smallest_bound"][at][index] = size, bound
            inputs.progress("searching simple matches", done, len(cells), layer)
        return xr.Dataset(
            {
                **{f"simple_{side}": ((*_CELL, "simple", "unit"), masks) for side, masks in simple.items()},
                "simple_below": ((*_CELL, "simple", "other_simple"), below),
                "simple_complete": (_CELL, complete),
                **{name: (_CELL, values) for name, values in counts.items()},
                **{name: ((*_CELL, "sample"), values) for name, values in smallest.items()},
            },
            coords={"sample": np.arange(sampled.shape[2])},
        )

    def _decompose(self, x: np.ndarray, y: np.ndarray, epsilon: float, sampled: list[int]) -> "_Found":
        pair = Pair(x, y, epsilon)
        iterator = SimpleMatches(pair, self.simple_matches, self.seconds)
        matches = [simple.match for simple in iterator]
        simple = np.array([np.concatenate([match.x, match.y]) for match in matches], bool)
        below = np.zeros((len(matches), len(matches)), bool)
        for outer, inner in containment(matches).edges:
            below[outer, inner] = True
        found = _Found(simple.reshape(len(matches), pair.units), below, iterator.complete)
        if not pair.matched.any():
            return found._replace(smallest=[(0, 0)] * len(sampled))
        chosen = np.asarray(_none_to_spare(jnp.asarray(pair.first_matches)))
        smallest = [smallest_within(pair, unit, self.smallest_rounds, self.seconds) for unit in sampled]
        minimum = int(pair.minimum.sum())
        return found._replace(
            certified_minimum=minimum,
            certified_several=int(pair.matched.sum()) - minimum,
            parts=int(chosen.sum()),
            smallest=[(int(match.sum()), bound) for match, bound in smallest],
        )


class _Found(NamedTuple):
    """Of one pair at one ε."""

    simple: np.ndarray
    """Bool[k, n], by joint index."""
    below: np.ndarray
    """Bool[k, k]: [a, b], b lies directly in a."""
    complete: bool
    certified_minimum: int = 0
    certified_several: int = 0
    parts: int = 0
    smallest: Sequence[tuple[int, int]] = ()
    """For each sampled unit the size found, and its bound."""
