"""Results files: written whole or not at all, one a layer, and joined again."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path


def along_layers(parts: Sequence[xr.Dataset], layers: Sequence[str]) -> xr.Dataset:
    """One dataset of a part's results for single layers; −1 or NaN where a layer has fewer of something.

    Args:
        parts: One a layer, in order.
        layers: Their names.
    """
    numbered = [
        part.assign_coords({dim: np.arange(part.sizes[dim]) for dim in ("unit", "interval") if dim in part.dims})
        for part in parts
    ]
    joined = xr.concat(numbered, dim="layer", data_vars="all", join="outer", fill_value=fill(parts[0]))
    assert isinstance(joined, xr.Dataset)  # what datasets concatenate to; for the type checker
    # Said again: concatenation cuts strings to the length of the first layer's name.
    return joined.assign_coords(layer=list(layers))


def fill(part: xr.Dataset) -> dict[Hashable, Any]:
    """What stands where a layer was not looked at, or has fewer of something: −1 for a whole number, else NaN."""
    return {
        name: np.array(-1, value.dtype) if np.issubdtype(value.dtype, np.integer) else np.nan
        for name, value in part.data_vars.items()
    }


def write_netcdf(results: xr.Dataset, path: Path) -> None:
    """Writes results atomically."""
    with atomic_path(path) as temporary:
        results.to_netcdf(temporary, engine="h5netcdf")


def read_netcdf(path: Path) -> xr.Dataset:
    """Reads results into memory.

    Raises:
        InputError: The file is missing, damaged or of another kind.
    """
    try:
        return xr.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} is missing or damaged ({error}); remove it and run again") from error


def file_name(layer: str) -> str:
    """A layer's name with only characters that any file system takes."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in layer)[:80]
