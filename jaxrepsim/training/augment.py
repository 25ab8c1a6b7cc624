"""Images from raw pixels to what a network sees, on the device."""

import jax
import jax.numpy as jnp
from jax import lax

from jaxrepsim._typing import Array, Float, Key


def normalise(images: Array, mean: tuple[float, ...], std: tuple[float, ...]) -> Float[Array, "n h w c"]:
    """Pixels as float32 of mean 0 and deviation 1 in each channel: (pixel − mean) / std.

    Args:
        images: (n, h, w, c), uint8, or floating in [0, 1].
        mean: Of each channel, of pixels in [0, 1].
        std: Of each channel, likewise; 0, as an empty channel has it, counts as 1.

    Returns:
        (n, h, w, c), float32.

    >>> normalise(jnp.full((1, 1, 1, 1), 255, jnp.uint8), mean=(0.5,), std=(0.25,)).tolist()
    [[[[2.0]]]]
    """
    scale = 255.0 if jnp.issubdtype(images.dtype, jnp.integer) else 1.0
    pixels = images.astype(jnp.float32) / scale
    deviation = jnp.asarray([value or 1.0 for value in std], jnp.float32)
    return (pixels - jnp.asarray(mean, jnp.float32)) / deviation


def random_crop(images: Array, key: Key[Array, ""], padding: int) -> Array:
    """Each image moved by up to `padding` pixels either way, zeros (black) coming in at the edges.

    Args:
        images: (n, h, w, c), raw pixels.
        key: A PRNG key.
        padding: Zeros on each side before a window of the original size is cut at random.

    Returns:
        (n, h, w, c), of the same dtype.
    """
    count, *shape = images.shape
    padded = jnp.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    corners = jax.random.randint(key, (count, 2), 0, 2 * padding + 1, dtype=jnp.int32)

    def window(image: Array, corner: Array) -> Array:
        return lax.dynamic_slice(image, (corner[0], corner[1], jnp.int32(0)), shape)

    return jax.vmap(window)(padded, corners)


def random_flip(images: Array, key: Key[Array, ""]) -> Array:
    """Each image mirrored left to right, or not, with equal probability.

    Args:
        images: (n, h, w, c).
        key: A PRNG key.

    Returns:
        (n, h, w, c), of the same dtype.
    """
    # A threshold on 32 bits and not `bernoulli`, whose default precision follows the x64 setting.
    mirrored = jax.random.bits(key, (images.shape[0],), jnp.uint32) < jnp.uint32(2**31)
    return jnp.where(mirrored[:, None, None, None], images[:, :, ::-1], images)


def augment(images: Array, key: Key[Array, ""], crop_padding: int, flip: bool) -> Array:
    """Random crop, then random flip, of raw pixels; either may be off.

    Args:
        images: (n, h, w, c), raw pixels.
        key: A PRNG key.
        crop_padding: See `random_crop`; 0 for no crops.
        flip: Whether to flip at random.

    Returns:
        (n, h, w, c), of the same dtype.
    """
    crop_key, flip_key = jax.random.split(key)
    if crop_padding:
        images = random_crop(images, crop_key, crop_padding)
    if flip:
        images = random_flip(images, flip_key)
    return images
