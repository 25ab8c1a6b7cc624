"""Which of a convolution's many samples are used: the same ones for every network."""

import math
from functools import partial
from zlib import crc32

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Int, Key
from jaxrepsim.errors import InputError


def layer_key(seed: int, layer: str) -> Key[Array, ""]:
    """The random key of a layer: the same in every process and for every network.

    Args:
        seed: An integer of the run, not of a network.
        layer: The layer's name.

    Returns:
        A typed JAX key.
    """
    return jax.random.fold_in(jax.random.key(seed), np.uint32(crc32(layer.encode())))


@partial(jax.jit, static_argnames=("samples", "count", "redraws"))
def sample_positions(key: Key[Array, ""], samples: int, count: int, redraws: int) -> Int[Array, "redraws count"]:
    """Draws rows without replacement, afresh for each redraw.

    A convolution has a sample for each image and position, far more than are needed to compare subspaces. Similarity
    is measured on `count` of them and averaged over the redraws. The rows depend only on the arguments, so that the
    activations of all networks, taken at these rows, stay aligned.

    Every set of `count` rows is equally likely, and the cost does not depend on `samples`: rows are drawn with
    replacement and those that repeat an earlier one drawn again until none does. (Nothing in this distinguishes one
    row from another, so no set of rows can be favoured.)

    Args:
        key: From `layer_key`.
        samples: How many rows there are; static.
        count: How many to draw, 10,000 in the paper; static.
        redraws: How often, 16 in the paper; static.

    Returns:
        `(redraws, count)` int32, each redraw in ascending order. If `count` is `samples` or more there is only one
        draw to make: `(1, samples)`, every row.

    Raises:
        InputError: A size is not positive, or `samples` does not fit 32 bits.

    Source: Wang et al. 2018, arXiv:1810.11750, the authors' protocol for convolutions.

    >>> sample_positions(layer_key(0, "conv1"), samples=3, count=5, redraws=16)
    Array([[0, 1, 2]], dtype=int32)
    """
    if min(samples, count, redraws) < 1 or samples >= 2**31:
        raise InputError(f"cannot draw {redraws} times {count} of {samples} rows")
    if count >= samples:
        return jnp.arange(samples, dtype=jnp.int32)[None]
    draw = partial(_draw, samples=samples, count=count)
    return jax.lax.map(draw, jax.random.split(key, redraws))


def positions_of_each(shape: tuple[int, ...], count: int, seed: int) -> Int[np.ndarray, "positions"]:
    """The same positions of every map of a layer.

    Args:
        shape: Of the map, (H, W); () for a dense layer.
        count: How many positions of it are wanted; at least one is given, and no more than there are.
        seed: With the shape it decides which.

    Returns:
        (positions,), indices into the rows of the map one after another, ascending.

    >>> positions_of_each((2, 2), 9, seed=0).tolist(), positions_of_each((), 9, seed=0).tolist()
    ([0, 1, 2, 3], [0])
    """
    key = layer_key(seed, "x".join(map(str, shape)))
    return np.asarray(sample_positions(key, math.prod(shape), max(1, count), 1))[0]


def _draw(key: Key[Array, ""], samples: int, count: int) -> Int[Array, " count"]:
    if 2 * count > samples:  # most draws would repeat, and a permutation of so few rows is cheap
        return jnp.sort(jax.random.permutation(key, samples)[:count].astype(jnp.int32))

    def candidates(key: Key[Array, ""]) -> Int[Array, " count"]:
        return jax.random.randint(key, (count,), 0, samples, dtype=jnp.int32)

    def repeats(rows: Int[Array, " count"]) -> Array:
        return jnp.concatenate([jnp.zeros(1, bool), rows[1:] == rows[:-1]])

    def again(state: tuple[Array, Array]) -> tuple[Array, Array]:
        key, rows = state
        key, now = jax.random.split(key)
        return key, jnp.sort(jnp.where(repeats(rows), candidates(now), rows))

    key, first = jax.random.split(key)
    return jax.lax.while_loop(lambda state: repeats(state[1]).any(), again, (key, jnp.sort(candidates(first))))[1]
