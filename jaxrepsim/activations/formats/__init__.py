"""The formats of activation files, one a file: each reads the arrays of a path, by layer, and what it says of them.

A reader takes a path that is there, never runs code that a file holds, and says of a damaged file that it is damaged.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxrepsim.activations.formats import hdf5, npy, npz, safetensors

Contents = tuple[dict[str, np.ndarray], dict[str, str]]
"""Arrays by layer, in order; and metadata."""

READERS: dict[str, Callable[[Path], Contents]] = {
    ".safetensors": safetensors.read,
    ".npz": npz.read,
    ".npy": npy.read,
    ".h5": hdf5.read,
    ".hdf5": hdf5.read,
}
"""By the ending of the file's name."""
SUFFIXES = tuple(READERS)


def read(path: Path) -> Contents:
    """Reads a file of one of these formats, or a folder of .npy files.

    Raises:
        InputError: It is damaged, or holds what is no array.
    """
    return npy.read_folder(path) if path.is_dir() else READERS[path.suffix](path)
