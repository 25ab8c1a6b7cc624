"""Pearson's correlation of the units of two networks."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale

BLOCK = 1000
"""Samples that are centred together: so few that they are still in the cache when they are multiplied."""


@with_all_digits
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
        (n_x, n_y), in [−1, 1]; NaN where a unit has values that are not finite.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, or different numbers of samples.

    Source: Li et al. 2015, arXiv:1511.07543, section 3. The split of the sums: Chan, Golub and LeVeque 1983,
    Algorithms for computing the sample variance, The American Statistician 37.

    >>> x = jnp.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    >>> correlation(x, jnp.array([[3.0, 1.0], [1.0, 0.0], [2.0, 2.0]])).round(3).tolist()
    [[-0.5, 0.5], [0.0, 0.0]]
    """
    pair = as_activations(x, y)
    samples, dtype = pair[0].shape[0], pair[0].dtype
    if samples == 0:
        return jnp.zeros((pair[0].shape[1], pair[1].shape[1]), dtype)
    factors = [1 / binary_scale(array) for array in pair]

    def centred(start: Array | int, size: int) -> tuple[list[Array], list[Array]]:
        """The means of a block, and the block about them."""
        rows = [
            jax.lax.dynamic_slice_in_dim(array, start, size) * factor - array[0] * factor
            for array, factor in zip(pair, factors, strict=True)
        ]
        means = [jnp.mean(part, axis=0) for part in rows]
        return means, [part - mean for part, mean in zip(rows, means, strict=True)]

    def add(sums: list[Array], start: Array) -> tuple[list[Array], list[Array]]:
        means, rows = centred(start, size)
        return _added(sums, *rows), means

    size = min(BLOCK, samples)
    blocks, rest = divmod(samples, size)
    # Zeros made of the data: inside shard_map they are then of the type that the sums will have.
    zeros_x, zeros_y = (0 * factor for factor in factors)
    start = [zeros_x, zeros_y, zeros_x[:, None] * zeros_y]
    sums, means = jax.lax.scan(add, start, jnp.arange(blocks) * size)
    counts = jnp.full((blocks, 1), size, dtype)
    if rest:
        last, rows = centred(blocks * size, rest)
        sums = _added(sums, *rows)
        means = [jnp.concatenate([part, row[None]]) for part, row in zip(means, last, strict=True)]
        counts = jnp.concatenate([counts, jnp.full((1, 1), rest, dtype)])
    between = [jnp.sqrt(counts) * (part - jnp.sum(counts / samples * part, axis=0)) for part in means]
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
