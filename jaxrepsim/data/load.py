"""From the data settings of a run to the images."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from jaxrepsim.data import digits, lookup, normalisation, tfds
from jaxrepsim.data.config import DataConfig
from jaxrepsim.data.dataset import Dataset, Split
from jaxrepsim.data.preparation import PREPARERS, prepare
from jaxrepsim.data.progress import Progress
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder


def load(config: DataConfig, progress: Progress | None = None) -> Dataset:
    """Loads the two splits of a run: whole, or, with `config.image_size`, to be read image by image.

    A set of tensorflow-datasets is read from `config.directory`, where it must be prepared in the array_record format;
    one of `preparation.PREPARERS` is prepared there first if it is not and `config.archive` is given. Nothing is
    downloaded.

    Args:
        config: Which set and splits, and where.
        progress: Called as `progress(what, done, total)` where loading takes more than two seconds.

    Returns:
        The data set, its images uint8 for sets of tensorflow-datasets and float32 for the digits.

    Raises:
        InputError: The set is unknown, not prepared, damaged, in another format or not for image classification; a
            split does not exist, or its images differ in size and are not cropped; the archive is missing or damaged.

    >>> digits = load(DataConfig(name="digits", validation_split="test[:64]"))
    >>> digits.train.images.shape, digits.validation.images.shape, digits.classes
    ((1260, 8, 8, 1), (64, 8, 8, 1), 10)
    """
    specs = (config.train_split, config.validation_split)
    if config.image_size is not None:
        splits, classes = _streamed(config, config.image_size, specs, progress)
    elif config.name == "digits":
        splits, classes = digits.load(*specs), digits.CLASSES
    else:
        splits, classes = tfds.load(_prepared(config, progress), specs, progress)
    train, validation = splits
    if train.images.shape[1:] != validation.images.shape[1:]:
        raise InputError(
            f"the images of {config.name!r} differ in size: {train.images.shape[1:]} in {specs[0]!r},"
            f" {validation.images.shape[1:]} in {specs[1]!r}"
        )
    mean, std = normalisation.of_split(lookup.base_name(config.name), train.images)
    return Dataset(config.name, train, validation, classes, mean, std)


def _streamed(
    config: DataConfig, size: int, specs: tuple[str, str], progress: Progress | None
) -> tuple[list[Split], int]:
    if config.name == "digits":
        raise InputError("image_size is for images on disk, and the digits are none: leave it out")
    if find_spec("grain") is None:
        raise InputError("images that stay on disk (image_size) need Grain, which is not installed: pip install grain")
    return tfds.stream(_prepared(config, progress), specs, size, config.workers)


def _prepared(config: DataConfig, progress: Progress | None) -> "DatasetBuilder":
    preparer = PREPARERS.get(lookup.base_name(config.name))
    builder = lookup.find(config.name, config.directory)
    if builder is None and preparer is not None and config.archive is not None:
        prepare(config.name, config.archive, config.directory, progress)
        builder = lookup.find(config.name, config.directory)
    if builder is None:
        raise lookup.missing(config.name, config.directory, preparer)
    return builder
