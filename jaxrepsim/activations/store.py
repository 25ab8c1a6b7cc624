"""Activation files that any framework can write, and that say what is wrong with them.

A file is a `.safetensors` or, for reading only, an `.npz` or an HDF5 file (`.h5`) with one array a layer; or a folder
of `.npy` files, a layer each; or one `.npy`. An array is `(samples, units)`, or of three or four axes, of which the
layout must be stated, for nothing in the numbers shows it: one of `FILE_LAYOUTS`. RNC are several draws of samples,
over which results are averaged. Numbers are floating point, integers or booleans.

Its metadata (safetensors only) may hold, each as JSON text:

- `layers`: the names in order, since safetensors sorts them;
- `layout`: for layers of three or four axes, the layout: `{"conv1": "NCHW"}`;
- `samples`: for layers that are compressed to fewer rows, how many samples they stand for;
- `basis`: of compressed activations, which joint compression made them: only files of one compression have rows that
  correspond;
- `inputs`: a fingerprint of what the network saw; files of different inputs are not compared;
- `squares`: of layers that are compressed with their means, the array of the squared lengths of their samples;
- `metadata`: where it is from.
"""

import json
import os
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from jaxrepsim.activations import formats
from jaxrepsim.activations.layouts import FILE_LAYOUTS, layout_of
from jaxrepsim.activations.units import as_floating, as_units, check_finite
from jaxrepsim.errors import InputError, said_of, unknown
from jaxrepsim.files import atomic_path, safetensors_for

T = TypeVar("T")
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib")


class ActivationFile(NamedTuple):
    """What an activation file holds.

    Fields:
        layers: For each layer, in order, `(samples, units)` or `(redraws, samples, units)`, float32 or float64.
        samples: For each layer, how many samples its rows stand for: more than there are rows if it is compressed.
        metadata: The note of the file's origin.
        basis: Which joint compression made the rows; empty for raw activations, and where the file does not say.
        inputs: A fingerprint of what the network saw; empty where the file does not say.
        squares: For each layer whose rows begin with √m·mean, Qᵀk of the squared lengths k of its samples: `(rows,)` or
            `(redraws, rows)`; see `jaxrepsim.compression.Compressed`.
    """

    layers: OrderedDict[str, np.ndarray]
    samples: dict[str, int]
    metadata: dict[str, Any]
    basis: str = ""
    inputs: str = ""
    squares: Mapping[str, np.ndarray] = MappingProxyType({})

    def is_raw(self, layer: str) -> bool:
        """Whether a layer has its own rows, one a sample: neither compressed nor drawn several times."""
        return not self.basis and self.layers[layer].shape[:-1] == (self.samples[layer],)

    def compressed_as(self, layer: str) -> str:
        """Of a compressed layer, which of the basis' compressions its rows are of: its own name, if nothing else is
        noted."""
        return self.metadata.get("compressed_as", {}).get(layer, layer)

    def renamed(self, names: Mapping[str, str]) -> "ActivationFile":
        """The same with other names for some layers, in the same order; no two may have the same."""

        def of(layers: Mapping[str, T]) -> OrderedDict[str, T]:
            return OrderedDict((names.get(layer, layer), value) for layer, value in layers.items())

        metadata = self.metadata
        if self.basis and names:
            together = {names.get(layer, layer): self.compressed_as(layer) for layer in self.layers}
            metadata = {**metadata, "compressed_as": together}
        layers, samples, squares = of(self.layers), of(self.samples), of(self.squares)
        return self._replace(layers=layers, samples=samples, squares=squares, metadata=metadata)


def save(
    path: str | os.PathLike[str],
    layers: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
    samples: Mapping[str, int] | None = None,
    layouts: Mapping[str, str] | None = None,
    basis: str = "",
    inputs: str = "",
    squares: Mapping[str, Any] | None = None,
) -> None:
    """Writes an activation file, whole or not at all.

    Args:
        path: Ends in `.safetensors`.
        layers: For each layer, `(samples, units)`, or as its layout says; see `as_floating` for the types of numbers.
        metadata: A note of the origin, of what JSON can hold.
        samples: For layers that are compressed, how many samples they stand for.
        layouts: For each layer of three or four axes, one of `FILE_LAYOUTS`.
        basis: Names the joint compression that made the layers; files with other names, or none, are not compared with
            this one.
        inputs: Names what the network saw, as `fingerprint` does.
        squares: Of layers that are compressed with their means; see `ActivationFile`.

    Raises:
        InputError: The ending is another, there is no layer, or one of them has another rank, is empty or not finite,
            or has a layout that is not said; squares are not those of a layer's rows.
    """
    target = Path(path)
    if target.suffix != ".safetensors":
        raise InputError(f"cannot write activations to {target}: the name must end in .safetensors")
    checked = _checked(target, {name: np.asarray(array) for name, array in layers.items()}, layouts or {}, ())
    lengths = _squares(target, checked, {name: np.asarray(values) for name, values in (squares or {}).items()})
    header = {
        "layers": json.dumps(list(checked)),
        "layout": json.dumps({name: "RNC" if array.ndim == 3 else "NC" for name, array in checked.items()}),
        "samples": json.dumps(_samples(target, checked, samples or {})),
        "basis": json.dumps(basis),
        "inputs": json.dumps(inputs),
        "squares": json.dumps({name: f"{name} (squares)" for name in lengths}),
        "metadata": json.dumps(dict(metadata or {})),
    }
    arrays = {**checked, **{f"{name} (squares)": values for name, values in lengths.items()}}
    if len(arrays) < len(checked) + len(lengths):
        raise InputError(f"cannot write {target}: a layer has the name of another one's squares; rename it")
    save_file = safetensors_for(target).numpy.save_file
    with atomic_path(target) as temporary:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary, metadata=header)


def load(path: str | os.PathLike[str], layouts: Collection[str] = ()) -> ActivationFile:
    """Reads an activation file; see the top of this module for what it may hold.

    Layers are in the order that the file's metadata state; without, an `.npz` file's own order, and of others, which
    keep none, the names' alphabetical order with numbers compared as numbers. Types of numbers become those that
    `as_floating` says.

    Args:
        path: Ends in `.safetensors`, `.npz`, `.npy`, `.h5` or `.hdf5`; or a folder of `.npy` files.
        layouts: Of `FILE_LAYOUTS`, those of arrays whose layout the file does not state: one for three axes, one for
            four.

    Returns:
        The layers, with the positions of convolutions and the tokens of sequences as samples.

    Raises:
        InputError: The file is missing, of another kind, truncated or holds pickled objects; a layer has another rank,
            or a layout that nobody says, or is empty or not of numbers, or an activation is NaN or infinite; names
            file, layer and unit.
    """
    source = Path(path)
    for layout in layouts:
        if layout not in FILE_LAYOUTS:
            raise unknown("layout", layout, FILE_LAYOUTS)
    if not source.exists():
        raise InputError(f"{source} is missing")
    if not source.is_dir() and source.suffix not in formats.SUFFIXES:
        raise not_activations(source)
    arrays, header = formats.read(source)
    if {"layers", "samples", "metadata"} <= header.keys() and "layout" not in header:
        layouts = ("RNC",)  # from `save`, which stated no layouts once, and took no other ones
    named = _parsed(source, header, "squares", {})
    lengths = {name: arrays.pop(array) for name, array in named.items() if array in arrays}
    order = _parsed(source, header, "layers", list(arrays))
    if sorted(order) != sorted(arrays):
        raise InputError(f"{source}: its metadata name the layers {order}, its arrays are {list(arrays)}")
    stated = _parsed(source, header, "layout", {})
    layers = _checked(source, {name: arrays[name] for name in order}, stated, layouts)
    samples = _samples(source, layers, _parsed(source, header, "samples", {}))
    basis, inputs = (_parsed(source, header, key, "") for key in ("basis", "inputs"))
    squares = _squares(source, layers, lengths)
    return ActivationFile(
        layers, samples, {**_parsed(source, header, "metadata", {}), **header}, basis, inputs, squares
    )


def not_activations(path: Path, nor: str = "") -> InputError:
    """The error for a file of another kind, with what to make of it.

    Args:
        path: The file.
        nor: What else it is not.

    Returns:
        An `InputError` to raise.

    >>> print(not_activations(Path("conv1.pt")))  # doctest: +ELLIPSIS
    conv1.pt is not opened, for it may be a pickle, which can run any code: save the arrays as ...
    """
    if path.suffix.lower() in _PICKLES:
        return InputError(
            f"{path} is not opened, for it may be a pickle, which can run any code: save the arrays as .safetensors, "
            "or with numpy.savez"
        )
    other = f", {nor}" if nor else ""
    return InputError(f"{path} is no activation file, whose name must end in {', '.join(formats.SUFFIXES)}{other}")


def _parsed(path: Path, header: dict[str, str], key: str, default: Any) -> Any:
    """Takes an entry of the metadata out of `header`; it must be JSON of the kind of `default`."""
    text = header.pop(key, None)
    if text is None:
        return default
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: the metadata entry {key!r} is not JSON: {text!r}") from error
    if not isinstance(value, type(default)):
        raise InputError(f"{path}: the metadata entry {key!r} must be a JSON {type(default).__name__}: {text!r}")
    return value


def _checked(
    path: Path, arrays: Mapping[str, np.ndarray], stated: Mapping[str, str], assumed: Collection[str]
) -> OrderedDict[str, np.ndarray]:
    """The layers as `(..., samples, units)` of 32 or 64 bits, every activation finite."""
    if not arrays:
        raise InputError(f"{path} holds no layer")
    for name in stated:
        if name not in arrays:
            raise InputError(f"{path}: {unknown('layer', name, arrays)}")
    layers: OrderedDict[str, np.ndarray] = OrderedDict()
    for name, array in arrays.items():
        if array.size == 0:
            raise InputError(f"{path}: layer {name!r} is empty: its shape is {array.shape}")
        with said_of(path):
            layout = layout_of(name, array.shape, stated, assumed)
            values = array.astype(as_floating(name, array.dtype), copy=False)
            layers[name] = values if layout == "RNC" else as_units(values, name, layout)
            check_finite(name, layers[name])
    return layers


def _squares(path: Path, layers: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The squared lengths of samples, of layers compressed with their means."""
    for name, values in given.items():
        if name not in layers:
            raise InputError(f"{path}: {unknown('layer', name, layers)}")
        if values.shape != layers[name].shape[:-1] or not np.isfinite(values).all():
            raise InputError(f"{path}: the squares of layer {name!r} are not numbers, one for each of its rows")
    return dict(given)


def _samples(path: Path, layers: Mapping[str, np.ndarray], given: Mapping[str, Any]) -> dict[str, int]:
    """How many samples each layer stands for: as given, else its rows."""
    for name, count in given.items():
        if name not in layers:
            raise unknown("layer", name, layers)
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise InputError(f"{path}: layer {name!r} is said to stand for {count!r} samples; expected a count")
    return {name: int(given.get(name, array.shape[-2])) for name, array in layers.items()}
