"""Fashion-MNIST from its four original files."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from jaxrepsim.data.preparation.writing import Arrays, Preparer, Request, write_arrays
from jaxrepsim.errors import InputError

COUNTS = {"train": 60_000, "test": 10_000}
CLASSES = 10
SIZE = 28

_PREFIXES = {"train": "train", "test": "t10k"}


def prepare(request: Request) -> None:
    """Writes Fashion-MNIST as tensorflow-datasets has it: its name, version, features and order.

    The files are checked by what is in them, not by tensorflow-datasets' checksums, since distributions recompress
    them: kind, sizes and counts, and that every class has the same share, which tells them from MNIST's files of the
    same names.

    Args:
        request: Its archive is the folder with the four files: `{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz`.

    Raises:
        InputError: A file is missing, truncated, or not Fashion-MNIST's; or the set cannot be written.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747. The IDX format: http://yann.lecun.com/exdb/mnist
    """
    archive = request.archive if request.archive.is_dir() else request.archive.parent
    # Read before anything is written: a bad file leaves no trace.
    write_arrays("fashion_mnist", {split: _read_split(archive, split) for split in COUNTS}, request)


PREPARER = Preparer(
    "the folder with its four files, train-images-idx3-ubyte.gz and so on",
    "https://github.com/zalandoresearch/fashion-mnist, or Debian's package dataset-fashion-mnist",
    prepare,
)


def _read_split(archive: Path, split: str) -> Arrays:
    """Images `(N, 28, 28)` and labels `(N,)`, checked."""
    prefix, count = _PREFIXES[split], COUNTS[split]
    images = _read_idx(archive / f"{prefix}-images-idx3-ubyte.gz", (count, SIZE, SIZE))
    path = archive / f"{prefix}-labels-idx1-ubyte.gz"
    labels = _read_idx(path, (count,))
    if not np.array_equal(np.bincount(labels, minlength=CLASSES), np.full(CLASSES, count // CLASSES)):
        raise InputError(
            f"{path} is not Fashion-MNIST's, which has {count // CLASSES} images of each of {CLASSES} classes;"
            " the files of MNIST have the same names"
        )
    return Arrays(images, {"label": labels.astype(np.int64)})


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
