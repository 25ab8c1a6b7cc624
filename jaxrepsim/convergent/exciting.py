"""The images that excite each unit most, from images that come batch by batch."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Exciting(NamedTuple):
    """The highest activations of each unit of a network so far, one an image, from the highest down.

    Fields:
        value: (units, ranks): −∞ where there were not so many images.
        image: (units, ranks): the image, −1 for none.
        place: (units, ranks): the position in the image's map at which it is reached, counted row by row.
    """

    value: jax.Array
    image: jax.Array
    place: jax.Array


def init(units: int, ranks: int) -> Exciting:
    """The state before any image."""
    # Buffers of their own: the state is donated, which one buffer can be but once.
    image, place = (jnp.full((units, ranks), -1, jnp.int32) for _ in range(2))
    return Exciting(jnp.full((units, ranks), -jnp.inf, jnp.float32), image, place)


def update(state: Exciting, activations: jax.Array, first: jax.Array, real: jax.Array) -> Exciting:
    """The state after a batch.

    Args:
        state: A state.
        activations: (size, positions, units).
        first: The index of the first image.
        real: (size,): which images are no padding.

    Returns:
        The state. Of equal activations the earlier image comes first.

    >>> state = update(init(1, ranks=2), jnp.array([[[1.0], [5.0]], [[7.0], [0.0]]]), jnp.array(0), jnp.ones(2, bool))
    >>> state.value.tolist(), state.image.tolist(), state.place.tolist()
    ([[7.0, 5.0]], [[1, 0]], [[0, 1]])
    """
    value = jnp.where(real[:, None], activations.max(axis=1).astype(jnp.float32), -jnp.inf).T
    place = activations.argmax(axis=1).astype(jnp.int32).T
    image = jnp.broadcast_to(first + jnp.arange(len(real), dtype=jnp.int32), value.shape)
    image = jnp.where(real, image, -1)
    joined = Exciting(*(jnp.concatenate(parts, axis=1) for parts in zip(state, (value, image, place), strict=True)))
    ranks = state.value.shape[1]
    _, best = jax.lax.top_k(joined.value, ranks)
    return Exciting(*(jnp.take_along_axis(part, best, axis=1) for part in joined))
