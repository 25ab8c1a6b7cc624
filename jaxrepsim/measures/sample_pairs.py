"""Each pair of samples once."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float


def of_pairs(matrix: Float[Array, "m m"], samples: Array) -> tuple[Float[Array, "p"], Bool[Array, "p"]]:
    """The values of a symmetric matrix for each pair of different samples, and which of them are of samples at all.

    Column o of the result has the pairs (i, i + o), round the end, for o up to half of m: each pair stands there once,
    but with an even m twice in the last column, of which one counts. Unlike the upper triangle these are taken without
    an index for each.

    Args:
        matrix: With zeros, or anything, where there is no sample.
        samples: How many there are.
    """
    m = len(matrix)
    twice = jnp.pad(jnp.concatenate([matrix, matrix], axis=1).ravel(), (0, m))
    first, apart = jnp.arange(m)[:, None], jnp.arange(1, m // 2 + 1)
    second = (first + apart) % max(m, 1)
    counted = (first < samples) & (second < samples) & ((2 * apart < m) | (first < second))
    # Row i of the longer rows begins i further on.
    return twice.reshape(m, 2 * m + 1)[:, 1 : m // 2 + 1].ravel(), counted.ravel()
