"""A bounded random sample of the rows of all networks, from samples that come batch by batch.

The first of the two passes of mutual information, for the edges of each unit's bins.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Key
from jaxrepsim.convergent.binning import bin_edges
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_activations, narrowed, on_device, traced

EMPTY = 2**31 - 1
"""The priority of a place that holds no row: after that of every row."""


class RowSample(NamedTuple):
    """A uniform sample, without replacement, of the rows seen so far: those of least random priority.

    Fields:
        rows: For each network (capacity, units): the sample, in the order of its priorities; then zeros.
        priority: (capacity,): each row's random number, `EMPTY` where there is none.
    """

    rows: tuple[Float[Array, "capacity _"], ...]
    priority: Int[Array, "capacity"]

    @property
    def held(self) -> Int[Array, ""]:
        """How many rows it holds: all that were seen, up to its capacity."""
        return in_numpy(_held, self.priority)

    def edges(self, bins: int) -> tuple[Float[Array, "_ _"], ...]:
        """For each network (units, bins − 2): `bin_edges` of the sample; while it holds all rows, those of all.

        Args:
            bins: How many, at least 2.

        Raises:
            ValueError: Fewer than 2 bins.
        """
        return tuple(bin_edges(rows, bins) for rows in self.rows)


def init(units: Sequence[int], capacity: int, dtype: DTypeLike = jnp.float32) -> RowSample:
    """The sample of no rows.

    Args:
        units: The number of units of each network.
        capacity: How many rows to hold at most; static.
        dtype: In which to hold them: that of the activations, for edges are values of them.

    Returns:
        A state for `update`.

    Raises:
        ValueError: A capacity below 1.

    >>> init((3, 2), capacity=4).held.item()
    0
    """
    if capacity < 1:
        raise ValueError(f"a sample holds 1 row or more, received the capacity {capacity}")
    return RowSample(
        tuple(on_device(np.zeros((capacity, n), dtype)) for n in units), on_device(np.full(capacity, EMPTY, np.int32))
    )


def update(state: RowSample, key: Key[Array, ""], *activations: ArrayLike, where: ArrayLike | None = None) -> RowSample:
    """The sample after some more rows: each draws a random priority, and those of least priority stay.

    Args:
        state: A state.
        key: Another one for each batch, and for each device.
        *activations: (samples, units), one a network, row i of each the response to the same input.
        where: (samples,), the rows that count; by default all.

    Returns:
        The state.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks or units that the state was not begun for, a
            mask of another shape, or a concrete activation that is NaN or infinite in a row that counts. Traced ones
            are sampled like others, and the edges of their units are NaN.

    Source: Cohen and Kaplan 2007, Summarizing data using bottom-k sketches, PODC.

    >>> x = jnp.arange(10.0)[:, None]
    >>> state = update(init((1,), capacity=4), jax.random.key(0), x)
    >>> state.rows[0].shape, state.held.item()
    ((4, 1), 4)
    """
    arrays = as_activations(*activations, where=where)
    wanted, received = ([part.shape[-1] for part in parts] for parts in (state.rows, arrays))
    if wanted != received:
        raise ValueError(
            f"the sample was begun for {len(wanted)} networks of {wanted} units, received activations of "
            f"{len(received)} networks of {received} units"
        )
    if not arrays:
        return state
    samples = arrays[0].shape[0]
    arrays = tuple(narrowed(array, part.dtype, where) for array, part in zip(arrays, state.rows, strict=True))
    if traced(state, key, arrays, where):
        return _update(state, key, arrays, jnp.ones(samples, bool) if where is None else jnp.asarray(where, bool))
    # Priorities depend on a row's place alone, wherever the array ends.
    rows = size_bucket(samples, 64)
    used = np.ones(samples, bool) if where is None else np.asarray(where, bool)
    return _update(state, key, tuple(padded(a, (rows, a.shape[1])) for a in arrays), padded(used, (rows,)))


@jax.jit
def _update(state: RowSample, key: Array, arrays: tuple[Array, ...], used: Bool[Array, "m"]) -> RowSample:
    priority = jax.random.randint(key, used.shape, 0, EMPTY, jnp.int32)
    return _least(state, RowSample(arrays, jnp.where(used, priority, EMPTY)))


def merge(first: RowSample, second: RowSample) -> RowSample:
    """The sample of the rows of both, in any order the same.

    Args:
        first: A state.
        second: Another, of networks with the same numbers of units and of the same capacity, made with other keys.

    Returns:
        A state.

    Raises:
        ValueError: The numbers of networks or units differ, or the capacities.

    >>> a, b = (update(init((1,), 4), jax.random.key(seed), jnp.ones((3, 1))) for seed in (0, 1))
    >>> merge(a, b).held.item()
    4
    """
    a, b = ([part.shape for part in state.rows] for state in (first, second))
    if a != b or first.priority.shape != second.priority.shape:
        raise ValueError(f"samples of networks of (capacity, units) {a} do not merge with those of {b}")
    return _least(first, second)


def merge_over(state: RowSample, axis_name: str) -> RowSample:
    """Inside `shard_map` or `vmap`: the sample of the rows of all devices along an axis, on each of them.

    Only priorities are gathered from all; of the rows, each device adds those that stay, in their places.

    Args:
        state: Each device's own, made with keys of its own.
        axis_name: The axis.

    Returns:
        A state.
    """
    capacity = len(state.priority)
    device = jax.lax.axis_index(axis_name)
    everyone = jax.lax.psum(
        jnp.zeros((jax.lax.axis_size(axis_name), capacity), jnp.int32).at[device].set(state.priority), axis_name
    ).ravel()
    order = jnp.argsort(everyone, stable=True)
    place = jnp.zeros_like(order).at[order].set(jnp.arange(len(order), dtype=order.dtype))
    own = jax.lax.dynamic_slice_in_dim(place, device * capacity, capacity)
    rows = (jnp.zeros_like(part).at[own].set(part, mode="drop") for part in state.rows)
    return RowSample(tuple(jax.lax.psum(part, axis_name) for part in rows), everyone[order[:capacity]])


def _held(xp: ModuleType, priority: Any) -> Any:
    return xp.sum(priority < EMPTY, dtype=xp.int32)


@jax.jit
def _least(first: RowSample, second: RowSample) -> RowSample:
    """Of the rows of both those of least priority, as many as `first` has places; in order, and zeros after them."""
    priority = jnp.concatenate([first.priority, second.priority])
    order = jnp.argsort(priority, stable=True)[: len(first.priority)]
    priority = priority[order]
    held = (priority < EMPTY)[:, None]
    pairs = zip(first.rows, second.rows, strict=True)
    return RowSample(tuple(jnp.where(held, jnp.concatenate(pair)[order], 0) for pair in pairs), priority)
