"""ImageNet (ILSVRC 2012) from its two tar files."""

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxrepsim.data.preparation import archives, shards
from jaxrepsim.data.preparation.shard_plan import Images, Repair
from jaxrepsim.data.preparation.writing import Preparer, Request, check_room
from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path

FILES = {"train": "ILSVRC2012_img_train.tar", "validation": "ILSVRC2012_img_val.tar"}


class _Member(NamedTuple):
    """An image in an archive; `synset` is the name of the inner archive, without ending, that holds it."""

    name: str
    synset: str
    offset: int
    size: int


def prepare(request: Request) -> None:
    """Writes ImageNet as tensorflow-datasets has it: name, version, features and order, in its 1024 and 64 shards.

    Each archive is read once front to back, which checks it and finds where its images lie, and its images are read
    once more for the shards. What was interrupted goes on with the next shard, and does not check archives again that
    have not changed since.

    Args:
        request: Its archive is the folder with the two tar files.

    Raises:
        InputError: A file is missing or not the published one, there is too little space, or the set cannot be written.

    Source: O. Russakovsky et al., ImageNet large scale visual recognition challenge, IJCV 2015. Of the training images
    22 are CMYK and one is PNG; they become RGB JPEG of quality 100, as in tensorflow-datasets.
    """
    import tensorflow_datasets as tfds

    archive = request.archive if request.archive.is_dir() else request.archive.parent
    originals = {split: archives.find("imagenet2012", archive, file) for split, file in FILES.items()}
    builder = tfds.builder("imagenet2012", data_dir=str(request.directory), file_format="array_record")
    synsets: list[str] = builder.info.features["label"].names  # pyright: ignore

    def collect(place: Path) -> dict[str, Images]:
        indexes = {split: place / f"{shards.COLLECTED}_{split}.npz" for split in originals}
        if all(_is_index_of(index, originals[split]) for split, index in indexes.items()):
            return {split: _load_index(index, originals[split]) for split, index in indexes.items()}
        # Nearly all of an archive are images, so its size is the set's: better to say so now than after reading it.
        check_room(request.directory, sum(original.known.size for original in originals.values()))
        # The smaller first, so that a fault in it is reported early.
        found = {split: _scan(originals[split], request, synsets) for split in ("validation", "train")}
        for split, images in found.items():
            _save_index(indexes[split], originals[split], images)
        return {split: found[split] for split in originals}

    shards.write(builder, collect, request, _repairs())


PREPARER = Preparer(
    f"the folder with {FILES['train']} and {FILES['validation']}",
    "https://image-net.org/download-images, after registration",
    prepare,
)


def _scan(original: archives.Original, request: Request, synsets: list[str]) -> Images:
    """Reads an archive once: checks it, and finds its images."""
    try:
        with original.path.open("rb") as handle:
            stream = archives.Hashed(handle, original, request.progress)
            try:
                members = list(_members(stream))
            except tarfile.TarError as error:
                stream.finish()  # which says so, if it is not the published file
                raise InputError(f"{original.path} cannot be unpacked: {error}") from error
            stream.finish()
    except OSError as error:
        raise InputError(f"cannot read {original.path}: {error}") from error
    if not members:
        raise InputError(f"{original.path} holds no image")
    names, _, offsets, sizes = zip(*members, strict=True)
    labels = _labels(original, members, synsets)
    encoded = np.array([name.encode() for name in names])
    return Images(original.path, encoded, np.array(labels), np.array(offsets), np.array(sizes))


def _members(stream: archives.Hashed) -> Iterator[_Member]:
    """The images of an archive, or of the archives in it."""
    for outer in _open(stream):
        member, content = outer
        if member.name.endswith(".tar"):
            for inner, _ in _open(content):
                yield _Member(inner.name, member.name[:-4], member.offset_data + inner.offset_data, inner.size)
        else:
            yield _Member(member.name, "", member.offset_data, member.size)


def _open(stream: Any) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    """The files of a tar archive that is read front to back."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as archive:
        for member in archive:
            if member.isfile():
                yield member, archive.extractfile(member)


def _labels(original: archives.Original, members: Iterable[_Member], synsets: list[str]) -> list[int]:
    """The class of each image: the training images' by the archive they are in, the others' by a list.

    tensorflow-datasets has the list, in the alphabetic order of the images' names.
    """
    places = {synset: place for place, synset in enumerate(synsets)}
    if original.file == FILES["train"]:
        of_each = [member.synset for member in members]
    else:
        names = [member.name for member in members]
        listed = validation_labels()
        if len(names) > len(listed):
            raise InputError(f"{original.path} holds {len(names)} images, of which {len(listed)} have a known class")
        by_name = dict(zip(sorted(names), listed, strict=False))
        of_each = [by_name[name] for name in names]
    if foreign := sorted(set(of_each) - set(places)):
        raise InputError(f"{original.path} holds classes that ImageNet does not have: {', '.join(foreign[:5])}")
    return [places[synset] for synset in of_each]


def validation_labels() -> list[str]:
    """The synset of each validation image, in the order of their names."""
    import tensorflow_datasets as tfds

    return tfds.core.tfds_path("datasets/imagenet2012/validation_labels.txt").read_text().split()


def _repairs() -> dict[str, Repair]:
    """What is done to the images that are not RGB JPEG: those that tensorflow-datasets lists."""
    from tensorflow_datasets.datasets.imagenet2012 import imagenet2012_dataset_builder as official

    return dict.fromkeys([*official.CMYK_IMAGES, *official.PNG_IMAGES], to_rgb_jpeg)


def to_rgb_jpeg(content: bytes) -> bytes:
    """An image encoded anew as RGB JPEG of quality 100."""
    from PIL import Image

    encoded = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").save(encoded, "JPEG", quality=100)
    return encoded.getvalue()


def _stamp(original: archives.Original) -> list[int]:
    """What tells an archive that was checked from one that has been replaced since."""
    status = original.path.stat()
    return [status.st_size, status.st_mtime_ns]


def _save_index(index: Path, original: archives.Original, images: Images) -> None:
    with atomic_path(index) as temporary:
        np.savez(temporary, stamp=_stamp(original), **{key: getattr(images, key) for key in Images._fields[1:]})


def _is_index_of(index: Path, original: archives.Original) -> bool:
    if not index.exists():
        return False
    with np.load(index) as saved:
        return saved["stamp"].tolist() == _stamp(original)


def _load_index(index: Path, original: archives.Original) -> Images:
    with np.load(index) as saved:
        return Images(original.path, *(saved[key] for key in Images._fields[1:]))
