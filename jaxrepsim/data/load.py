"""From the data settings of a run to the images."""

from pathlib import Path
from typing import TYPE_CHECKING

from jaxrepsim import extras
from jaxrepsim.data import digits, image_folder, lookup, normalisation, own, tfds
from jaxrepsim.data.config import DataConfig
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.data.preparation import PREPARERS, prepare
from jaxrepsim.data.progress import Progress
from jaxrepsim.errors import InputError
from jaxrepsim.user_code import is_reference

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder


def load(config: DataConfig, progress: Progress | None = None) -> Dataset:
    """Loads the two splits of a run: whole, or, with `config.image_size`, to be read image by image.

    A set of tensorflow-datasets is read from `config.directory`, where it must be prepared in the array_record format;
    one of `preparation.PREPARERS` is prepared there first if it is not and `config.archive` is given. Nothing is
    downloaded. A set of one's own is a `.npz` file, a function or a folder of images: see `own` and `image_folder`; of
    a name that is that of such a folder, and of a set of tensorflow-datasets as well, the folder is meant.

    Args:
        config: Which set and splits, and where.
        progress: Called as `progress(what, done, total)` where loading takes more than two seconds.

    Returns:
        The data set, its images uint8 for sets of tensorflow-datasets and folders, float32 for the digits, and either
        for arrays.

    Raises:
        InputError: The set is unknown, not prepared, damaged, in another format or not for image classification; a
            split does not exist, or its images differ in size and are not cropped; the archive is missing or damaged.

    >>> digits = load(DataConfig(name="digits", validation_split="test[:64]"))
    >>> digits.train.images.shape, digits.validation.images.shape, digits.classes
    ((1260, 8, 8, 1), (64, 8, 8, 1), 10)
    """
    extras.check("data", f"the data set {config.name!r}", "tensorflow_datasets", "importlib_resources")
    specs = (config.train_split, config.validation_split)
    place, size = Path(config.name).expanduser(), config.image_size
    of_arrays = config.name == "digits" or place.suffix == ".npz" or is_reference(config.name)
    if size is not None:
        _check_streamable(config.name, of_arrays)
    published = ""
    if config.name == "digits":
        splits, classes = digits.load(*specs), digits.CLASSES
    elif place.suffix == ".npz":
        splits, classes = own.load_file(place, specs)
    elif is_reference(config.name):
        splits, classes = own.call(config.name, specs)
    elif image_folder.is_image_folder(config.name):
        splits, classes = image_folder.load(place, specs, size, config.workers, progress)
    else:
        published, builder = lookup.base_name(config.name), _prepared(config, progress)
        if size is None:
            splits, classes = tfds.load(builder, specs, progress)
        else:
            splits, classes = tfds.stream(builder, specs, size, config.workers)
    train, validation = splits
    if train.images.shape[1:] != validation.images.shape[1:]:
        raise InputError(
            f"the images of {config.name!r} differ in size: {train.images.shape[1:]} in {specs[0]!r},"
            f" {validation.images.shape[1:]} in {specs[1]!r}"
        )
    mean, std = normalisation.of_split(published, train.images)
    return Dataset(config.name, train, validation, classes, mean, std)


def _check_streamable(name: str, of_arrays: bool) -> None:
    if of_arrays:
        raise InputError(f"image_size is for images on disk, and those of {name!r} are in memory: leave it out")
    extras.check("data", "a set whose images stay on disk (image_size)", "grain")


def _prepared(config: DataConfig, progress: Progress | None) -> "DatasetBuilder":
    preparer = PREPARERS.get(lookup.base_name(config.name))
    builder = lookup.find(config.name, config.directory)
    if builder is None and preparer is not None and config.archive is not None:
        prepare(config.name, config.archive, config.directory, progress)
        builder = lookup.find(config.name, config.directory)
    if builder is None:
        raise lookup.missing(config.name, config.directory, preparer)
    return builder
