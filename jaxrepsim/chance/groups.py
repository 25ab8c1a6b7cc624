"""Samples in another order, those of one input together."""

from functools import partial

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Int, Key, Values
from jaxrepsim.numerics.permutations import padded_order, rounds_of


def groups_of(samples: int, group_size: int) -> int:
    """The number of groups of consecutive rows.

    Raises:
        ValueError: A group size below 1, or one that does not divide the samples.
    """
    if group_size < 1 or samples % group_size:
        raise ValueError(
            f"{samples} samples do not come in groups of {group_size}: group_size must be at least 1 and divide them, "
            "as the positions of one image do when all are there"
        )
    return samples // group_size


@partial(jax.jit, static_argnames=("samples", "group_size"))
def permuted_rows(key: Key[Array, ""], samples: int, group_size: int = 1) -> Int[Array, "samples"]:
    """A random order of the rows: groups are permuted, and within a group the rows keep their order.

    Args:
        key: Every order of the groups is equally likely.
        samples: How many rows there are; static.
        group_size: Rows a group; static.

    Returns:
        (samples,), indices of rows.

    Raises:
        ValueError: The samples do not come in such groups.

    >>> rows = permuted_rows(jax.random.key(0), 6, group_size=2)
    >>> (rows[1::2] - rows[::2]).tolist(), sorted(rows.tolist())
    ([1, 1, 1], [0, 1, 2, 3, 4, 5])
    """
    groups = groups_of(samples, group_size)
    return order_of_rows(key, samples, groups, group_size, rounds_of(groups))


def order_of_rows(
    key: Key[Array, ""], size: int, groups: Values | int, group_size: Values | int, rounds: Values | int
) -> Int[Array, "size"]:
    """`permuted_rows`, and after them rows that are padding, which stay where they are.

    The groups come in the order of `jax.random.permutation(key, groups)`.

    Args:
        key: Of the order.
        size: How many rows with the padding; static.
        groups: How many groups.
        group_size: Rows a group.
        rounds: `rounds_of(groups)`.
    """
    place = jnp.arange(size, dtype=jnp.int32)
    order = padded_order(key, size, groups, rounds)
    return jnp.where(place < groups * group_size, order[place // group_size] * group_size + place % group_size, place)
