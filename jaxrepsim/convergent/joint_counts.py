"""How often two units are in each pair of their bins: counts from samples that come batch by batch."""

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int
from jaxrepsim.convergent.binning import check_bins
from jaxrepsim.numerics.buckets import cut, padded, size_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array, on_device, traced

INDICATORS = 2**25
"""How many indicators of both networks there are at a time: 64 MB of them."""


class JointCounts(NamedTuple):
    """Joint counts of the bins of all units x with all units y, on the same samples.

    Fields:
        counts: (n_x, bins, n_y, bins): in how many samples unit i of x is in bin a, and unit j of y in bin b. The order
            of the axes is that of the matrix product that counts.
    """

    counts: Int[Array, "n_x bins n_y bins"]

    @property
    def plug_in(self) -> Float[Array, "n_x n_y"]:
        """(n_x, n_y), in nats, 0 or more: mutual information of the observed frequencies, Σ p_ab log(p_ab / p_a p_b).

        It is too large on average: by about (K_x − 1)(K_y − 1) / 2m for independent units that fill K_x and K_y bins,
        and m samples.
        """
        return _of_pairs(self.counts, corrected=False)

    @property
    def mutual_information(self) -> Float[Array, "n_x n_y"]:
        """(n_x, n_y), in nats: mutual information with the bias correction of Miller and Madow.

        To each of H(x), H(y) and H(x, y), of which I = H(x) + H(y) − H(x, y), is added (K − 1) / 2m, with K its bins
        that are not empty: I + (K_x + K_y − K_xy − 1) / 2m. It may fall below 0. With a unit that is always in one bin
        it is 0.
        """
        return _of_pairs(self.counts, corrected=True)


def init(units: Sequence[int], bins: int = 10) -> JointCounts:
    """The counts of no samples.

    Args:
        units: The numbers of units of x and of y.
        bins: How many, at least 2; static.

    Returns:
        A state for `update`.

    Raises:
        ValueError: Fewer than 2 bins.

    >>> init((3, 2), bins=4).counts.shape
    (3, 4, 2, 4)
    """
    check_bins(bins)
    n_x, n_y = units
    return JointCounts(on_device(np.zeros((n_x, bins, n_y, bins), np.int32)))


def update(state: JointCounts, x_bins: ArrayLike, y_bins: ArrayLike, where: ArrayLike | None = None) -> JointCounts:
    """The counts after some more samples, in exact integers, up to 2³¹ − 1 samples in all.

    A matrix product of indicators [unit i is in bin a], some thousand samples at a time: zeros and ones are exact in
    bfloat16, which processors that have it multiply fastest, and sums of them in float32 up to 2²⁴.

    Args:
        state: A state.
        x_bins: (samples, n_x), from `bin_index`.
        y_bins: (samples, n_y), the bins of the other network's units on the same samples.
        where: (samples,), the rows that count; by default all.

    Returns:
        The state.

    Raises:
        ValueError: Different numbers of samples, or units that the state was not begun for.

    >>> x, y = jnp.array([[0], [0], [1]]), jnp.array([[1], [1], [0]])
    >>> update(init((1, 1), bins=2), x, y).counts[0, :, 0].tolist()
    [[0, 2], [1, 0]]
    """
    x_bins, y_bins = map(as_array, (x_bins, y_bins))
    n_x, _, n_y, _ = state.counts.shape
    samples = x_bins.shape[0]
    if y_bins.shape[0] != samples:
        raise ValueError(
            f"the networks have different numbers of samples, {samples} and {y_bins.shape[0]}; "
            "row i of each must be the response to the same input"
        )
    if (n_x, n_y) != (x_bins.shape[1], y_bins.shape[1]):
        raise ValueError(
            f"the counts were begun for networks of {n_x} and {n_y} units, received bins of {x_bins.shape[1]} and "
            f"{y_bins.shape[1]}"
        )
    if where is not None and np.shape(where) != (samples,):
        raise ValueError(f"where has the shape {np.shape(where)}, and there are {samples} samples")
    if traced(state, x_bins, y_bins, where):
        used = jnp.ones(samples, bool) if where is None else jnp.asarray(where, bool)
        return counted(state, jnp.asarray(x_bins), jnp.asarray(y_bins), used)
    rows = size_bucket(samples, 64)
    used = np.ones(samples, bool) if where is None else np.asarray(where, bool)
    wide = (padded(part, (rows, part.shape[1])) for part in (x_bins, y_bins))
    return counted(state, *wide, padded(used, (rows,)))


@jax.jit
def counted(
    state: JointCounts, x_bins: Int[Array, "m n_x"], y_bins: Int[Array, "m n_y"], where: Bool[Array, "m"]
) -> JointCounts:
    """`update`, in a program."""
    n_x, bins, n_y, _ = state.counts.shape
    if not state.counts.size:
        return state
    x_bins = jnp.where(where[:, None], x_bins, -1)  # in no bin
    height = min(2**24, max(1, INDICATORS // (bins * (n_x + n_y))))
    blocks, rest = divmod(len(x_bins), height)
    # The rest first: inside `shard_map` the counts then differ from device to device, as what is added to them does.
    counts = state.counts + _counted(x_bins[:rest], y_bins[:rest], bins)
    chunks = tuple(part[rest:].reshape(blocks, height, part.shape[1]) for part in (x_bins, y_bins))
    counts, _ = jax.lax.scan(lambda so_far, xy: (so_far + _counted(xy[0], xy[1], bins), None), counts, chunks)
    return JointCounts(counts)


def merge(first: JointCounts, second: JointCounts) -> JointCounts:
    """The counts of the samples of both.

    Args:
        first: A state.
        second: Another, of as many units and bins.

    Returns:
        A state.

    Raises:
        ValueError: The numbers of units or bins differ.

    >>> one = update(init((1, 1), bins=2), jnp.array([[0]]), jnp.array([[1]]))
    >>> merge(one, one).counts[0, :, 0].tolist()
    [[0, 2], [0, 0]]
    """
    if first.counts.shape != second.counts.shape:
        raise ValueError(
            f"counts of (n_x, bins, n_y, bins) = {first.counts.shape} do not merge with {second.counts.shape}"
        )
    return in_numpy(_sum, first, second)


def merge_over(state: JointCounts, axis_name: str) -> JointCounts:
    """Inside `shard_map` or `vmap`: the counts of the samples of all devices along an axis, on each of them.

    Args:
        state: Each device's own.
        axis_name: The axis.

    Returns:
        A state.
    """
    return JointCounts(jax.lax.psum(state.counts, axis_name))


def _sum(_: ModuleType, first: JointCounts, second: JointCounts) -> JointCounts:
    return JointCounts(first.counts + second.counts)


def _counted(x_bins: Array, y_bins: Array, bins: int) -> Array:
    """The counts of a chunk, of at most 2²⁴ samples."""

    def indicators(of: Array) -> Array:
        # Samples last: a CPU multiplies these twice as fast as their transposes.
        return (of.T[:, None] == jnp.arange(bins)[:, None]).astype(jnp.bfloat16)

    product = jnp.einsum("iam,jbm->iajb", *map(indicators, (x_bins, y_bins)), preferred_element_type=jnp.float32)
    return product.astype(jnp.int32)


def _of_pairs(counts: Array, *, corrected: bool) -> Float[Array, "n_x n_y"]:
    n_x, bins, n_y, _ = counts.shape
    if traced(counts):
        return _information(counts, corrected)
    wide = padded(counts, (size_bucket(n_x, 16), bins, size_bucket(n_y, 16), bins))
    return cut(_information(wide, corrected), (n_x, n_y))


@partial(jax.jit, static_argnums=1)
def _information(counts: Array, corrected: bool) -> Float[Array, "n_x n_y"]:
    if not counts.size:
        return jnp.zeros((counts.shape[0], counts.shape[2]))
    # One unit of x at a time: floats for all pairs of bins would be as many again as the counts, and wider.
    return jax.lax.map(lambda of: _plug_in(of) + _correction(of) if corrected else _plug_in(of), counts)


def _plug_in(counts: Array) -> Array:
    """(n_y,) of a unit of x, from its counts (bins, n_y, bins)."""
    dtype = jnp.zeros(()).dtype
    x, y = (jnp.sum(counts, axis=axis, keepdims=True, dtype=jnp.int32) for axis in (2, 0))
    total = jnp.maximum(jnp.sum(x, axis=0, keepdims=True, dtype=jnp.int32), 1)
    joint, x, y, total = (part.astype(dtype) for part in (counts, x, y, total))
    # The ratio is 1 to the last digit where p_ab = p_a p_b, and near it no digits are lost, as with log p of each.
    ratio = jnp.where(joint > 0, joint * total / jnp.where(joint > 0, x * y, 1), 1)
    return jnp.maximum(jnp.sum(joint / total * jnp.log(ratio), axis=(0, 2)), 0)


def _correction(counts: Array) -> Array:
    """(n_y,) of a unit of x: (K_x + K_y − K_xy − 1) / 2m."""
    x, y = (jnp.sum(counts, axis=axis, dtype=jnp.int32) for axis in (2, 0))
    filled_x, filled_y = jnp.sum(x > 0, axis=0), jnp.sum(y > 0, axis=1)
    filled = jnp.sum(counts > 0, axis=(0, 2))
    total = jnp.maximum(jnp.sum(x, axis=0, dtype=jnp.int32), 1).astype(jnp.zeros(()).dtype)
    seen = filled > 0
    return jnp.where(seen, filled_x + filled_y - filled - 1, 0) / (2 * total)
