"""Which images, and from where."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataConfig:
    """The data set of a run."""

    name: str = "digits"
    """`digits` (embedded), or any image classification set of tensorflow-datasets, such as `cifar10`."""
    directory: Path | None = None
    """Where tensorflow-datasets keeps prepared sets; by default its own `~/tensorflow_datasets`."""
    archive: Path | None = None
    """The set's original files, for a set that is not prepared yet. Nothing is ever downloaded."""
    train_split: str = "train"
    """The split to train on, in the slicing language of tensorflow-datasets: `train[:90%]`."""
    validation_split: str = "test"
    """The split on which accuracy is measured and activations are matched."""
