"""Columns of unit norm, safe against overflow and underflow."""

from types import ModuleType
from typing import Any

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float


def unit_columns(x: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n"]]:
    """Scales every column to Euclidean norm 1; a zero column (a dead unit) stays zero.

    Columns whose squares overflow or underflow keep all their digits.

    Args:
        x: (samples, units).

    Returns:
        The scaled columns, and the norms they had: 0 exactly for a dead unit.

    >>> import jax.numpy as jnp
    >>> unit_columns(jnp.array([[3e30, 0.0], [4e30, 0.0]]))[0].tolist()
    [[0.600..., 0.0], [0.800..., 0.0]]
    """
    shrunk, largest = comparable_columns(x)
    square = jnp.sum(shrunk * shrunk, axis=0)
    length = jnp.sqrt(jnp.where(largest > 0, square, 1.0))
    return shrunk / length, largest * length


def comparable_columns(x: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n"]]:
    """Scales every column to the largest magnitude 1, so that its squares neither overflow nor underflow.

    Args:
        x: (samples, units).

    Returns:
        The scaled columns, and the magnitudes they had: 0 exactly for a dead unit, whose column stays zero.
    """
    largest = jnp.max(jnp.abs(x), axis=0, initial=0.0)
    return x / jnp.where(largest > 0, largest, 1.0), largest


def binary_scale(x: Float[Array, "m n"]) -> Float[Array, "n"]:
    """For each column the power of two next to its largest magnitude: to divide by it, or multiply, rounds nothing.

    Args:
        x: (samples, units).

    Returns:
        Powers of two whose reciprocals are normal numbers too; 1 for a zero column.

    >>> import jax.numpy as jnp
    >>> binary_scale(jnp.array([[3.0, 0.0, 1e-9], [-5.0, 0.0, 0.0]])).tolist()
    [8.0, 1.0, 1.8626451492...e-09]
    """
    return next_power_of_two(jnp.max(jnp.abs(x), axis=0, initial=0.0))


def next_power_of_two(magnitude: Any, xp: ModuleType = jnp) -> Any:
    """The power of two next to each magnitude.

    Args:
        magnitude: An array, not negative.
        xp: NumPy, or `jax.numpy`.

    Returns:
        Powers of two whose reciprocals are normal numbers too; 1 for zero.

    >>> import jax.numpy as jnp
    >>> next_power_of_two(jnp.array([5.0, 0.0])).tolist()
    [8.0, 1.0]
    """
    _, exponent = xp.frexp(magnitude)
    limit = -int(jnp.finfo(magnitude.dtype).minexp) - 1
    return xp.ldexp(xp.ones_like(magnitude), xp.clip(exponent, -limit, limit))
