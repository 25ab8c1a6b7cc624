"""HDF5: each dataset is a layer, of its path in the file (`block1/conv`)."""

from pathlib import Path
from typing import Any

import numpy as np

from jaxrepsim.activations.formats.natural import natural
from jaxrepsim.errors import InputError
from jaxrepsim.extras import needs


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of an HDF5 file; conv2 comes before conv10. Links to other files are not followed.

    Raises:
        InputError: It is truncated or no such file; or h5py is not installed.
    """
    with needs("plots", str(path)):
        import h5py
    arrays: dict[str, np.ndarray] = {}

    def take(name: str, entry: Any) -> None:
        if isinstance(entry, h5py.Dataset):
            arrays[name] = np.asarray(entry[()])

    try:
        with h5py.File(path, "r") as file:
            file.visititems(take)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise InputError(f"{path} is truncated or not an HDF5 file of numbers ({error})") from error
    return {name: arrays[name] for name in sorted(arrays, key=natural)}, {}
