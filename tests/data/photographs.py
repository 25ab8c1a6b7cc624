"""A set like Imagenette, but tiny: JPEGs of different sizes, in several files, prepared by tensorflow-datasets."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxrepsim.data import DataConfig

from .conftest import prepare

COUNTS = {"train": 23, "validation": 9}
CLASSES = 3


def photograph(random: np.random.Generator) -> Image.Image:
    """Smooth blots of colour, from 9 to 59 pixels a side."""
    width, height = (int(side) for side in random.integers(9, 60, 2))
    blots = random.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def prepare_photographs(directory: Path, name: str = "photographs", **replaced: list[dict[str, Any]]) -> None:
    random = np.random.default_rng(0)
    splits = {
        split: [{"image": encoded(photograph(random)), "label": i % CLASSES} for i in range(count)]
        for split, count in COUNTS.items()
    }
    prepare(
        directory,
        name,
        lambda features: {
            "image": features.Image(shape=(None, None, 3)),
            "label": features.ClassLabel(num_classes=CLASSES),
        },
        splits | replaced,
        ("image", "label"),
    )


def config(directory: Path, **settings: Any) -> DataConfig:
    defaults = {"name": "photographs", "directory": directory, "validation_split": "validation", "image_size": 12}
    return DataConfig(**defaults | settings)


def originals(directory: Path, split: str, name: str = "photographs") -> list[tuple[Image.Image, int]]:
    """The images as they are, and their labels, in the order that tensorflow-datasets' own reader gives."""
    import tensorflow_datasets as tfds

    (version,) = (directory / name).iterdir()
    source = tfds.builder_from_directory(version).as_data_source(split)
    return [(Image.fromarray(example["image"]), int(example["label"])) for example in source]
