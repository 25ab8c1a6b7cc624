"""Results files: written whole or not at all, read into memory, and joined along layers."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path, shortened
from jaxrepsim.report.schema import documented

_COUNTED = ("unit", "other_unit", "interval", "partners")
"""Dimensions of which layers have different numbers."""


def numbered(group: xr.Dataset) -> xr.Dataset:
    """A group in which units and the like have their index as coordinate."""
    return group.assign_coords({dim: np.arange(group.sizes[dim]) for dim in _COUNTED if dim in group.dims})


def along_layers(groups: Sequence[xr.Dataset], layers: Sequence[str]) -> xr.Dataset:
    """One dataset of the results of a part for some layers; −1 or NaN where a layer has fewer of something.

    Args:
        groups: One per layer, or of several layers each, in order.
        layers: The names of all.
    """
    each = [numbered(group) for group in groups]
    joined = xr.concat(each, dim="layer", data_vars="all", join="outer", fill_value=fill(groups[0]))
    assert isinstance(joined, xr.Dataset)  # what datasets concatenate to; for the type checker
    # Named again: concatenation cuts strings to the length of the first layer's name.
    return joined.assign_coords(layer=list(layers))


def fill(group: xr.Dataset) -> dict[Hashable, Any]:
    """What stands where a layer was not looked at, or has fewer of something: −1 for a whole number, else NaN."""
    return {
        name: np.array(-1, value.dtype) if np.issubdtype(value.dtype, np.signedinteger) else np.nan
        for name, value in group.data_vars.items()
        if value.dtype.kind != "u"  # bytes are pixels, of which there are all
    }


def write_netcdf(results: xr.DataTree, path: Path) -> None:
    """Writes results atomically; beside its values each variable says what it is."""
    with atomic_path(path) as temporary:
        documented(results).to_netcdf(temporary, engine="h5netcdf")


def read_netcdf(path: Path) -> xr.DataTree:
    """Reads results into memory.

    Raises:
        InputError: The file is missing, damaged or of another kind.
    """
    try:
        return xr.load_datatree(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} is missing or damaged ({error}); remove it and run again") from error


def file_name(layer: str) -> str:
    """A layer's name with only characters that any file system takes, and no more than that it takes."""
    return shortened("".join(c if c.isalnum() or c in "._-" else "_" for c in layer))
