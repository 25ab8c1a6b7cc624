"""NumPy's .npz: an array a layer, in the order in which they were saved."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from jaxrepsim.activations.formats.npy import unreadable
from jaxrepsim.errors import InputError


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of an .npz file.

    Raises:
        InputError: It is truncated or damaged, or holds pickled objects.
    """
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is truncated or not an .npz file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, error) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise InputError(f"{path}: {name!r} is not an array")
    return arrays, {}
