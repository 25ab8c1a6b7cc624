"""What the parts that align units have in common: the moments of a layer, and arrays of narrower and wider networks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
import xarray as xr

from jaxrepsim.convergent import Moments, moments, one_to_one
from jaxrepsim.pipeline.part import pairs
from jaxrepsim.pipeline.passes.statistics import Statistics

SHARED_WIDTH = 128
"""Narrower layers are padded with constant units to so many, which change nothing: one compiled program serves all."""

Variables = Mapping[str, tuple[tuple[str, ...], np.ndarray]]
"""Variables of one layer: their dimensions, and their values."""

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


def ordered_pairs(state: Moments) -> Iterator[tuple[Moments, Moments]]:
    """For each pair (a, b) the moments of (a, b), by which b is predicted from a, and those of (b, a)."""
    found = _ordered_pairs(state)
    return zip(found[::2], found[1::2], strict=True)


def group(variables: Variables, width: int) -> xr.Dataset:
    """The variables of one layer, with as many units as its widest network has.

    Args:
        variables: A pair may hold narrower networks only, on one side or on both.
        width: Of the widest network.
    """
    found = {}
    for name, (dims, values) in variables.items():
        lacking = [(0, width - n if dim.endswith("unit") else 0) for dim, n in zip(dims, values.shape, strict=True)]
        found[name] = (dims, np.pad(values, lacking, constant_values=_fill(values)) if lacking else values)
    return xr.Dataset(found)


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of perhaps different numbers of units, as one: −1 or NaN where there is no such unit."""
    shape = np.max([part.shape for part in parts], axis=0)
    out = np.full((len(parts), *shape), _fill(parts[0]), parts[0].dtype)
    for place, part in zip(out, parts, strict=True):
        place[tuple(map(slice, part.shape))] = part
    return out


def partners(similarities: Sequence[np.ndarray]) -> Variables:
    """The one-to-one partner and the best ones of every unit of each pair, by their similarity (n_x, n_y)."""
    found = [one_to_one(similarity) for similarity in similarities]
    return {
        name: (("pair", "unit"), stacked([np.asarray(getattr(one, name), np.int32) for one in found]))
        for name in ("partner", "best_x", "best_y")
    }


@jax.jit
def _ordered_pairs(state: Moments) -> list[Moments]:
    both = [order for a, b in pairs(range(len(state.means))) for order in ((a, b), (b, a))]
    return [state.networks(*order) for order in both]


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


def _fill(values: np.ndarray) -> float:
    """Where there is no such unit: −1 for whole numbers, else NaN."""
    return -1 if np.issubdtype(values.dtype, np.integer) else np.nan
