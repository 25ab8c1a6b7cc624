"""Samples in another order, those of one input together."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Int, Key, Values
from jaxrepsim.numerics.varying import varying_like


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

    The groups come in the order of `jax.random.permutation(key, groups)`: they are sorted by random numbers, which
    depend on a group's place alone, wherever the array ends.

    Args:
        key: Of the order.
        size: How many rows with the padding; static.
        groups: How many groups.
        group_size: Rows a group.
        rounds: `rounds_of(groups)`.
    """
    place = jnp.arange(size, dtype=jnp.int32)

    def again(_: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        key, order = state
        key, now = jax.random.split(key)
        keys = place >= groups, jax.random.bits(now, (size,), jnp.uint32)
        return key, jax.lax.sort((*keys, order), num_keys=2)[-1]

    _, order = jax.lax.fori_loop(0, rounds, again, (key, varying_like(place, key)))
    return jnp.where(place < groups * group_size, order[place // group_size] * group_size + place % group_size, place)


def rounds_of(groups: int) -> int:
    """How often groups are sorted until equal random numbers, which keep their order, leave no trace."""
    return int(np.ceil(3 * np.log(max(1, groups)) / np.log(2**32 - 1)))
