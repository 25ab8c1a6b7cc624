"""NumPy's .npy: one array, and so one layer, of the file's name; or a folder of them, a layer each."""

from pathlib import Path

import numpy as np

from jaxrepsim.activations.formats.natural import natural
from jaxrepsim.errors import InputError

_MAPPED = 2**26
"""A file of so many bytes stays on the disk, and is read where it is looked at: few files, for each has a handle."""


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The array of an .npy file.

    Raises:
        InputError: It is truncated or no such file, or holds pickled objects.
    """
    try:
        array = np.load(path, mmap_mode="r" if path.stat().st_size >= _MAPPED else None, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise unreadable(path, error) from error
    if not isinstance(array, np.ndarray):  # an .npz of another name
        raise InputError(f"{path} is not an .npy file: it holds several arrays; call it .npz")
    return {path.stem: array}, {}


def read_folder(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of all .npy files of a folder; conv2 comes before conv10.

    Raises:
        InputError: There is none, or one cannot be read.
    """
    files = sorted((file for file in path.glob("*.npy") if file.is_file()), key=lambda file: natural(file.stem))
    if not files:
        raise InputError(f"{path} is a folder that is no run (it has no run.json), and holds no .npy files")
    return {name: array for file in files for name, array in read(file)[0].items()}, {}


def unreadable(path: Path, error: Exception) -> InputError:
    """The error for what NumPy does not read."""
    pickled = "allow_pickle" in str(error) or "pickled" in str(error)
    what = (
        "holds pickled objects, which are not read: they could run any code" if pickled else "is truncated or damaged"
    )
    return InputError(f"{path} {what} ({error})")
