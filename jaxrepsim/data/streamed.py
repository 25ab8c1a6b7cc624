"""Images that stay on disk and are decoded when they are asked for."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from jaxrepsim.data.crops import centre_crop, random_resized_crop
from jaxrepsim.data.prefetch import THREADS, Batches, prefetch
from jaxrepsim.data.records import Columns

if TYPE_CHECKING:
    from PIL.Image import Image

    Index = slice | np.ndarray


class Examples(Protocol):
    """Encoded images on disk and their classes: `records.Records`, `image_folder.ImageFiles`. They can be pickled."""

    @property
    def columns(self) -> Columns: ...

    def __len__(self) -> int: ...

    def example(self, row: int) -> tuple[bytes, int]: ...

    def image(self, encoded: bytes, row: int) -> "Image": ...


@dataclass(frozen=True)
class StreamedLabels:
    """The labels of streamed images, `(n,)` int32: like an array, but each is read from disk when it is asked for.

    A label is stored beside its image, so that reading one reads the other; nothing is decoded.
    """

    records: Examples
    dtype = np.dtype(np.int32)
    ndim = 1

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: "Index") -> np.ndarray:
        """Some labels.

        Args:
            index: A slice, or an array of integers, (k,).

        Returns:
            (k,), int32.

        Raises:
            InputError: The set is damaged, or an image has no label.
        """
        rows = _rows(index, len(self))
        labels = np.empty(len(rows), self.dtype)

        def read(place: int) -> None:
            labels[place] = self.records.example(int(rows[place]))[1]

        _threaded(read, len(rows))
        return labels


@dataclass(frozen=True)
class Streamed:
    """Images of any sizes as an array `(n, s, s, c)` of uint8, read from disk, decoded and cropped when asked for.

    Indexing gives the middle of each image (see `crops.centre_crop`), `batches` crops at random, for training.
    """

    records: Examples
    size: int
    """Height and width of an image, in pixels."""
    workers: int
    """Processes that decode for training; 0 for threads of this one."""
    identity: str
    """The set, its version, the split, how many images and bytes it has, and the size: what decides every pixel."""
    dtype = np.dtype(np.uint8)
    ndim = 4

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self), self.size, self.size, self.records.columns.channels

    @property
    def labels(self) -> StreamedLabels:
        """The images' classes; `read` gives both at the price of one."""
        return StreamedLabels(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: "Index") -> np.ndarray:
        """The middle of some images.

        Args:
            index: A slice, or an array of integers, (k,).

        Returns:
            (k, s, s, c), uint8.

        Raises:
            InputError: An image is damaged, or has no label.
        """
        return self.read(index)[0]

    def read(self, index: "Index") -> tuple[np.ndarray, np.ndarray]:
        """The middle of some images, and their labels, each example read once.

        Args:
            index: A slice, or an array of integers, (k,).

        Returns:
            Images (k, s, s, c), uint8, and labels (k,), int32.

        Raises:
            InputError: An image is damaged, or has no label.
        """
        rows = _rows(index, len(self))
        images = np.empty((len(rows), *self.shape[1:]), self.dtype)
        labels = np.empty(len(rows), np.int32)

        def read(place: int) -> None:
            images[place], labels[place] = self._cropped(int(rows[place]), lambda image: centre_crop(image, self.size))

        _threaded(read, len(rows))
        return images, labels

    def batches(self, order: np.ndarray, seed: int, batch_size: int, first: int = 0) -> Batches:
        """Batches for training, cropped at random (see `crops.random_resized_crop`), the next ones decoded meanwhile.

        Batch k holds the images order[k·b : (k + 1)·b]; what does not fill a batch is left out. How an image is cropped
        depends on `seed` and its place in the order alone: not on the number of workers, nor on `first`.

        Iteration that ends early is best closed (`close()`, or letting go of the iterator); it ends the workers. These
        are new processes that import the main module: a script that trains with workers needs the line
        `if __name__ == "__main__":` before its work.

        Args:
            order: Indices of images, (k,), each from 0 to n − 1.
            seed: At least 0.
            batch_size: b.
            first: The batch to begin with; nothing before it is decoded.

        Returns:
            An iterator of images (b, s, s, c), uint8, and labels (b,), int32.

        Raises:
            InputError: On iteration: an image is damaged or has no label, or a worker died.
        """
        source = _RandomBatches(self, np.asarray(order)[first * batch_size :], seed, batch_size, first)
        return prefetch(source, self.workers, batch_size * math.prod(self.shape[1:]))

    def random_batch(self, rows: np.ndarray, seed: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        """One batch of `batches`, decoded here and now.

        Args:
            rows: Indices of images, (b,).
            seed: As in `batches`.
            place: That of the first image in the order.

        Returns:
            Images (b, s, s, c), uint8, and labels (b,), int32.
        """
        images = np.empty((len(rows), *self.shape[1:]), self.dtype)
        labels = np.empty(len(rows), np.int32)
        for i, row in enumerate(rows.tolist()):
            random = np.random.default_rng((seed, place + i))
            images[i], labels[i] = self._cropped(row, lambda image, r=random: random_resized_crop(image, self.size, r))
        return images, labels

    def _cropped(self, row: int, crop: "Callable[[Image], Image]") -> tuple[np.ndarray, int]:
        encoded, label = self.records.example(row)
        pixels = np.asarray(crop(self.records.image(encoded, row)))
        return pixels.reshape(self.shape[1:]), label


@dataclass(frozen=True)
class _RandomBatches:
    """The batches of `Streamed.batches`, by their index after the first."""

    streamed: Streamed
    order: np.ndarray  # from batch `first` on
    seed: int
    batch_size: int
    first: int

    def __len__(self) -> int:
        return len(self.order) // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.streamed.random_batch(rows, self.seed, (self.first + index) * self.batch_size)


def _rows(index: "Index", count: int) -> np.ndarray:
    """The indices that an index means, as NumPy has it."""
    if isinstance(index, slice):
        return np.arange(*index.indices(count))
    rows = np.asarray(index)
    if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
        raise TypeError(f"streamed images are indexed by a slice or an array (k,) of integers; received {index!r}")
    if rows.size and not -count <= rows.min() <= rows.max() < count:
        raise IndexError(f"indices {rows.min()} to {rows.max()} reach outside of {count} images")
    return np.where(rows < 0, rows + count, rows)


def _threaded(work: Callable[[int], None], count: int) -> None:
    """Does work(0) to work(count − 1) in threads; the first error ends it."""
    if not count:
        return
    with ThreadPoolExecutor(min(THREADS, count)) as pool:
        for _ in pool.map(work, range(count)):
            pass
