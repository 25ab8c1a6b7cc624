"""Writing a set from its original files in the format of tensorflow-datasets, without TensorFlow.

tensorflow-datasets' own builders for many sets unpack their files with TensorFlow. A builder here derives from theirs,
so name, version, features and order stay the same, and the files are read here. Each set is one file, its `Preparer`
named in `sets.PREPARERS`. Sets of small images are written whole by `write_arrays`, large ones by `shards.write`.
"""

import io
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import GeneratorBasedBuilder

Say = Callable[[str], None]
"""Called with a sentence for the user."""


class Request(NamedTuple):
    """What is to be prepared.

    Fields:
        archive: The original file, or the folder that holds the original files.
        directory: The folder of prepared sets; made where missing.
        config: The set's configuration, for a set that has several.
        progress: Called now and then where work takes more than two seconds.
        say: Told how large the set will be.
    """

    archive: Path
    directory: Path
    config: str | None
    progress: Progress | None
    say: Say


class Preparer(NamedTuple):
    """How one set is prepared.

    Fields:
        needs: What the archive must be, in words that complete "set `archive` to".
        source: Where the original files are to be had.
        prepare: Writes the set.
    """

    needs: str
    source: str
    prepare: Callable[[Request], None]


class Arrays(NamedTuple):
    """The images of one split, in memory.

    Fields:
        images: `(N, H, W)` or `(N, H, W, C)`, uint8.
        columns: The other features, N values each.
    """

    images: np.ndarray
    columns: Mapping[str, Sequence[Any] | np.ndarray]


def unregistered() -> AbstractContextManager[None]:
    """The context in which to define a builder that keeps the name of one of tensorflow-datasets' own."""
    from tensorflow_datasets.core import registered

    return registered.skip_registration()


def gigabytes(size: int) -> str:
    """A number of bytes in words.

    >>> gigabytes(147_897_477_120), gigabytes(20_000)
    ('147.90 GB', '0.02 MB')
    """
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.2f} MB"


def check_room(directory: Path, size: int, written: int = 0) -> str:
    """Checks that a set has room, before the work.

    Args:
        directory: The folder of prepared sets; it need not exist.
        size: Bytes that the set takes.
        written: Bytes of it that are there already.

    Returns:
        How large the set is and how much is free, in words.

    Raises:
        InputError: There is too little space.
    """
    place = directory.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    words = f"{gigabytes(size)} on disk, {gigabytes(free)} free in {directory}"
    if size - written > free:
        raise InputError(f"too little space: {words}; choose another `directory`, or make room")
    return words


def write_arrays(
    name: str, splits: Mapping[str, Arrays], request: Request, classes: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Prepares a set of small images that are in memory, as PNG.

    Args:
        name: The set, as tensorflow-datasets has it. The examples are keyed by their index, as in its own builders of
            such sets, from which the order follows.
        splits: The images.
        request: What is prepared, and where.
        classes: The names of classes that tensorflow-datasets takes from the original files: feature → names.

    Raises:
        InputError: There is too little space, or the folder cannot be written.
    """
    import tensorflow_datasets as tfds

    total = sum(len(split.images) for split in splits.values())
    # Noise is the worst case: PNG then stores the pixels and a byte a row. The rest is the record's.
    size = sum(split.images.nbytes + len(split.images) * (split.images.shape[1] + 300) for split in splits.values())
    room = check_room(request.directory, size)
    request.say(f"{name}: {total:,} images, at most {room}")
    report = patient(request.progress)
    done = 0

    parent: Any = tfds.builder_cls(name)
    with unregistered():

        class Builder(parent):
            def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
                for feature, names in (classes or {}).items():
                    self.info.features[feature].names = list(names)
                return {split: self._generate_examples(arrays) for split, arrays in splits.items()}

            def _generate_examples(self, arrays: Arrays) -> Iterator[tuple[int, Any]]:
                nonlocal done
                for index, image in enumerate(arrays.images):
                    columns = {key: values[index] for key, values in arrays.columns.items()}
                    yield index, {"image": png(image), **columns}
                    done += 1
                    if done % 1000 == 0 or done == total:
                        report(f"preparing {name}", done, total)

        Builder.name = parent.name
    _write(Builder, request.directory)


def png(image: np.ndarray) -> io.BytesIO:
    """An image `(H, W)` or `(H, W, C)`, uint8, encoded without loss."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    encoded.seek(0)
    return encoded


def _write(builder_class: "type[GeneratorBasedBuilder]", directory: Path) -> None:
    """Prepares a set in the array_record format.

    The set appears under its name only when it is whole: an interrupted preparation leaves nothing that would be taken
    for a set, and the next one starts afresh. Where two processes prepare the same set at once, the first to end wins.

    Args:
        builder_class: The builder; its examples hold encoded images, since encoding arrays takes TensorFlow.
        directory: The folder of prepared sets; made where missing.

    Raises:
        InputError: The folder cannot be written.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core import shuffle
    from tensorflow_datasets.core.utils import tqdm_utils

    parent: Any = builder_class
    with unregistered():

        class Quiet(parent):
            name = builder_class.name

            def _log_download_bytes(self) -> None:
                """Nothing is downloaded; our own progress tells the rest."""

            def _log_download_done(self) -> None: ...

    had_bars, limit = tqdm_utils._active, shuffle.MAX_MEM_BUFFER_SIZE
    tfds.disable_progress_bar()
    # Beyond this size tensorflow-datasets sorts in files, through TensorFlow; these sets fit in memory.
    shuffle.MAX_MEM_BUFFER_SIZE = sys.maxsize
    try:
        directory.mkdir(parents=True, exist_ok=True)
        builder = Quiet(data_dir=str(directory), file_format="array_record")
        with TemporaryDirectory() as downloads:
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            try:
                builder.download_and_prepare(download_dir=downloads, download_config=config)
            except OSError:
                if not builder.is_prepared():  # else another process was faster, and its folder stands
                    raise
    except (OSError, RuntimeError) as error:  # array_record raises RuntimeError where a disk is full
        raise InputError(f"cannot prepare {builder_class.name!r} in {directory}: {error}") from error
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE = limit
        tfds.display_progress_bar(had_bars)
