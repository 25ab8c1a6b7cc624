"""Adaptive bins of a unit's values: one for zeros, the others of equal count.

For more samples than memory holds in two passes: `row_sample` for edges, and `joint_counts` of the bins of all rows.
"""

from functools import partial

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.numerics.buckets import cut, padded, size_bucket
from jaxrepsim.numerics.inputs import as_activations, as_array, traced


def bin_edges(rows: ArrayLike, bins: int) -> Float[Array, "units inner"]:
    """Where each unit's nonzero values are cut into `bins − 1` bins of equal count, as nearly as they can be.

    Of a unit's N nonzero values, cut j of k = bins − 1 divides the smaller from the larger so that the number of the
    smaller is nearest to jN/k, the fewer if two are as near. Equal values are never divided. Its edge is the largest of
    the smaller values, −∞ where there is none. So the edges are sample quantiles that are values of the unit, with
    counts that differ by 1 at most where all values differ; of equal values that the quantile would divide, all go to
    the side where more of them would be. Bins may then be empty, but two different values alone are always told apart.
    Cuts depend on the order of the values only, and (but for cuts as near) turn round with it.

    Zero rows change nothing. A unit without a nonzero value has all edges at −∞.

    Edges from a sample of r nonzero values put shares into the bins that are off: a share q of the values below an edge
    has the standard error √(q (1 − q) / r), at most 0.5 % for 10,000. Mutual information is of the partition that the
    edges make, whichever it is: it is exact for given edges, and other edges are other bins, not an error.

    Args:
        rows: (samples, units), activations or a sample of them.
        bins: How many, zeros' own included, at least 2; static.

    Returns:
        (units, bins − 2): ascending; a unit's edge i, from 0, is the largest value of its bin i + 1, if it has any.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, fewer than 2 bins, or a concrete activation that is NaN or infinite. Where a traced
            one is, the unit's edges are NaN.

    Source: Li et al. 2015, arXiv:1511.07543 (adaptive bins); Hyndman and Fan 1996, Sample quantiles in statistical
    packages, The American Statistician 50 (definition 3, the nearest observation, but for ties).

    >>> x = jnp.array([[0.0, 5.0, 3.0, 0.0, 1.0, 2.0, 4.0, 6.0]]).T
    >>> bin_edges(x, bins=4).tolist()
    [[2.0, 4.0]]
    """
    check_bins(bins)
    (rows,) = as_activations(rows)
    samples, units = rows.shape
    if traced(rows):
        return edges_of(rows, bins)
    wide = padded(rows, (size_bucket(samples, 64), size_bucket(units, 16)))
    return cut(edges_of(wide, bins), (units, bins - 2))


@partial(jax.jit, static_argnums=1)
def edges_of(rows: Float[Array, "samples units"], bins: int) -> Float[Array, "units inner"]:
    """`bin_edges`, in a program."""
    samples, units = rows.shape
    if samples == 0:
        return jnp.full((units, bins - 2), -jnp.inf, rows.dtype)
    nonzero = rows != 0
    ascending = _sorted(jnp.where(nonzero, rows, jnp.inf).T)
    count = jnp.sum(nonzero, axis=0, dtype=jnp.int32)
    groups = bins - 1

    def of_unit(values: Array, count: Array) -> Array:
        # jN/k as a whole number and a remainder of 1/k, for integers decide, and k N may be too large for them.
        numbers = jnp.arange(1, groups, dtype=jnp.int32)
        parts = numbers * (count % groups)
        whole, remainder = numbers * (count // groups) + parts // groups, parts % groups
        value = values[whole]
        fewer, more = (jnp.searchsorted(values, value, side=side) for side in ("left", "right"))
        below = jnp.where(fewer > 0, values[jnp.maximum(fewer - 1, 0)], -jnp.inf)
        nearer_more = groups * jnp.clip((more - whole) - (whole - fewer), -1, 2) < 2 * remainder
        return jnp.where((count > 0) & nearer_more, value, below)

    finite = jnp.all(jnp.isfinite(rows), axis=0)
    return jnp.where(finite[:, None], jax.vmap(of_unit)(ascending, count), jnp.nan)


def bin_index(x: ArrayLike, edges: ArrayLike) -> Int[Array, "samples units"]:
    """The bin of each value: 0 for zero, of either sign, else 1 + the number of edges below it.

    Args:
        x: (samples, units), activations.
        edges: (units, bins − 2), from `bin_edges`.

    Returns:
        (samples, units), integers from 0 to bins − 1. A value that equals an edge is in the bin below it.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, edges of another number of units, or a concrete activation that is NaN or infinite. A
            traced NaN is in bin 1, as no integer is NaN: check for these before.

    >>> x = jnp.array([[0.0, 5.0, 3.0, -0.0, 1.0, 2.0, 4.0, 6.0]]).T
    >>> bin_index(x, bin_edges(x, bins=4)).T.tolist()
    [[0, 3, 2, 0, 1, 1, 2, 3]]
    """
    (x,) = as_activations(x)
    edges = as_array(edges)
    if edges.ndim != 2 or edges.shape[0] != x.shape[1]:
        raise ValueError(f"edges must have the shape (units, bins − 2) of {x.shape[1]} units, not {edges.shape}")
    if traced(x, edges):
        return index_of(x, jnp.asarray(edges))
    samples, units = x.shape
    wide = size_bucket(units, 16)
    found = index_of(padded(x, (size_bucket(samples, 64), wide)), padded(edges, (wide, edges.shape[1])))
    return cut(found, (samples, units))


@jax.jit
def index_of(x: Float[Array, "samples units"], edges: Float[Array, "units inner"]) -> Int[Array, "samples units"]:
    """`bin_index`, in a program."""
    below = jnp.sum(edges.T[:, None, :] < x, axis=0, dtype=jnp.int32)
    return jnp.where(x == 0, 0, 1 + below)


def check_bins(bins: int) -> None:
    """Refuses fewer than a bin for zeros and one for the rest.

    Raises:
        ValueError: Fewer than 2.
    """
    if bins < 2:
        raise ValueError(f"bins must be at least 2, one of them for zeros; received {bins}")


def _sorted(values: Array) -> Array:
    """Ascending along the last axis: by integers in the same order, which a CPU sorts several times as fast."""
    integer = jnp.int32 if values.dtype == jnp.float32 else jnp.int64

    def turned(bits: Array) -> Array:
        return jnp.where(bits < 0, bits ^ jnp.iinfo(integer).max, bits)

    bits = jnp.sort(turned(jax.lax.bitcast_convert_type(values, integer)), axis=-1)
    return jax.lax.bitcast_convert_type(turned(bits), values.dtype)
