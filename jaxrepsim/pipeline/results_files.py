"""Results files: written whole or not at all, one a layer, and joined again."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path, shortened
from jaxrepsim.report.schema import documented

_COUNTED = ("unit", "other_unit", "interval", "shown")
"""Dimensions of which layers have different numbers."""


def along_layers(parts: Sequence[xr.Dataset], layers: Sequence[str]) -> xr.Dataset:
    """One dataset of a part's results for single layers; −1 or NaN where a layer has fewer of something.

    Args:
        parts: One a layer, in order.
        layers: Their names.
    """
    numbered = [
        part.assign_coords({dim: np.arange(part.sizes[dim]) for dim in _COUNTED if dim in part.dims}) for part in parts
    ]
    joined = xr.concat(numbered, dim="layer", data_vars="all", join="outer", fill_value=fill(parts[0]))
    assert isinstance(joined, xr.Dataset)  # what datasets concatenate to; for the type checker
    # Said again: concatenation cuts strings to the length of the first layer's name.
    return joined.assign_coords(layer=list(layers))


def fill(part: xr.Dataset) -> dict[Hashable, Any]:
    """What stands where a layer was not looked at, or has fewer of something: −1 for a whole number, else NaN."""
    return {
        name: np.array(-1, value.dtype) if np.issubdtype(value.dtype, np.signedinteger) else np.nan
        for name, value in part.data_vars.items()
        if value.dtype.kind != "u"  # bytes are pixels, of which there are all
    }


def write_netcdf(results: xr.Dataset, path: Path) -> None:
    """Writes results atomically; beside its values each variable says what it is."""
    with atomic_path(path) as temporary:
        documented(results).to_netcdf(temporary, engine="h5netcdf")


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
    """A layer's name with only characters that any file system takes, and no more than that it takes."""
    return shortened("".join(c if c.isalnum() or c in "._-" else "_" for c in layer))


def merged(results: xr.Dataset, parts: Sequence[xr.Dataset], pairs: Sequence[str]) -> xr.Dataset:
    """The results with further parts, on the layers and units of the results.

    Args:
        results: What they are added to.
        parts: Results of some layers, perhaps of layers of fewer units.
        pairs: The pairs' names.
    """
    for part in parts:
        known = {"pair": list(pairs), "epsilon": results.epsilon, "network": results.network}
        part = part.assign_coords({name: values for name, values in known.items() if name in part.dims})
        wanted = {name: results[name].values for name in ("layer", "unit") if name in part.dims}
        for other, name in (("other_layer", "layer"), ("other_unit", "unit")):
            if other in part.dims:
                wanted[other] = results[name].values
        results = results.merge(part.reindex(wanted, fill_value=fill(part)))
    return results
