"""Batches of images that stay on the disk, and which splits have such images."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from jaxrepsim.data.dataset import Split
from jaxrepsim.training.placement import Placement


def in_memory(split: Split) -> bool:
    """Whether the images are an array, and not read from the disk batch by batch (`jaxrepsim.data.streamed`)."""
    return isinstance(split.images, np.ndarray | jax.Array)


def put(placement: Placement, split: Split) -> Split:
    """The split on every device; streamed images stay where they are."""
    return placement.shared(split) if in_memory(split) else split


def train_batches(
    placement: Placement, images: Any, orders: Sequence[jax.Array], keys: Sequence[jax.Array], size: int, first: int
) -> Iterator[tuple[jax.Array, jax.Array]]:
    """Batches of randomly cropped images, on the devices.

    Args:
        placement: The networks; each has its own order and crops.
        images: A `Streamed`.
        orders: For each network, (examples,).
        keys: For each network the PRNG key of this epoch's crops.
        size: Images a batch.
        first: The batch to begin with.

    Yields:
        Images (size, h, w, c), uint8, and labels (size,), int32, of all networks as `placement` stacks them.
    """
    seeds = [int(jax.random.bits(key, dtype=np.uint32)) >> 1 for key in keys]
    streams = [
        images.batches(np.asarray(order), seed, size, first=first) for order, seed in zip(orders, seeds, strict=True)
    ]
    for batches in zip(*streams, strict=True):
        yield placement.batch(batches)


def validation_batches(
    placement: Placement, images: Any, size: int
) -> Iterator[tuple[jax.Array, jax.Array, jax.Array]]:
    """All images in order, in batches of one shape.

    Args:
        placement: The networks, which all see the same batches.
        images: A `Streamed`.
        size: Images a batch.

    Yields:
        Images (size, h, w, c) and labels (size,), the last one repeated where they run out, and which are real (size,).
    """
    for first in range(0, len(images), size):
        index = np.arange(first, min(first + size, len(images)))
        pixels, labels = images.read(index)
        missing = size - len(index)
        pixels = np.concatenate([pixels, np.repeat(pixels[-1:], missing, axis=0)])
        labels = np.concatenate([labels, np.repeat(labels[-1:], missing)])
        batch = pixels, labels, np.arange(size) < len(index)
        yield placement.batch([batch]) if placement.networks == 1 else placement.shared(batch)
