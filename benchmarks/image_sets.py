"""How large the images of a run are, and how many there are, without the images."""

from typing import NamedTuple

from jaxrepsim.data.lookup import base_name
from jaxrepsim.data.splits import pieces
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.pipeline.config import DataConfig


class Images(NamedTuple):
    """What a run sees.

    Fields:
        shape: (height, width, channels) of an image, as the network gets it.
        classes: Number of classes.
        train: Images to train on.
        validation: Images to measure accuracy and to match on.
        resident: Bytes of both splits on every device; 0 where images are streamed.
    """

    shape: tuple[int, int, int]
    classes: int
    train: int
    validation: int
    resident: int


class _Set(NamedTuple):
    side: int
    channels: int
    classes: int
    splits: dict[str, int]
    itemsize: int = 1


# Of tensorflow-datasets' catalogue, but the digits, which scikit-learn ships. Side 0: images of many sizes.
_SETS = {
    "digits": _Set(8, 1, 10, {"train": 1260, "test": 537}, itemsize=4),
    "mnist": _Set(28, 1, 10, {"train": 60_000, "test": 10_000}),
    "fashion_mnist": _Set(28, 1, 10, {"train": 60_000, "test": 10_000}),
    "cifar10": _Set(32, 3, 10, {"train": 50_000, "test": 10_000}),
    "cifar100": _Set(32, 3, 100, {"train": 50_000, "test": 10_000}),
    "svhn_cropped": _Set(32, 3, 10, {"train": 73_257, "test": 26_032, "extra": 531_131}),
    "imagenette": _Set(0, 3, 10, {"train": 9_469, "validation": 3_925}),
    "imagenet2012": _Set(0, 3, 1000, {"train": 1_281_167, "validation": 50_000}),
}


def images_of(config: DataConfig) -> Images:
    """The images of a run, by what is published of its set.

    Args:
        config: Which set and splits.

    Returns:
        Their shape and numbers.

    Raises:
        InputError: The set is not among those known here, its images need a size, or a split does not exist.
    """
    name = base_name(config.name)
    if name not in _SETS:
        raise unknown("data set (of those whose size is known without them)", config.name, _SETS)
    known = _SETS[name]
    shards = {split: [count] for split, count in known.splits.items()}
    train, validation = (
        sum(piece.stop - piece.start for piece in pieces(spec, shards))
        for spec in (config.train_split, config.validation_split)
    )
    size = config.image_size
    if size is None and known.side == 0:
        raise InputError(f"the images of {name!r} differ in size: set `image_size`, 224 in the papers")
    side = size or known.side
    bytes_each = side * side * known.channels * known.itemsize
    resident = (train + validation) * bytes_each if size is None else 0
    return Images((side, side, known.channels), known.classes, train, validation, resident)
