"""Which images go into which shard, found without reading them: the order and the shards of tensorflow-datasets."""

import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from jaxrepsim.errors import InputError

Repair = Callable[[bytes], bytes]
"""What is done to an image's bytes before they are written."""


class Images(NamedTuple):
    """Where the images of one split lie.

    Fields:
        path: The file that holds them all, uncompressed.
        names: `(N,)`, bytes: each image's key.
        labels: `(N,)`, int64.
        offsets: `(N,)`, int64: where each begins in the file.
        sizes: `(N,)`, int64: how many bytes it has.
    """

    path: Path
    names: np.ndarray
    labels: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray


class Plan(NamedTuple):
    """Which images go into which shard.

    Fields:
        order: `(N,)`: the rows of `Images`, in the order of the split.
        bounds: The first place in `order` of each shard, and N.
        size: Bytes of all serialised examples.
    """

    order: np.ndarray
    bounds: list[int]
    size: int

    @property
    def lengths(self) -> list[int]:
        """How many images each shard holds."""
        return [stop - start for start, stop in pairwise(self.bounds)]

    @property
    def on_disk(self) -> int:
        """Bytes that the files take, to within a per cent: each record has a frame, each file an index of its own."""
        return self.size + 150 * len(self.order) + (len(self.bounds) - 1) * (1 << 17)


def plan(split: str, images: Images, repairs: Mapping[str, Repair], with_names: bool) -> Plan:
    """Plans the shards of a split.

    Args:
        split: Its name, which tensorflow-datasets mixes into the hash of every key, so that splits differ in order.
        images: Its images.
        repairs: What is done to certain images, by name.
        with_names: Whether an example holds the image's name as `file_name`.
    """
    from tensorflow_datasets.core import hashing
    from tensorflow_datasets.core.utils import shard_utils

    hasher = hashing.Hasher(split)
    keys = [hasher.hash_key(name) for name in images.names.tolist()]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    contents = images.sizes.copy()
    with images.path.open("rb") as handle:
        for row in np.flatnonzero(np.isin(images.names, [name.encode() for name in repairs])):
            contents[row] = len(read(handle, images, row, repairs))
    columns = {"image": contents, "label": images.labels}
    if with_names:
        columns["file_name"] = np.char.str_len(images.names)
    size = int(serialised_sizes(columns).sum())
    return Plan(order, [0, *shard_utils.get_shard_boundaries(len(order), number_of_shards(size, len(order)))], size)


def number_of_shards(size: int, examples: int) -> int:
    """As many as tensorflow-datasets makes of `examples` of `size` bytes in sum."""
    from tensorflow_datasets.core.utils import shard_utils

    return shard_utils.ShardConfig.calculate_number_shards(size, examples)


def read(handle: BinaryIO, images: Images, row: np.integer, repairs: Mapping[str, Repair]) -> bytes:
    """An image's bytes, as they are to be written.

    Args:
        handle: `images.path`, open; several threads may share it.
        images: Where the images lie.
        row: Which one.
        repairs: What is done to certain images, by name.

    Raises:
        InputError: The file ends before it.
    """
    name, size = images.names[row].decode(), int(images.sizes[row])
    content = os.pread(handle.fileno(), size, int(images.offsets[row]))
    if len(content) != size:
        raise InputError(f"{images.path} was changed while it was read: image {name} is cut off")
    return repairs[name](content) if name in repairs else content


def serialised_sizes(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Bytes of each example, serialised as tf.train.Example.

    Args:
        columns: `label`: the values, `(N,)`; each other feature: the number of its bytes, `(N,)`.

    Returns:
        `(N,)`, int64.

    Source: the wire format of protocol buffers: a field is a tag, here of one byte, a length and its content, and a
    number takes a byte for every seven bits. An example is nested fields down to a list with one value.

    >>> serialised_sizes({"image": np.array([100_000]), "label": np.array([3])})
    array([100043])
    """

    def number(values: np.ndarray) -> np.ndarray:
        return np.sum([values >> shift > 0 for shift in range(7, 63, 7)], axis=0) + 1

    def field(content: np.ndarray) -> np.ndarray:
        return 1 + number(content) + content

    total = np.zeros(1, np.int64)
    for key, values in columns.items():
        one = field(number(values)) if key == "label" else field(values)
        total = total + field(field(np.array(len(key))) + field(field(one)))
    return field(total)
