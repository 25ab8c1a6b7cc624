"""Random orders, those of `jax.random.permutation`, without a program for every length."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Int, Key, Values
from jaxrepsim.numerics.buckets import size_bucket
from jaxrepsim.numerics.inputs import traced


def permutation(key: Key[Array, ""], n: int) -> Int[np.ndarray, "n"]:
    """`jax.random.permutation(key, n)` of a concrete key, up to 1,625 numbers."""
    bits = np.asarray(_bits(key, np.zeros(1, np.int32), size_bucket(n, 16), fold=False))
    return np.argsort(bits[0, :n], kind="stable")


def own_ranks(key: Key[Array, ""], units: Values, total: int, room: int) -> Int[Values, "k total"]:
    """The place of each of `total` units in an order of its own for each of some units.

    Units go by random bits, which are those of `jax.random.permutation(jax.random.fold_in(key, unit), total)`: up to
    1,625 units the order is that too.

    Args:
        key: Of all orders.
        units: (k,), what is folded into the key.
        total: How many units are put in order.
        room: For how many, or more, a program is compiled.
    """
    if traced(key, units):
        bits = _bits(key, jnp.asarray(units), total, fold=True)
        return jnp.argsort(jnp.argsort(bits, axis=1), axis=1)
    # Padded to few sizes: the bits at a place do not depend on where the array ends.
    count = len(units)
    full = np.zeros(size_bucket(count, 16), np.int32)
    full[:count] = np.asarray(units)
    bits = np.asarray(_bits(key, full, room, fold=True))[:count, :total]
    return np.argsort(np.argsort(bits, axis=1, kind="stable"), axis=1).astype(np.int32)


@partial(jax.jit, static_argnames=("size", "fold"))
def _bits(key: Key[Array, ""], units: Int[Array, "k"], size: int, *, fold: bool) -> Array:
    def of(unit: Array) -> Array:
        own = jax.random.fold_in(key, unit) if fold else key
        return jax.random.bits(jax.random.split(own)[1], (size,), jnp.uint32)

    return jax.vmap(of)(units)
