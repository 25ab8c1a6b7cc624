"""Arrays of one's own: an `.npz` file, or a function that returns them."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from jaxrepsim.data.dataset import Split
from jaxrepsim.data.splits import pieces
from jaxrepsim.errors import InputError
from jaxrepsim.user_code import resolve

T = TypeVar("T")
_UNDIVIDED = {"images", "labels"}
_KEYS = (
    "it must hold train_images, train_labels, validation_images and validation_labels; any other name of a split will "
    "do as well; or, undivided, images and labels alone"
)
_SIGNATURE = """a function of data takes nothing and returns arrays:

    def make():
        return {"train_images": ..., "train_labels": ...,            # (N, H, W, C) or (N, features), and (N,)
                "validation_images": ..., "validation_labels": ...}  # uint8 or floating; classes from 0"""


def load_file(path: Path, specs: Sequence[str]) -> tuple[list[Split], int]:
    """Splits of an `.npz` file; see `of_arrays` for its arrays.

    Args:
        path: The file, written by `numpy.savez`.
        specs: As for `of_arrays`.

    Returns:
        As `of_arrays` does.

    Raises:
        InputError: There is no such file, it is damaged, or as for `of_arrays`.
    """
    if not path.is_file():
        raise InputError(f"there is no data file {path}")
    try:
        with np.load(path) as file:
            arrays = dict(file)
    except Exception as error:  # whatever damage makes zipfile and NumPy raise; objects would have to be unpickled
        raise InputError(f"{path} cannot be read as a .npz file of arrays ({error})") from error
    return of_arrays(arrays, str(path), specs)


def call(reference: str, specs: Sequence[str]) -> tuple[list[Split], int]:
    """Splits of what a function returns; see `of_arrays`.

    Args:
        reference: `module:function`; see `jaxrepsim.user_code`.
        specs: As for `of_arrays`.

    Returns:
        As `of_arrays` does.

    Raises:
        InputError: There is no such function, it cannot be called without arguments or fails, or as for `of_arrays`.
    """
    function = resolve(reference)
    if not callable(function):
        raise InputError(f"{reference} is no function; {_SIGNATURE}")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise InputError(f"{reference} cannot be called without arguments ({error}); {_SIGNATURE}") from error
    try:
        arrays = function()
    except Exception as error:
        raise InputError(f"{reference} failed: {type(error).__name__}: {error}") from error
    if not isinstance(arrays, Mapping):
        raise InputError(f"{reference} returned a {type(arrays).__name__}; {_SIGNATURE}")
    return of_arrays(arrays, reference, specs)


def of_arrays(arrays: Mapping[str, Any], source: str, specs: Sequence[str]) -> tuple[list[Split], int]:
    """Splits of arrays named `SPLIT_images` and `SPLIT_labels`, or `images` and `labels`.

    The latter are one split, `train`, to be divided by slices. A set with a split `validation` and none `test` gives it
    by either name.

    Args:
        arrays: Images `(N, H, W, C)`, `(N, H, W)` or vectors `(N, features)`: uint8, or floating, as a rule in [0, 1].
            Labels `(N,)`: integers that count the classes from 0.
        source: What they are from, for errors.
        specs: Splits in the slicing language of tensorflow-datasets.

    Returns:
        The splits, `(N, H, W, C)` or `(N, features)`, uint8 or float32; and the number of classes.

    Raises:
        InputError: A name is no such name, or lacks its other one; images or labels are not as above, or not as many of
            one as of the other; a split does not exist, or has images of one class alone.

    >>> arrays = {"images": np.zeros((6, 8, 8), np.uint8), "labels": np.array([0, 1, 2] * 2)}
    >>> (train, validation), classes = of_arrays(arrays, "here", ["train[:4]", "train[4:]"])
    >>> train.images.shape, validation.labels, classes
    ((4, 8, 8, 1), array([1, 2], dtype=int32), 3)
    """
    named = by_asked_name(_keys(arrays, source), specs)
    splits = {name: _split(arrays, *keys, source) for name, keys in named.items()}
    classes = _count_classes([labels for _, labels in splits.values()], source)
    sizes = {name: [len(labels)] for name, (_, labels) in splits.items()}
    if set(arrays) == _UNDIVIDED and not all(spec.startswith("train") for spec in specs):
        raise InputError(
            f"{source} is one split, 'train', of {sizes['train'][0]} images, and {specs[0]!r} and {specs[1]!r} were "
            "asked for; divide it, for example with data.train_split='train[:80%]' and "
            "data.validation_split='train[80%:]'"
        )
    found = []
    for spec in specs:
        parts = [[a[part.start : part.stop] for a in splits[part.name]] for part in pieces(spec, sizes)]
        images, labels = (
            np.concatenate(arrays) if len(parts) > 1 else arrays[0] for arrays in zip(*parts, strict=True)
        )
        check_classes(labels, source, spec)
        found.append(Split(images, labels))
    return found, classes


def by_asked_name(splits: dict[str, T], specs: Sequence[str]) -> dict[str, T]:
    """The splits, of which `validation` is called `test` where that is asked for, as by default, and is not there."""
    missing = "test" not in splits and any(spec.startswith("test") for spec in specs)
    return {"test" if missing and name == "validation" else name: split for name, split in splits.items()}


def check_classes(labels: np.ndarray, source: str, spec: str) -> None:
    """Checks that a split has more than one class.

    Raises:
        InputError: It has not.
    """
    if labels.min() == labels.max():
        raise InputError(
            f"{source}: all {len(labels)} images of the split {spec!r} are of class {labels[0]}; two classes or more "
            "are needed. (A slice of a set that is sorted by class has few of them: shuffle it first)"
        )


def _keys(arrays: Mapping[str, Any], source: str) -> dict[str, tuple[str, str]]:
    """For each split the names of its images and its labels; an undivided set is `train`, as in tensorflow-datasets."""
    listing = f"{source} holds {', '.join(map(str, arrays)) or 'nothing'}"
    found: dict[str, tuple[str, str]] = {}
    for key in map(str, arrays):
        prefix, what = key[: -len("images")], key[-len("images") :]  # "labels" is as long
        keys = (f"{prefix}images", f"{prefix}labels")
        if what not in _UNDIVIDED or (prefix and not prefix.endswith("_")):
            raise InputError(f"{listing}; {key!r} is no name of images or labels: {_KEYS}")
        if lacking := [name for name in keys if name not in arrays]:
            raise InputError(f"{listing}; there is no {lacking[0]}: {_KEYS}")
        found[prefix.removesuffix("_") or "train"] = keys
    if not found or (_UNDIVIDED <= set(arrays) != _UNDIVIDED):
        raise InputError(f"{listing}: {_KEYS}")
    return found


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]  # without a copy of a whole set


def _split(arrays: Mapping[str, Any], images: str, labels: str, source: str) -> tuple[np.ndarray, np.ndarray]:
    pixels, classes = _images(arrays[images], f"{source}: {images}"), _labels(arrays[labels], f"{source}: {labels}")
    if len(pixels) != len(classes):
        raise InputError(f"{source}: {images} are {len(pixels)}, and {labels} are {len(classes)}: as many are needed")
    return pixels, classes


def _images(values: Any, what: str) -> np.ndarray:
    images = np.asarray(values)
    if images.ndim not in (2, 3, 4) or 0 in images.shape:
        raise InputError(
            f"{what} must be (N, H, W, C), (N, H, W), or vectors (N, features); received the shape {images.shape}"
        )
    if images.dtype.kind not in "buif":
        raise InputError(f"{what} must be numbers, uint8 or floating; received {images.dtype}")
    if images.ndim == 4 and images.shape[1] <= 4 < images.shape[3]:
        raise InputError(
            f"{what} of the shape {images.shape} seem to have their channels first; they must be (N, H, W, C): "
            "numpy.transpose(images, (0, 2, 3, 1))"
        )
    if images.ndim == 3:
        images = images[..., None]
    # Bytes are taken as shares of 255; all else as it is, and normalised by its own mean and deviation.
    if images.dtype == np.uint8 and images.ndim == 4:
        return images
    images = images.astype(np.float32)
    if not np.isfinite(images).all():
        row = int(np.argwhere(~np.isfinite(images))[0, 0])
        raise InputError(f"{what}: number {row} holds values that are NaN or infinite")
    return images


def _labels(values: Any, what: str) -> np.ndarray:
    labels = np.asarray(values)
    if labels.ndim != 1:
        hint = " (of one-hot rows: numpy.argmax(labels, axis=1))" if labels.ndim == 2 and labels.shape[1] > 1 else ""
        raise InputError(f"{what} must be (N,), a class each; received the shape {labels.shape}{hint}")
    if labels.dtype.kind not in "ui":
        raise InputError(
            f"{what} must be integers; received {labels.dtype}. Of names: numpy.unique(names, return_inverse=True)[1]"
        )
    return labels.astype(np.int32)


def _count_classes(labels: Sequence[np.ndarray], source: str) -> int:
    every = np.unique(np.concatenate(labels))
    if not np.array_equal(every, np.arange(len(every))):
        gap = next(number for number in range(len(every) + 1) if number not in every)
        raise InputError(
            f"{source}: labels count the classes from 0 without a gap; they go from {every[0]} to {every[-1]}, and no "
            f"image is of class {gap}. numpy.unique(labels, return_inverse=True)[1] numbers them anew"
        )
    return len(every)
