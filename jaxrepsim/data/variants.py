"""The digits changed on purpose, a little or much: networks trained on one variant ought to resemble one another.

`labels_25`, `shortcut_100`, `noise_4000` and so on are functions of data, for the setting
`data.name="jaxrepsim.data.variants:labels_25"`.

Source: Klabunde et al. 2025 (arXiv:2408.00531), tests by design; see docs/validity.md for what differs.
"""

from colorsys import hsv_to_rgb
from functools import partial
from typing import NamedTuple

import numpy as np

from jaxrepsim.data import digits

SEED = 0
COPIES = 20
"""How many times the noise of an image is drawn."""
DOT = 2
"""Pixels a side."""
Arrays = dict[str, np.ndarray]


def random_labels(share: float) -> Arrays:
    """The digits, a share of whose training labels are uniform draws; the images that they fall on are drawn too.

    Args:
        share: In [0, 1].

    Returns:
        The arrays of both splits; the validation split is that of the digits.

    >>> kept = random_labels(0.5)["train_labels"] == random_labels(0.0)["train_labels"]
    >>> round(float(kept.mean()), 2)  # a tenth of the drawn ones are right
    0.55
    """
    train, validation = _splits()
    random = np.random.default_rng(SEED)
    count = len(train.labels)
    drawn = random.permutation(count) < round(share * count)
    labels = np.where(drawn, random.integers(0, digits.CLASSES, count), train.labels)
    return _arrays(train.images, labels, validation.images, validation.labels)


def shortcut(share: float) -> Arrays:
    """The digits in grey with a coloured dot at a random place: in a share of the training images its hue is the class.

    In all other images, those of the validation split among them, the hue is drawn.

    Args:
        share: In [0, 1].

    Returns:
        The arrays of both splits, images (N, 8, 8, 3).

    >>> shortcut(1.0)["train_images"].shape
    (1260, 8, 8, 3)
    """
    train, validation = _splits()
    random = np.random.default_rng(SEED)
    told = random.permutation(len(train.labels)) < round(share * len(train.labels))
    dotted = [
        _dotted(split.images, np.where(known, split.labels, random.integers(0, digits.CLASSES, n)), random)
        for split, known in ((train, told), (validation, False))
        for n in (len(split.labels),)
    ]
    return _arrays(dotted[0], train.labels, dotted[1], validation.labels)


def noise(variance: float) -> Arrays:
    """The digits with Gaussian noise on the training images, drawn `COPIES` times: an epoch has each image so often.

    The variance of an image's noise is uniform between 0 and the largest; pixels are cut off at black and white.

    Args:
        variance: The largest, of pixels from 0 to 255.

    Returns:
        The arrays of both splits; the validation split is that of the digits.

    >>> noise(1000.0)["train_images"].shape
    (25200, 8, 8, 1)
    """
    train, validation = _splits()
    random = np.random.default_rng(SEED)
    images = np.tile(train.images, (COPIES, 1, 1, 1))
    deviation = np.sqrt(random.uniform(0, variance, (len(images), 1, 1, 1))) / 255
    noisy = np.clip(images + deviation * random.normal(size=images.shape), 0, 1)
    return _arrays(noisy, np.tile(train.labels, COPIES), validation.images, validation.labels)


class _Split(NamedTuple):
    images: np.ndarray
    labels: np.ndarray


def _splits() -> tuple[_Split, _Split]:
    train, validation = (_Split(np.asarray(of.images), np.asarray(of.labels)) for of in digits.load("train", "test"))
    return train, validation


def _dotted(images: np.ndarray, hues: np.ndarray, random: np.random.Generator) -> np.ndarray:
    colors = np.array([hsv_to_rgb(hue / digits.CLASSES, 1, 1) for hue in range(digits.CLASSES)])
    dotted = np.repeat(images, 3, axis=-1)
    corners = random.integers(0, images.shape[1] - DOT + 1, (len(images), 2))
    for image, hue, (row, column) in zip(dotted, hues, corners, strict=True):
        image[row : row + DOT, column : column + DOT] = colors[hue]
    return dotted


def _arrays(images: np.ndarray, labels: np.ndarray, others: np.ndarray, other_labels: np.ndarray) -> Arrays:
    return {
        "train_images": images.astype(np.float32),
        "train_labels": labels,
        "validation_images": others,
        "validation_labels": other_labels,
    }


labels_25, labels_50, labels_75, labels_100 = (partial(random_labels, share) for share in (0.25, 0.5, 0.75, 1.0))
shortcut_0, shortcut_25, shortcut_50 = (partial(shortcut, share) for share in (0.0, 0.25, 0.5))
shortcut_75, shortcut_100 = (partial(shortcut, share) for share in (0.75, 1.0))
noise_1000, noise_2000, noise_3000, noise_4000 = (partial(noise, v) for v in (1000.0, 2000.0, 3000.0, 4000.0))
