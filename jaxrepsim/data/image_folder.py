"""Images of one's own in folders: one for each split, and in it one for each class."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jaxrepsim.data.dataset import Split
from jaxrepsim.data.own import by_asked_name, check_classes
from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.data.records import Columns, decoded
from jaxrepsim.data.splits import pieces
from jaxrepsim.data.streamed import Streamed
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_COLOURS = 3
_GREYS = 1
_REPORTED = 100
_LAYOUT = "FOLDER/train/CLASS/*.png and FOLDER/validation/CLASS/*.png (or .jpg, and so on), with the same classes"


@dataclass(frozen=True)
class ImageFiles:
    """The image files of a split, as `Streamed` reads them: see `jaxrepsim.data.records.Records`."""

    place: str
    """The folder of the set, for errors."""
    columns: Columns
    files: tuple[str, ...]
    classes: tuple[int, ...]
    """Of each file."""

    def __len__(self) -> int:
        return len(self.files)

    def example(self, row: int) -> tuple[bytes, int]:
        """The encoded image and its class.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            return Path(self.files[row]).read_bytes(), self.classes[row]
        except OSError as error:
            raise InputError(f"{self.files[row]} cannot be read: {error.strerror}") from error

    def image(self, encoded: bytes, row: int) -> "Image":
        """Decodes an image; `row` is for the error.

        Raises:
            InputError: The file is damaged, or no image.
        """
        try:
            return decoded(encoded, self.columns.channels, self.place, "")
        except InputError as error:
            raise InputError(f"{self.files[row]} is damaged, or no image: mend or remove it") from error


def is_image_folder(name: str) -> bool:
    """Whether a name is that of a folder that has folders in it."""
    place = Path(name).expanduser()
    return place.is_dir() and any(path.is_dir() for path in place.iterdir())


def load(
    place: Path, specs: Sequence[str], size: int | None, workers: int, progress: Progress | None = None
) -> tuple[list[Split], int]:
    """Splits of images in folders.

    Classes are numbered in the order of their names. The images of a split are taken class by class in turn, in the
    order of their names, so that every slice of it has all classes. They have three channels, or one where the first
    image of each class is grey.

    Args:
        place: The folder, with a folder for each split, and in it one for each class.
        specs: Splits in the slicing language of tensorflow-datasets.
        size: Set: images stay on disk, and are cropped to so many pixels a side when they are read; see `Streamed`.
            Otherwise all are read here, and must be of one size.
        workers: See `Streamed`.
        progress: Called now and then where reading takes more than two seconds.

    Returns:
        The splits, images uint8, and the number of classes.

    Raises:
        InputError: There are no images where they must be, splits have other classes, or one; a split does not exist;
            a file is damaged; images differ in size, and no size is given.
    """
    names = [path.name for path in sorted(place.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    found = {name: _by_class(place / name) for name in names}
    classes = _same_classes(place, found)
    columns = Columns("", "", _channels(found), len(classes))
    splits = by_asked_name({name: _in_turn(files) for name, files in found.items()}, specs)
    result = []
    for spec in specs:
        parts = pieces(spec, {name: [len(files)] for name, files in splits.items()})
        chosen = [entry for part in parts for entry in splits[part.name][part.start : part.stop]]
        files, labels = zip(*chosen, strict=True)
        source = ImageFiles(str(place), columns, files, labels)
        check_classes(np.asarray(labels), str(place), spec)
        if size is None:
            result.append(_read(source, spec, progress))
        else:
            images = Streamed(source, size, workers, _identity(source, size))
            images.read(np.unique([0, len(images) - 1]))
            result.append(Split(images, images.labels))
    return result, len(classes)


def _by_class(split: Path) -> dict[str, list[str]]:
    folders = [path for path in sorted(split.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    files = {folder.name: [str(path) for path in sorted(folder.iterdir()) if _is_image(path)] for folder in folders}
    return {name: paths for name, paths in files.items() if paths}


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS and not path.name.startswith(".")


def _same_classes(place: Path, splits: dict[str, dict[str, list[str]]]) -> list[str]:
    for name, files in splits.items():
        if not files:
            raise InputError(f"{place / name} holds no folder with images; expected {_LAYOUT}")
    first, *others = splits
    for name in others:
        if different := sorted(set(splits[first]) ^ set(splits[name])):
            raise InputError(
                f"{place}: the class {different[0]!r} is in one of {first!r} and {name!r} and not in the other; needed "
                f"are {_LAYOUT}"
            )
    return sorted(splits[first])


def _in_turn(files: dict[str, list[str]]) -> list[tuple[str, int]]:
    """Each file with its class: the first of every class, then the second of every class, and so on."""
    ranked = [(rank, label, path) for label, name in enumerate(sorted(files)) for rank, path in enumerate(files[name])]
    return [(path, label) for _, label, path in sorted(ranked)]


def _channels(splits: dict[str, dict[str, list[str]]]) -> int:
    from PIL import Image, UnidentifiedImageError

    for files in splits.values():
        for first, *_ in files.values():
            try:
                with Image.open(first) as image:
                    mode = image.mode
            except (OSError, UnidentifiedImageError) as error:
                raise InputError(f"{first} is damaged, or no image: mend or remove it") from error
            if mode.startswith(("I", "F")):
                raise InputError(
                    f"{first} has more than 8 bits a pixel (Pillow's mode {mode!r}), of which the upper ones would be "
                    "lost: give arrays instead, in a .npz file, or save the images with 8 bits"
                )
            if mode not in ("1", "L"):
                return _COLOURS
    return _GREYS


def _read(source: ImageFiles, spec: str, progress: Progress | None) -> Split:
    images: np.ndarray | None = None
    report = patient(progress)
    for row in range(len(source)):
        pixels = np.asarray(source.image(source.example(row)[0], row))
        image = pixels.reshape(*pixels.shape[:2], source.columns.channels)
        if images is None:
            images = np.empty((len(source), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            raise InputError(
                f"images differ in size: {source.files[0]} is {images.shape[2]} × {images.shape[1]} pixels, and "
                f"{source.files[row]} is {image.shape[1]} × {image.shape[0]}; set data.image_size to crop them"
            )
        images[row] = image
        if (row + 1) % _REPORTED == 0 or row + 1 == len(source):
            report(f"loading {source.place} {spec}", row + 1, len(source))
    assert images is not None, "no split is empty"
    return Split(images, np.asarray(source.classes, np.int32))


def _identity(source: ImageFiles, size: int) -> str:
    """Names and sizes of all files: reading them to check their pixels would take as long as an epoch."""
    listed = "".join(f"{Path(file).relative_to(source.place)} {Path(file).stat().st_size}\n" for file in source.files)
    return f"{len(source)} files {zlib.crc32(listed.encode()):08x}, cropped to {size} × {size}"
