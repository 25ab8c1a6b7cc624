"""What the parts that align units have in common: the moments of a layer, and arrays of narrower and wider networks."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np

from jaxrepsim.convergent import Moments, moments, one_to_one
from jaxrepsim.pipeline.part import pairs, stacked
from jaxrepsim.pipeline.passes.statistics import Statistics

SHARED_WIDTH = 128
"""Narrower layers are padded with constant units to so many, which change nothing: one compiled program serves all."""

_merge = jax.jit(moments.merge)


class Gathered(NamedTuple):
    """The moments of one layer, with constant units after those that each network has."""

    fitted: Moments
    held_out: Moments | None
    """None where there are no halves."""
    widths: list[int]
    """The units that each network has."""

    @property
    def whole(self) -> Moments:
        """Of all images."""
        return self.fitted if self.held_out is None else _merge(self.fitted, self.held_out)

    def places(self, *networks: int) -> np.ndarray:
        """Where the units of some networks, side by side, stand among the padded ones."""
        return _places([self.widths[network] for network in networks], len(self.fitted.means[0]))


def gathered(statistics: Statistics) -> Gathered:
    """The moments of a layer, padded."""
    width = max(SHARED_WIDTH, *statistics.widths)
    held_out = None if statistics.held_out is None else _padded(statistics.held_out, width)
    return Gathered(_padded(statistics.fitted, width), held_out, statistics.widths)


@jax.jit
def ordered_pairs(state: Moments) -> list[tuple[Moments, Moments]]:
    """For each pair (a, b) the moments of (a, b), by which b is predicted from a, and those of (b, a)."""
    return [(state.networks(a, b), state.networks(b, a)) for a, b in pairs(range(len(state.means)))]


def partners(similarities: Sequence[np.ndarray], width: int) -> Mapping[str, tuple[tuple[str, ...], np.ndarray]]:
    """Variables: the one-to-one partner and the best ones of every unit of each pair.

    Args:
        similarities: (n_x, n_y) of each pair.
        width: Units of the widest network.
    """
    found = [one_to_one(similarity) for similarity in similarities]
    return {
        name: (("pair", "unit"), stacked([np.asarray(getattr(one, name), np.int32) for one in found], width))
        for name in ("partner", "best_x", "best_y")
    }


def _padded(state: Moments, width: int) -> Moments:
    means, low, high = (
        tuple(np.pad(part, (0, width - len(part))) for part in jax.device_get(parts))
        for parts in (state.means, state.low, state.high)
    )
    places = _places([len(part) for part in state.means], width)
    rest = np.zeros(width * len(means))
    rest[places] = state.rest
    scaled = np.zeros((len(rest), len(rest)))
    scaled[np.ix_(places, places)] = state.scaled
    return Moments(state.samples, means, rest, low, high, scaled)  # type: ignore[arg-type]


def _places(widths: Sequence[int], width: int) -> np.ndarray:
    return np.concatenate([network * width + np.arange(own) for network, own in enumerate(widths)])
