"""Which images, and from where."""

from dataclasses import dataclass
from pathlib import Path

from jaxrepsim.settings import require


@dataclass(frozen=True)
class DataConfig:
    """The data set of a run."""

    name: str = "digits"
    """`digits` (embedded); any image classification set of tensorflow-datasets, such as `cifar10`; or your own:
    `my_data.npz`, a folder with `train/CLASS/*.png` and `validation/CLASS/*.png`, or `module:function`, which returns
    the arrays that the file would hold: `train_images`, `train_labels`, `validation_images`, `validation_labels`."""
    directory: Path | None = None
    """Where tensorflow-datasets keeps prepared sets; by default its own `~/tensorflow_datasets`."""
    archive: Path | None = None
    """The set's original files, for a set that is not prepared yet. Nothing is ever downloaded."""
    train_split: str = "train"
    """The split to train on, in the slicing language of tensorflow-datasets: `train[:90%]`."""
    validation_split: str = "test"
    """The split on which accuracy is measured and activations are matched; `test` is also found as `validation` in a
    set of your own."""
    image_size: int | None = None
    """Set: images stay on disk, and are decoded and cropped to so many pixels a side when needed. For sets that
    memory does not hold or whose images differ in size. Otherwise the whole set is read into memory."""
    workers: int = 0
    """With `image_size`: how many processes decode images for training; 0 for threads of this one."""

    def __post_init__(self) -> None:
        require(
            self,
            ("image_size", "at least 1", lambda value: value is None or value >= 1),
            ("workers", "at least 0", lambda value: value >= 0),
        )
