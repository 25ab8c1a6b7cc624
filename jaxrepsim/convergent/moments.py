"""Means, standard deviations and correlations of all units, from samples that come batch by batch."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.compression.inputs import as_activations
from jaxrepsim.compression.products import with_all_digits


class Moments(NamedTuple):
    """First and second moments of the units of one or more networks, on the same samples.

    All that is linear in this package is a function of these n² numbers, however many samples there were: correlations,
    sparse prediction, clustering.

    Fields:
        samples: How many were seen.
        means: For each network (units,): the mean of each unit; 0 where nothing was seen.
        low: For each network (units,): the least value of each unit; ∞ where nothing was seen.
        high: For each network (units,): the largest value of each unit; −∞ where nothing was seen.
        products: (n, n), n the units of all networks, one network after the other: Σ (z_i − mean_i)(z_j − mean_j) over
            the samples.
    """

    samples: Int[Array, ""]
    means: tuple[Float[Array, "_"], ...]
    low: tuple[Float[Array, "_"], ...]
    high: tuple[Float[Array, "_"], ...]
    products: Float[Array, "n n"]

    @property
    def std(self) -> tuple[Float[Array, "_"], ...]:
        """For each network (units,): the standard deviation √(Σ (z − mean)² / samples); 0 for a constant one."""
        square = jnp.diagonal(self.products) / jnp.maximum(self.samples, 1)
        live = ~_joint(self.constant)
        return _split(jnp.where(live, jnp.sqrt(jnp.maximum(square, 0)), 0.0), self.means)

    @property
    def constant(self) -> tuple[Bool[Array, "_"], ...]:
        """For each network (units,): which units never change. A dead unit, zero on all samples, is one of them."""
        flat = (_joint(self.high) <= _joint(self.low)) | (jnp.diagonal(self.products) <= 0)
        return _split(flat, self.means)

    @property
    def correlation(self) -> Float[Array, "n n"]:
        """(n, n), in [−1, 1]: Pearson's correlation of all units with all; 0 with a constant unit, itself included."""
        live = ~_joint(self.constant)
        scale = jnp.where(live, jax.lax.rsqrt(jnp.where(live, jnp.diagonal(self.products), 1.0)), 0.0)
        # One factor after the other: their product may underflow where each is a normal number.
        found = jnp.clip(self.products * scale[:, None] * scale, -1, 1)
        return jnp.where(jnp.eye(len(scale), dtype=bool), jnp.where(live, 1.0, 0.0), found)

    def within(self, network: int) -> Float[Array, "_ _"]:
        """The correlations of a network's units with one another."""
        return self.between(network, network)

    def between(self, first: int, second: int) -> Float[Array, "_ _"]:
        """The correlations of a network's units with those of another."""
        return self.correlation[self._place(first), self._place(second)]

    def networks(self, *numbers: int) -> "Moments":
        """The same of some networks, in the order given."""
        joint = jnp.arange(len(self.products))
        index = jnp.concatenate([joint[:0], *(joint[self._place(number)] for number in numbers)])
        means, low, high = (tuple(part[i] for i in numbers) for part in (self.means, self.low, self.high))
        return Moments(self.samples, means, low, high, self.products[index][:, index])

    def _place(self, network: int) -> slice:
        ends = [0]
        for part in self.means:
            ends.append(ends[-1] + part.shape[0])
        return slice(ends[network], ends[network + 1])


def init(units: Sequence[int], dtype: DTypeLike = jnp.float32) -> Moments:
    """The state of no samples.

    Args:
        units: The number of units of each network.
        dtype: Of the sums; float64 where x64 is on, for more than some ten million samples.

    Returns:
        A state for `update`.

    >>> init((3, 2)).products.shape
    (5, 5)
    """
    dtype = jnp.zeros((), dtype).dtype
    total = sum(units)
    return Moments(
        jnp.zeros((), int),
        tuple(jnp.zeros(n, dtype) for n in units),
        tuple(jnp.full(n, jnp.inf, dtype) for n in units),
        tuple(jnp.full(n, -jnp.inf, dtype) for n in units),
        jnp.zeros((total, total), dtype),
    )


@with_all_digits
def update(state: Moments, *activations: ArrayLike, where: Bool[Array, "samples"] | None = None) -> Moments:
    """The state after some more samples.

    The batch is centred by its own mean before anything is multiplied, and merged by Chan's formula, so that units
    whose mean is large beside their standard deviation keep their digits.

    Args:
        state: A state.
        *activations: (samples, units), one a network, row i of each the response to the same input.
        where: (samples,), the rows that count; by default all.

    Returns:
        The state.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, networks or units that the state was not begun for.

    Source: Chan, Golub and LeVeque 1983, Algorithms for computing the sample variance, The American Statistician 37.

    >>> x = jnp.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    >>> state = update(update(init((2,)), x[:2]), x[2:])
    >>> state.means[0].tolist(), state.constant[0].tolist()
    ([3.0, 5.0], [False, True])
    """
    arrays = as_activations(*activations)
    wanted, received = ([part.shape[-1] for part in parts] for parts in (state.means, arrays))
    if wanted != received:
        raise ValueError(
            f"the moments were begun for {len(wanted)} networks of {wanted} units, received are activations of "
            f"{len(received)} networks of {received} units"
        )
    if not arrays:
        return state
    rows = jnp.concatenate([array.astype(state.products.dtype) for array in arrays], axis=1)
    used = jnp.ones((len(rows), 1), bool) if where is None else where[:, None]
    if used.shape[0] != len(rows):
        raise ValueError(f"where names {used.shape[0]} rows, and there are {len(rows)}")
    count = jnp.sum(used, dtype=state.samples.dtype)
    share = jnp.maximum(count, 1).astype(rows.dtype)
    first = jnp.sum(jnp.where(used, rows, 0), axis=0) / share
    centred = jnp.where(used, rows - first, 0)
    # What rounding left of the mean: taken off the products, and not from every sample.
    rest = jnp.sum(centred, axis=0) / share
    products = centred.T @ centred - share * rest[:, None] * rest
    batch = Moments(
        count,
        _split(first + rest, state.means),
        _split(jnp.min(rows, axis=0, where=used, initial=jnp.inf), state.means),
        _split(jnp.max(rows, axis=0, where=used, initial=-jnp.inf), state.means),
        products,
    )
    return merge(state, batch)


def merge(first: Moments, second: Moments) -> Moments:
    """The moments of the samples of both.

    Args:
        first: A state.
        second: Another, of networks with the same numbers of units.

    Returns:
        A state.

    Raises:
        ValueError: The numbers of networks or units differ.

    >>> x = jnp.arange(6.0).reshape(3, 2)
    >>> merge(update(init((2,)), x), update(init((2,)), x)).samples.item()
    6
    """
    a, b = ([part.shape[-1] for part in state.means] for state in (first, second))
    if a != b:
        raise ValueError(f"moments of networks of {a} units do not merge with those of networks of {b} units")
    count = first.samples + second.samples
    old, new = _joint(first.means), _joint(second.means)
    share = second.samples / jnp.maximum(count, 1).astype(old.dtype)
    step = new - old
    return Moments(
        count,
        _split(old + share * step, first.means),
        tuple(map(jnp.minimum, first.low, second.low)),
        tuple(map(jnp.maximum, first.high, second.high)),
        first.products + second.products + first.samples * share * step[:, None] * step,
    )


def merge_over(state: Moments, axis_name: str) -> Moments:
    """Inside `shard_map` or `vmap`: the moments of the samples of all devices along an axis, on each of them.

    Args:
        state: Each device's own.
        axis_name: The axis.

    Returns:
        A state.
    """
    count = jax.lax.psum(state.samples, axis_name)
    own = _joint(state.means)
    share = state.samples / jnp.maximum(count, 1).astype(own.dtype)
    mean = jax.lax.psum(share * own, axis_name)
    step = own - mean
    return Moments(
        count,
        _split(mean, state.means),
        tuple(jax.lax.pmin(part, axis_name) for part in state.low),
        tuple(jax.lax.pmax(part, axis_name) for part in state.high),
        jax.lax.psum(state.products + state.samples * step[:, None] * step, axis_name),
    )


def of(*activations: ArrayLike) -> Moments:
    """The moments of samples that are all there.

    Args:
        *activations: (samples, units), one a network: raw, one row a sample. A compressed pair has lost its means.

    Returns:
        The moments, in the dtype of the activations.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, or different numbers of samples.

    >>> x = jnp.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    >>> of(x, -x).between(0, 1).round(3).tolist()
    [[-1.0, -0.5], [-0.5, -1.0]]
    """
    arrays = as_activations(*activations)
    dtype = arrays[0].dtype if arrays else jnp.float32
    return update(init([array.shape[1] for array in arrays], dtype), *arrays)


def _joint(parts: Sequence[Array]) -> Array:
    return jnp.concatenate(parts) if parts else jnp.zeros(0)


def _split(joint: Array, like: Sequence[Array]) -> tuple[Array, ...]:
    ends = [0]
    for part in like:
        ends.append(ends[-1] + part.shape[-1])
    return tuple(joint[start:stop] for start, stop in pairwise(ends))
