"""Imagenette, ten classes of ImageNet, from its compressed archives."""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from jaxrepsim.data.preparation import archives, shards
from jaxrepsim.data.preparation.shard_plan import Images
from jaxrepsim.data.preparation.writing import Preparer, Request, check_room
from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path

_FOLDERS = {"train": "train", "validation": "val"}


def prepare(request: Request) -> None:
    """Writes a configuration of Imagenette as tensorflow-datasets has it: name, version, features and order.

    The archive is unpacked into one plain tar file beside the set, which is gone when the set is there: compressed
    files cannot be read from the middle.

    Args:
        request: Its archive is the configuration's (`160px-v2`: imagenette2-160.tgz), or the folder that holds it.

    Raises:
        InputError: There is no such configuration; the archive is missing or not the published one; there is too little
            space, or the set cannot be written.

    Source: https://github.com/fastai/imagenette
    """
    import tensorflow_datasets as tfds

    known = [config.name for config in tfds.builder_cls("imagenette").BUILDER_CONFIGS]
    if request.config not in known:
        raise InputError(
            f"imagenette has several configurations, and {request.config!r} is none of them: write one of"
            f" {', '.join(f'imagenette/{config}' for config in known)}"
        )
    builder: Any = tfds.builder(
        f"imagenette/{request.config}", data_dir=str(request.directory), file_format="array_record"
    )
    folder = builder.builder_config.dirname
    original = archives.find("imagenette", request.archive, f"{folder}.tgz")
    synsets: list[str] = builder.info.features["label"].names

    def collect(place: Path) -> dict[str, Images]:
        unpacked = place / f"{shards.COLLECTED}.tar"
        if not unpacked.exists():
            check_room(request.directory, 2 * original.known.size)
            _unpack(archives.check(original, request.progress), unpacked)
        return _find(unpacked, folder, synsets)

    shards.write(builder, collect, request)


PREPARER = Preparer(
    "the archive of the configuration (imagenette2-160.tgz for 160px-v2), or the folder that holds it",
    "https://github.com/fastai/imagenette",
    prepare,
)


def _unpack(path: Path, target: Path) -> None:
    with atomic_path(target) as temporary, gzip.open(path) as packed, temporary.open("wb") as handle:
        try:
            shutil.copyfileobj(packed, handle, 1 << 20)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{path} cannot be unpacked: {error}") from error


def _find(path: Path, folder: str, synsets: list[str]) -> dict[str, Images]:
    """Where the images of each split lie: `folder`/`split`/`synset`/`name`.JPEG."""
    places = {synset: place for place, synset in enumerate(synsets)}
    rows: dict[str, list[tuple[bytes, int, int, int]]] = {split: [] for split in _FOLDERS}
    splits = {f"{folder}/{part}": split for split, part in _FOLDERS.items()}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                split = splits.get(str(name.parent.parent))
                if split and member.isfile() and name.suffix == ".JPEG":
                    label = places[name.parent.name]
                    rows[split].append((name.name.encode(), label, member.offset_data, member.size))
    except (tarfile.TarError, KeyError) as error:
        raise InputError(f"{path} is not Imagenette's archive: {error}") from error
    for split, found in rows.items():
        if not found:
            raise InputError(f"{path} holds no image in {folder}/{_FOLDERS[split]}")
    return {
        split: Images(path, *(np.array(column) for column in zip(*found, strict=True))) for split, found in rows.items()
    }
