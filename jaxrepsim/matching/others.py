"""The other networks of each of k networks, side by side.

Network a is followed by a + 1, a + 2, … and so on round the circle, n places each; of a pair it is the other one.
"""

from functools import reduce

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float


def beside(values: Array) -> Array:
    """For each network, what belongs to the units of all others.

    Args:
        values: (k, …, n), of each network's units.

    Returns:
        (k, …, (k − 1)·n).

    >>> beside(jnp.array([[1], [2], [3]])).tolist()
    [[2, 3], [3, 1], [1, 2]]
    """
    return jnp.concatenate([jnp.roll(values, -step, axis=0) for step in range(1, len(values))], axis=-1)


def largest(values: Float[Array, "k others"]) -> Float[Array, "k n"]:
    """For each unit the largest of its values, one with each other network: from what lies `beside`, the way back.

    Args:
        values: (k, (k − 1)·n), for each network of the units of all others.

    Returns:
        (k, n), for each network of its own units.

    >>> largest(jnp.array([[0.125, 0.25], [0.0, 0.5], [0.75, 1.0]])).tolist()
    [[0.75], [1.0], [0.25]]
    """
    by_step = jnp.split(values, len(values) - 1, axis=1)
    back = [jnp.roll(part, step, axis=0) for step, part in enumerate(by_step, start=1)]
    return reduce(jnp.maximum, back)
