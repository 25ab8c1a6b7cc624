"""Images changed on purpose, a little or much: networks trained on one variant ought to resemble one another.

`labels_25`, `shortcut_100`, `noise_4000` and so on are functions of data, for the setting
`data.name="jaxrepsim.data.variants:labels_25"`: variants of the digits, as is `enlarged`. `fashion_clean`,
`fashion_labels_50` and so on are the first 10,000 training images of Fashion-MNIST, and the first 2,000 test images, at
half of their size.

Source: Klabunde et al. 2025 (arXiv:2408.00531), tests by design; see docs/validity.md for what differs.
"""

from colorsys import hsv_to_rgb
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxrepsim.data.config import DataConfig
from jaxrepsim.data.load import load

SEED = 0
Arrays = dict[str, np.ndarray]


class InMemory(NamedTuple):
    """A split, pixels in [0, 1]."""

    images: np.ndarray
    labels: np.ndarray


class Source(NamedTuple):
    """What is changed, and by how much of it."""

    data: DataConfig
    copies: int
    """How many times the noise of an image is drawn."""
    dot: int
    """Pixels a side."""
    block: int = 1
    """Pixels a side whose mean is one pixel, for smaller images."""


DIGITS = Source(DataConfig("digits"), copies=20, dot=2)
FASHION = Source(
    DataConfig(
        "fashion_mnist",
        archive=Path("/usr/share/datasets/fashion-mnist"),
        train_split="train[:10000]",
        validation_split="test[:2000]",
    ),
    copies=5,
    dot=2,
    block=2,
)
"""Of which the networks of configs/validity/fashion_mnist.py see every image five times."""


def random_labels(share: float, source: Source = DIGITS) -> Arrays:
    """A share of the training labels are uniform draws; the images that they fall on are drawn too.

    Args:
        share: In [0, 1].
        source: The images.

    Returns:
        The arrays of both splits; the validation split is that of the source.

    >>> kept = random_labels(0.5)["train_labels"] == random_labels(0.0)["train_labels"]
    >>> round(float(kept.mean()), 2)  # a tenth of the drawn ones are right
    0.55
    """
    train, validation, classes = _loaded(source)
    random = np.random.default_rng(SEED)
    count = len(train.labels)
    drawn = random.permutation(count) < round(share * count)
    labels = np.where(drawn, random.integers(0, classes, count), train.labels)
    return _arrays(train.images, labels, validation)


def shortcut(share: float, source: Source = DIGITS) -> Arrays:
    """Grey images with a coloured dot at a random place: in a share of the training images its hue is the class.

    In all other images, those of the validation split among them, the hue is drawn.

    Args:
        share: In [0, 1].
        source: The images, of one channel.

    Returns:
        The arrays of both splits, images (N, H, W, 3).

    >>> shortcut(1.0)["train_images"].shape
    (1260, 8, 8, 3)
    """
    train, validation, classes = _loaded(source)
    random = np.random.default_rng(SEED)
    told = random.permutation(len(train.labels)) < round(share * len(train.labels))
    colors = np.array([hsv_to_rgb(hue / classes, 1, 1) for hue in range(classes)])
    dotted = [
        _dotted(split.images, np.where(known, split.labels, random.integers(0, classes, n)), colors, source.dot, random)
        for split, known in ((train, told), (validation, False))
        for n in (len(split.labels),)
    ]
    return _arrays(dotted[0], train.labels, InMemory(dotted[1], validation.labels))


def noise(variance: float, source: Source = DIGITS) -> Arrays:
    """Gaussian noise on the training images, drawn several times: an epoch has each image so often.

    The variance of an image's noise is uniform between 0 and the largest; pixels are cut off at black and white.

    Args:
        variance: The largest, of pixels from 0 to 255.
        source: The images.

    Returns:
        The arrays of both splits; the validation split is that of the source.

    >>> noise(1000.0)["train_images"].shape
    (25200, 8, 8, 1)
    """
    train, validation, _ = _loaded(source)
    random = np.random.default_rng(SEED)
    images = np.tile(train.images, (source.copies, 1, 1, 1))
    deviation = np.sqrt(random.uniform(0, variance, (len(images), 1, 1, 1))) / 255
    noisy = np.clip(images + deviation * random.normal(size=images.shape), 0, 1)
    return _arrays(noisy, np.tile(train.labels, source.copies), validation)


def enlarged() -> Arrays:
    """The digits with each pixel as 2 × 2, for networks whose strides leave nothing of 8 × 8.

    >>> enlarged()["train_images"].shape
    (1260, 16, 16, 1)
    """
    train, validation, _ = _loaded(DIGITS)
    large = [split.images.repeat(2, axis=1).repeat(2, axis=2) for split in (train, validation)]
    return _arrays(large[0], train.labels, InMemory(large[1], validation.labels))


def _loaded(source: Source) -> tuple[InMemory, InMemory, int]:
    """Both splits, and how many classes there are."""
    found = load(source.data)
    train, validation = (
        InMemory(_small(np.asarray(of.images[:]), source.block), np.asarray(of.labels[:]))
        for of in (found.train, found.validation)
    )
    return train, validation, found.classes


def _small(images: np.ndarray, block: int) -> np.ndarray:
    shares = (images / 255).astype(np.float32) if images.dtype == np.uint8 else images
    n, height, width, channels = shares.shape
    return shares.reshape(n, height // block, block, width // block, block, channels).mean(axis=(2, 4))


def _dotted(
    images: np.ndarray, hues: np.ndarray, colors: np.ndarray, dot: int, random: np.random.Generator
) -> np.ndarray:
    dotted = np.repeat(images, 3, axis=-1)
    corners = random.integers(0, images.shape[1] - dot + 1, (len(images), 2))
    for image, hue, (row, column) in zip(dotted, hues, corners, strict=True):
        image[row : row + dot, column : column + dot] = colors[hue]
    return dotted


def _arrays(images: np.ndarray, labels: np.ndarray, validation: InMemory) -> Arrays:
    return {
        "train_images": images.astype(np.float32),
        "train_labels": labels,
        "validation_images": np.asarray(validation.images),
        "validation_labels": np.asarray(validation.labels),
    }


labels_25, labels_50, labels_75, labels_100 = (partial(random_labels, share) for share in (0.25, 0.5, 0.75, 1.0))
shortcut_0, shortcut_25, shortcut_50 = (partial(shortcut, share) for share in (0.0, 0.25, 0.5))
shortcut_75, shortcut_100 = (partial(shortcut, share) for share in (0.75, 1.0))
noise_1000, noise_2000, noise_3000, noise_4000 = (partial(noise, v) for v in (1000.0, 2000.0, 3000.0, 4000.0))
fashion_clean, fashion_labels_50, fashion_labels_100 = (partial(random_labels, s, FASHION) for s in (0.0, 0.5, 1.0))
fashion_shortcut_0, fashion_shortcut_50, fashion_shortcut_100 = (partial(shortcut, s, FASHION) for s in (0.0, 0.5, 1.0))
fashion_noise_2000, fashion_noise_4000 = (partial(noise, variance, FASHION) for variance in (2000.0, 4000.0))
