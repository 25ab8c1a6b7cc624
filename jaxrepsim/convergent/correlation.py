"""Pearson's correlation of the units of two networks."""

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.numerics.buckets import cut, padded, size_bucket, width_bucket
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale

BLOCK = 1000
"""Samples that are centred together: so few that they are still in the cache when they are multiplied."""


def correlation(x: ArrayLike, y: ArrayLike) -> Float[Array, "n_x n_y"]:
    """Pearson's correlation of every unit of one network with every unit of another.

    c_ij = Σ (x_i − mean)(y_j − mean) / √(Σ (x_i − mean)² · Σ (y_j − mean)²), and 0 where a unit is constant.

    Each sum splits into those within blocks of samples, about the block's own means, and one over the means of the
    blocks. So activations are read from memory twice and nothing of their size is written; and as none is multiplied
    before it is centred, a mean that is large beside the standard deviation costs no digits. Each unit is divided by a
    power of two, and its first value taken off, which changes no correlation: nothing overflows, and a constant unit
    becomes zero exactly.

    Args:
        x: (samples, n_x), raw activations: a compressed pair has lost its means.
        y: (samples, n_y), the responses to the same inputs.

    Returns:
        (n_x, n_y), in [−1, 1].

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Where
            a traced one is, all correlations with its unit are NaN.

    Source: Li et al. 2015, arXiv:1511.07543, section 3. The split of the sums: Chan, Golub and LeVeque 1983,
    Algorithms for computing the sample variance, The American Statistician 37.

    >>> x = jnp.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    >>> correlation(x, jnp.array([[3.0, 1.0], [1.0, 0.0], [2.0, 2.0]])).round(3).tolist()
    [[-0.5, 0.5], [0.0, 0.0]]
    """
    x, y = pair = as_activations(x, y)
    samples, n_x, n_y = x.shape[0], x.shape[1], y.shape[1]
    if not samples:
        return jnp.zeros((n_x, n_y), x.dtype)
    if traced(pair):
        return _correlation(x, y, samples)
    rows = size_bucket(samples, 64)
    wide = (padded(array, (rows, width_bucket(array.shape[1]))) for array in pair)
    return cut(_correlation(*wide, samples), (n_x, n_y))


@jax.jit
@with_all_digits
def _correlation(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], samples: Int[Array, ""] | int) -> Array:
    """Of the first `samples` rows."""
    pair, dtype = (x, y), x.dtype
    factors = [1 / binary_scale(array) for array in pair]
    size = min(BLOCK, len(x))
    blocks, rest = divmod(len(x), size)

    def centred(start: Array | int, size: int) -> tuple[Array, list[Array], list[Array]]:
        """How many samples a block has, its means, and the block about them."""
        count = jnp.clip(samples - start, 0, size)
        there = jnp.arange(size)[:, None] < count
        count = count.astype(dtype)
        rows = [
            jnp.where(there, jax.lax.dynamic_slice_in_dim(array, start, size) * factor - array[0] * factor, 0)
            for array, factor in zip(pair, factors, strict=True)
        ]
        means = [jnp.sum(part, axis=0) / jnp.maximum(count, 1) for part in rows]
        return count, means, [jnp.where(there, part - mean, 0) for part, mean in zip(rows, means, strict=True)]

    def add(sums: list[Array], start: Array) -> tuple[list[Array], tuple[Array, list[Array]]]:
        count, means, rows = centred(start, size)
        return _added(sums, *rows), (count, means)

    # Zeros made of the data: inside shard_map they are then of the type that the sums will have.
    zeros_x, zeros_y = (0 * factor for factor in factors)
    begin = [zeros_x, zeros_y, zeros_x[:, None] * zeros_y]
    sums, (counts, means) = jax.lax.scan(add, begin, jnp.arange(blocks, dtype=jnp.int32) * size)
    if rest:
        count, last, rows = centred(blocks * size, rest)
        sums = _added(sums, *rows)
        means = [jnp.concatenate([part, row[None]]) for part, row in zip(means, last, strict=True)]
        counts = jnp.concatenate([counts, count[None]])
    shares = (counts / jnp.sum(counts))[:, None]
    between = [jnp.sqrt(counts)[:, None] * (part - jnp.sum(shares * part, axis=0)) for part in means]
    squares_x, squares_y, products = _added(sums, *between)
    found = products / jnp.sqrt(_or_one(squares_x))[:, None] / jnp.sqrt(_or_one(squares_y))
    return jnp.clip(found, -1, 1)


def _added(sums: list[Array], x: Array, y: Array) -> list[Array]:
    """Sums of squares of x, of y, and of products, with some more centred rows."""
    squares_x, squares_y, products = sums
    return [squares_x + jnp.sum(x * x, axis=0), squares_y + jnp.sum(y * y, axis=0), products + x.T @ y]


def _or_one(squares: Array) -> Array:
    """What to divide by: 1 for a constant unit, whose products are 0."""
    return jnp.where(squares == 0, 1, squares)
