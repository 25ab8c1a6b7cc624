"""Fashion-MNIST from its four original files."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxrepsim.data.preparation import Preparer, unregistered, write
from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.errors import InputError

COUNTS = {"train": 60_000, "test": 10_000}
CLASSES = 10
SIZE = 28

_PREFIXES = {"train": "train", "test": "t10k"}


def prepare(archive: Path, directory: Path, progress: Progress | None = None) -> None:
    """Writes Fashion-MNIST as tensorflow-datasets has it: its name, version, features and order.

    The files are checked by what is in them, not by tensorflow-datasets' checksums, since distributions recompress
    them: kind, sizes and counts, and that every class has the same share, which tells them from MNIST's files of the
    same names.

    Args:
        archive: The folder with the four files: `{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz`.
        directory: The folder of prepared sets.
        progress: Called now and then where it takes more than two seconds.

    Raises:
        InputError: A file is missing, truncated, or not Fashion-MNIST's; or the folder cannot be written.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747. The IDX format: http://yann.lecun.com/exdb/mnist
    """
    import tensorflow_datasets as tfds

    # Read before anything is written: a bad file leaves no trace.
    splits = {split: _read_split(archive, split) for split in COUNTS}
    report = patient(progress)
    total = sum(len(labels) for _, labels in splits.values())
    done = 0

    parent: Any = tfds.builder_cls("fashion_mnist")
    with unregistered():

        class FashionMNIST(parent):
            def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
                return {split: self._generate_examples(*arrays) for split, arrays in splits.items()}

            def _generate_examples(self, images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[int, Any]]:
                nonlocal done
                for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                    yield index, {"image": _png(image), "label": int(label)}
                    done += 1
                    if done % 1000 == 0 or done == total:
                        report("preparing fashion_mnist", done, total)

    write(FashionMNIST, directory)


PREPARER = Preparer("the folder with its four files, train-images-idx3-ubyte.gz and so on", prepare)


def _read_split(archive: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images `(N, 28, 28)` and labels `(N,)`, uint8, checked."""
    prefix, count = _PREFIXES[split], COUNTS[split]
    images = _read_idx(archive / f"{prefix}-images-idx3-ubyte.gz", (count, SIZE, SIZE))
    path = archive / f"{prefix}-labels-idx1-ubyte.gz"
    labels = _read_idx(path, (count,))
    if not np.array_equal(np.bincount(labels, minlength=CLASSES), np.full(CLASSES, count // CLASSES)):
        raise InputError(
            f"{path} is not Fashion-MNIST's, which has {count // CLASSES} images of each of {CLASSES} classes;"
            " the files of MNIST have the same names"
        )
    return images, labels


def _read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """An IDX file of bytes: two zeros, type 8, the rank, a big-endian 32-bit size for each axis, then the data."""
    if not path.is_file():
        raise InputError(f"{path} is missing; Fashion-MNIST needs {PREPARER.needs}")
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is truncated or not a gzip file: {error}") from error
    header = 4 + 4 * len(shape)
    if data[:4] != bytes([0, 0, 8, len(shape)]) or len(data) < header:
        raise InputError(f"{path} is not an IDX file of unsigned bytes with {len(shape)} axes")
    found = tuple(np.frombuffer(data[4:header], ">u4").tolist())
    if found != shape:
        raise InputError(f"{path} holds an array of shape {found}; Fashion-MNIST's is {shape}")
    if len(data) - header != np.prod(shape):
        raise InputError(f"{path} is truncated: {len(data) - header} bytes of data, not {np.prod(shape)}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def _png(image: np.ndarray) -> io.BytesIO:
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    encoded.seek(0)
    return encoded
