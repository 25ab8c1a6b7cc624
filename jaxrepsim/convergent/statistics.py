"""What sums over samples say of all units: means, standard deviations, correlations."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.scaling import next_power_of_two


class Moments(NamedTuple):
    """First and second moments of the units of one or more networks, on the same samples.

    All that is linear in this package is a function of these n² numbers, however many samples there were: correlations,
    sparse prediction, clustering. What is derived from states that `vmap` stacked is stacked likewise.

    Fields:
        samples: How many were seen.
        means: For each network (units,): the mean of each unit; 0 where nothing was seen.
        rest: (n,), n the units of all networks, one network after the other: what rounding took off the means.
        low: For each network (units,): the least value of each unit; ∞ where nothing was seen.
        high: For each network (units,): the largest value of each unit; −∞ where nothing was seen.
        scaled: (n, n): Σ (z_i − mean_i)(z_j − mean_j) / (s_i s_j) over the samples, s the `scale`: no unit is too large
            or too small to be squared.
    """

    samples: Int[Array, "*stack"]
    means: tuple[Float[Array, "*stack _"], ...]
    rest: Float[Array, "*stack n"]
    low: tuple[Float[Array, "*stack _"], ...]
    high: tuple[Float[Array, "*stack _"], ...]
    scaled: Float[Array, "*stack n n"]

    @property
    def scale(self) -> Float[Array, "*stack n"]:
        """(n,): the power of two next to the largest magnitude of each unit; 1 where that is 0."""
        return in_numpy(_scale, self)

    @property
    def products(self) -> Float[Array, "*stack n n"]:
        """(n, n): Σ (z_i − mean_i)(z_j − mean_j) over the samples."""
        return in_numpy(_products, self)

    @property
    def std(self) -> tuple[Float[Array, "*stack _"], ...]:
        """For each network (units,): the standard deviation √(Σ (z − mean)² / samples); 0 for a constant one."""
        return in_numpy(_std, self)

    @property
    def constant(self) -> tuple[Bool[Array, "*stack _"], ...]:
        """For each network (units,): which units never change. A dead unit, zero on all samples, is one of them."""
        return in_numpy(_constant, self)

    @property
    def correlation(self) -> Float[Array, "*stack n n"]:
        """(n, n), in [−1, 1]: Pearson's correlation of all units with all; 0 with a constant unit, itself included."""
        return in_numpy(correlations, self)

    def within(self, network: int) -> Float[Array, "*stack _ _"]:
        """The correlations of a network's units with one another."""
        return self.between(network, network)

    def between(self, first: int, second: int) -> Float[Array, "*stack _ _"]:
        """The correlations of a network's units with those of another."""
        return in_numpy(_between, self, first=first, second=second)

    def networks(self, *numbers: int) -> "Moments":
        """The same of some networks, in the order given."""
        return in_numpy(_networks, self, numbers=numbers)


def binary_range(low: Any, high: Any, xp: ModuleType = jnp) -> Any:
    """The power of two next to the largest magnitude between two bounds; 1 where that is 0 or there is nothing."""
    return next_power_of_two(xp.where(high >= low, xp.maximum(xp.abs(low), xp.abs(high)), 0), xp)


def correlations(xp: ModuleType, state: Moments) -> Any:
    """Of all units with all."""
    squares = _squares(xp, state)
    inverse = xp.where(squares == 0, 0, 1 / xp.sqrt(xp.where(squares == 0, 1, squares)))
    found = xp.clip(state.scaled * inverse[..., :, None] * inverse[..., None, :], -1, 1)
    # The sign is 1, 0 for a constant unit, and NaN stays.
    return xp.where(xp.eye(squares.shape[-1], dtype=bool), xp.sign(squares)[..., None], found)


def standard_deviations(xp: ModuleType, state: Moments) -> Any:
    """Of all units."""
    square = _squares(xp, state) / xp.maximum(state.samples, 1)[..., None]
    return (xp.sqrt(square) * _scale(xp, state)).astype(state.scaled.dtype)


def _squares(xp: ModuleType, state: Moments) -> Any:
    """The diagonal of `scaled`; exactly 0 for a constant unit, of which a merge over devices may leave rounding."""
    varies = joint(state.high, state.rest, xp) > joint(state.low, state.rest, xp)
    diagonal = xp.maximum(xp.diagonal(state.scaled, axis1=-2, axis2=-1), 0)
    return xp.where(varies | xp.isnan(diagonal), diagonal, 0)


def _scale(xp: ModuleType, state: Moments) -> Any:
    return binary_range(joint(state.low, state.rest, xp), joint(state.high, state.rest, xp), xp)


def _products(xp: ModuleType, state: Moments) -> Any:
    scale = _scale(xp, state)
    return state.scaled * scale[..., :, None] * scale[..., None, :]


def _std(xp: ModuleType, state: Moments) -> tuple:
    return split(standard_deviations(xp, state), state.means)


def _constant(xp: ModuleType, state: Moments) -> tuple:
    return split(_squares(xp, state) == 0, state.means)


def _between(xp: ModuleType, state: Moments, *, first: int, second: int) -> Any:
    return correlations(xp, state)[..., place(state, first), place(state, second)]


def _networks(xp: ModuleType, state: Moments, *, numbers: tuple[int, ...]) -> Moments:
    every = np.arange(state.rest.shape[-1])
    index = np.concatenate([every[:0], *(every[place(state, number)] for number in numbers)])
    means, low, high = (tuple(part[i] for i in numbers) for part in (state.means, state.low, state.high))
    scaled = state.scaled[..., index, :][..., index]
    return Moments(state.samples, means, state.rest[..., index], low, high, scaled)


def place(state: Moments, network: int) -> slice:
    """Where in the joint order the units of a network stand."""
    stops = ends(state.means)
    number = range(len(state.means))[network]
    return slice(stops[number], stops[number + 1])


def joint(parts: Sequence[Any], like: Any, xp: ModuleType = jnp) -> Any:
    """All networks' units one after the other, or, where there is no network, none of the dtype of `like`."""
    return xp.concatenate(parts, axis=-1) if parts else like[..., :0]


def split(units: Any, like: Sequence[Any]) -> tuple[Any, ...]:
    """The reverse of `joint`."""
    return tuple(units[..., start:stop] for start, stop in pairwise(ends(like)))


def ends(parts: Sequence[Any]) -> list[int]:
    """Where in the joint order each network's units begin, and where the last one's end."""
    return list(accumulate((part.shape[-1] for part in parts), initial=0))
