"""CIFAR-10 and CIFAR-100 from their official binary archives."""

import tarfile
import zlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxrepsim.data.preparation import archives
from jaxrepsim.data.preparation.writing import Arrays, Preparer, Request, write_arrays
from jaxrepsim.errors import InputError

SIZE = 32
_PIXELS = 3 * SIZE * SIZE


class _Layout(NamedTuple):
    """What is in an archive.

    Fields:
        file: The archive.
        folder: The folder in it.
        splits: The files of each split, in order.
        labels: The labels that stand before each image, a byte each, and the files with their classes' names.
    """

    file: str
    folder: str
    splits: dict[str, tuple[str, ...]]
    labels: dict[str, str]


_LAYOUTS = {
    "cifar10": _Layout(
        "cifar-10-binary.tar.gz",
        "cifar-10-batches-bin",
        {"train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test": ("test_batch.bin",)},
        {"label": "batches.meta.txt"},
    ),
    "cifar100": _Layout(
        "cifar-100-binary.tar.gz",
        "cifar-100-binary",
        {"train": ("train.bin",), "test": ("test.bin",)},
        {"coarse_label": "coarse_label_names.txt", "label": "fine_label_names.txt"},
    ),
}


def prepare(name: str, request: Request) -> None:
    """Writes CIFAR-10 or CIFAR-100 as tensorflow-datasets has it: its name, version, features and order.

    Args:
        name: `cifar10` or `cifar100`.
        request: Its archive is the official binary one, or the folder that holds it.

    Raises:
        InputError: The archive is missing or not the published one, or the set cannot be written.

    Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009. The binary version holds, for
    each image, its labels, a byte each, and 3072 bytes of pixels: channel by channel, row by row.
    """
    layout = _LAYOUTS[name]
    path = archives.check(archives.find(name, request.archive, layout.file), request.progress)
    content = _read(path, layout)
    classes = {
        label: [line for line in content[file].decode().split("\n") if line] for label, file in layout.labels.items()
    }
    splits = {}
    for split, files in layout.splits.items():
        width = len(layout.labels) + _PIXELS
        data = b"".join(content[file] for file in files)
        if not data or len(data) % width:
            raise InputError(f"{path}: {', '.join(files)} do not hold whole images")
        rows = np.frombuffer(data, np.uint8).reshape(-1, width)
        columns = {label: rows[:, place].astype(np.int64) for place, label in enumerate(layout.labels)}
        for label, values in columns.items():
            if values.max() >= len(classes[label]):
                raise InputError(f"{path}: {', '.join(files)} hold a {label} that has no name")
        pixels = rows[:, len(layout.labels) :].reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)
        ids = [f"{split}_{index:05d}" for index in range(len(rows))]
        splits[split] = Arrays(np.ascontiguousarray(pixels), {**columns, "id": ids})
    write_arrays(name, splits, request, classes)


def _read(path: Path, layout: _Layout) -> dict[str, bytes]:
    """The files of the archive that are needed."""
    wanted = {file for files in layout.splits.values() for file in files} | set(layout.labels.values())
    content: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                folder, _, file = member.name.rpartition("/")
                handle = archive.extractfile(member) if folder == layout.folder and file in wanted else None
                if handle is not None:
                    content[file] = handle.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise InputError(f"{path} cannot be unpacked: {error}") from error
    if absent := sorted(wanted - set(content)):
        raise InputError(f"{path} lacks {', '.join(absent)} in {layout.folder}")
    return content


def _preparer(name: str) -> Preparer:
    file = _LAYOUTS[name].file
    return Preparer(
        f"the binary archive {file}, or the folder that holds it",
        f"https://www.cs.toronto.edu/~kriz/{file}",
        partial(prepare, name),
    )


CIFAR10 = _preparer("cifar10")
CIFAR100 = _preparer("cifar100")
