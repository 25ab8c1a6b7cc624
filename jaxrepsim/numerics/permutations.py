"""Random orders, those of `jax.random.permutation`, without a program for every length."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Int, Key, Values
from jaxrepsim.numerics.buckets import size_bucket
from jaxrepsim.numerics.inputs import traced
from jaxrepsim.numerics.varying import varying_like

LEAST = 1024
"""Places that a program is compiled for at least: layers of most widths share one."""


def permutation(key: Key[Array, ""], count: int) -> Int[np.ndarray, "count"]:
    """`jax.random.permutation(key, count)` of a concrete key."""
    return np.asarray(_padded_order(key, size_bucket(count, LEAST), count, rounds_of(count)))[:count]


def own_ranks(key: Key[Array, ""], units: Values, total: int) -> Int[Values, "k total"]:
    """The place of each of `total` units in an order of its own for each of some units.

    Args:
        key: Of all orders.
        units: (k,), what is folded into the key: the order is `jax.random.permutation(jax.random.fold_in(key, unit),
            total)`.
        total: How many units are put in order.
    """
    rounds = rounds_of(total)
    if traced(key, units):
        return jnp.argsort(_own_orders(key, jnp.asarray(units), total, total, rounds), axis=1)
    full = np.zeros(size_bucket(len(units), 16), np.int32)
    full[: len(units)] = np.asarray(units)
    orders = np.asarray(_own_orders(key, full, size_bucket(total, LEAST), total, rounds))
    return np.argsort(orders[: len(units), :total], axis=1).astype(np.int32)


def padded_order(key: Key[Array, ""], size: int, count: Values | int, rounds: Values | int) -> Int[Array, "size"]:
    """`jax.random.permutation(key, count)`, and after it places that are padding, which stay where they are.

    Places are sorted by random numbers, which depend on the place alone, wherever the array ends.

    Args:
        key: Of the order.
        size: How many places with the padding; static.
        count: How many are put in order.
        rounds: `rounds_of(count)`.
    """
    place = jnp.arange(size, dtype=jnp.int32)

    def again(_: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        key, order = state
        key, now = jax.random.split(key)
        keys = place >= count, jax.random.bits(now, (size,), jnp.uint32)
        return key, jax.lax.sort((*keys, order), num_keys=2)[-1]

    return jax.lax.fori_loop(0, rounds, again, (key, varying_like(place, key)))[1]


def rounds_of(count: int) -> int:
    """How often places are sorted until equal random numbers, which keep their order, leave no trace."""
    return int(np.ceil(3 * np.log(max(1, count)) / np.log(2**32 - 1)))


_padded_order = jax.jit(padded_order, static_argnums=1)


@partial(jax.jit, static_argnames="size")
def _own_orders(
    key: Key[Array, ""], units: Int[Array, "k"], size: int, count: Values | int, rounds: Values | int
) -> Int[Array, "k size"]:
    return jax.vmap(lambda unit: padded_order(jax.random.fold_in(key, unit), size, count, rounds))(units)
