"""Columns of unit norm, safe against overflow and underflow."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float


def unit_columns(x: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n"]]:
    """Scales every column to Euclidean norm 1; a zero column (a dead unit) stays zero.

    A column is first divided by its largest magnitude, so columns whose squares overflow or underflow keep all their
    digits.

    Args:
        x: (samples, units).

    Returns:
        The scaled columns, and the norms they had: 0 exactly for a dead unit.

    >>> import jax.numpy as jnp
    >>> unit_columns(jnp.array([[3e30, 0.0], [4e30, 0.0]]))[0].tolist()
    [[0.600..., 0.0], [0.800..., 0.0]]
    """
    largest = jnp.max(jnp.abs(x), axis=0, initial=0.0)
    safe = jnp.where(largest > 0, largest, 1.0)
    shrunk = x / safe
    square = jnp.sum(shrunk * shrunk, axis=0)
    length = jnp.sqrt(jnp.where(largest > 0, square, 1.0))
    return shrunk / length, jnp.where(largest > 0, safe * length, 0.0)
