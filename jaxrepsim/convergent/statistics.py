"""What sums over samples say of all units: means, standard deviations, correlations."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
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
        return binary_range(joint(self.low, self.rest), joint(self.high, self.rest))

    @property
    def products(self) -> Float[Array, "*stack n n"]:
        """(n, n): Σ (z_i − mean_i)(z_j − mean_j) over the samples."""
        return self.scaled * self.scale[..., :, None] * self.scale[..., None, :]

    @property
    def std(self) -> tuple[Float[Array, "*stack _"], ...]:
        """For each network (units,): the standard deviation √(Σ (z − mean)² / samples); 0 for a constant one."""
        square = self._squares() / jnp.maximum(self.samples, 1)[..., None]
        return split(jnp.sqrt(square) * self.scale, self.means)

    @property
    def constant(self) -> tuple[Bool[Array, "*stack _"], ...]:
        """For each network (units,): which units never change. A dead unit, zero on all samples, is one of them."""
        return split(self._squares() == 0, self.means)

    @property
    def correlation(self) -> Float[Array, "*stack n n"]:
        """(n, n), in [−1, 1]: Pearson's correlation of all units with all; 0 with a constant unit, itself included."""
        squares = self._squares()
        inverse = jnp.where(squares == 0, 0, 1 / jnp.sqrt(jnp.where(squares == 0, 1, squares)))
        found = jnp.clip(self.scaled * inverse[..., :, None] * inverse[..., None, :], -1, 1)
        # The sign is 1, 0 for a constant unit, and NaN stays.
        return jnp.where(jnp.eye(squares.shape[-1], dtype=bool), jnp.sign(squares)[..., None], found)

    def within(self, network: int) -> Float[Array, "*stack _ _"]:
        """The correlations of a network's units with one another."""
        return self.between(network, network)

    def between(self, first: int, second: int) -> Float[Array, "*stack _ _"]:
        """The correlations of a network's units with those of another."""
        return self.correlation[..., self._place(first), self._place(second)]

    def networks(self, *numbers: int) -> "Moments":
        """The same of some networks, in the order given."""
        joint = jnp.arange(self.rest.shape[-1])
        index = jnp.concatenate([joint[:0], *(joint[self._place(number)] for number in numbers)])
        means, low, high = (tuple(part[i] for i in numbers) for part in (self.means, self.low, self.high))
        scaled = self.scaled[..., index, :][..., index]
        return Moments(self.samples, means, self.rest[..., index], low, high, scaled)

    def _squares(self) -> Array:
        """The diagonal of `scaled`; exactly 0 for a constant unit, of which a merge over devices may leave rounding."""
        varies = joint(self.high, self.rest) > joint(self.low, self.rest)
        diagonal = jnp.maximum(jnp.diagonal(self.scaled, axis1=-2, axis2=-1), 0)
        return jnp.where(varies | jnp.isnan(diagonal), diagonal, 0)

    def _place(self, network: int) -> slice:
        stops = ends(self.means)
        place = range(len(self.means))[network]
        return slice(stops[place], stops[place + 1])


def binary_range(low: Float[Array, "*stack n"], high: Float[Array, "*stack n"]) -> Float[Array, "*stack n"]:
    """The power of two next to the largest magnitude between two bounds; 1 where that is 0 or there is nothing."""
    return next_power_of_two(jnp.where(high >= low, jnp.maximum(jnp.abs(low), jnp.abs(high)), 0))


def joint(parts: Sequence[Array], like: Array) -> Array:
    """All networks' units one after the other, or, where there is no network, none of the dtype of `like`."""
    return jnp.concatenate(parts, axis=-1) if parts else like[..., :0]


def split(units: Array, like: Sequence[Array]) -> tuple[Array, ...]:
    """The reverse of `joint`."""
    return tuple(units[..., start:stop] for start, stop in pairwise(ends(like)))


def ends(parts: Sequence[Array]) -> list[int]:
    """Where in the joint order each network's units begin, and where the last one's end."""
    return list(accumulate((part.shape[-1] for part in parts), initial=0))
