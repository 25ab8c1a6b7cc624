"""From an image of any size to a square one: at random for training, the middle for evaluation."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_SHORTER = 256 / 224  # of the side that is cut out, for evaluation
_AREAS = (0.08, 1.0)
_ASPECTS = (3 / 4, 4 / 3)
_TRIES = 10


def centre_crop(image: "Image", size: int) -> "Image":
    """The middle of an image, as networks for ImageNet are evaluated on.

    The image is resized so that its shorter side has size·256/224 pixels, bilinear, each pixel a mean over what it
    covers; then the middle is cut out.

    Args:
        image: Of any size.
        size: Height and width of the result, in pixels.

    Returns:
        An image of size × size.

    Source: A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet Classification with Deep Convolutional Neural Networks,
    NIPS 2012, section 5; sizes and roundings of torchvision's `Resize` and `CenterCrop`.
    """
    from PIL.Image import Resampling

    shorter = round(size * _SHORTER)
    width, height = (shorter * side // min(image.size) for side in image.size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    # Only what is cut out is computed: the same region in the pixels of the original.
    (across, down) = image.size
    box = (left * across / width, top * down / height, (left + size) * across / width, (top + size) * down / height)
    return image.resize((size, size), Resampling.BILINEAR, box=box)


def random_resized_crop(image: "Image", size: int, random: np.random.Generator) -> "Image":
    """A rectangle of random area, shape and place, resized to a square.

    Args:
        image: Of any size.
        size: Height and width of the result, in pixels.
        random: Draws the rectangle; see `window`.

    Returns:
        An image of size × size, bilinear.

    Source: C. Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 6; as torchvision's
    `RandomResizedCrop`.
    """
    from PIL.Image import Resampling

    # Cut out first: a pixel of the result knows nothing of what is outside of the rectangle.
    box = window(*image.size, random.random((_TRIES, 4)))
    return image.crop(box).resize((size, size), Resampling.BILINEAR)


def window(width: int, height: int, draws: np.ndarray) -> tuple[int, int, int, int]:
    """The rectangle of `random_resized_crop`.

    Its area is uniform from 8 % to 100 % of the image's, the logarithm of its aspect ratio uniform from that of 3/4 to
    that of 4/3, its place uniform. The first of the tries that lies within the image counts; where none does, it is the
    middle of the image, as large as the bounds of the aspect ratio allow.

    Args:
        width: Of the image.
        height: Of the image.
        draws: (tries, 4), uniform on [0, 1): area, aspect ratio, and place across and down.

    Returns:
        Left, top, right, bottom: columns left to right − 1, rows top to bottom − 1.

    >>> window(100, 80, np.array([[1.0, 0.5, 0.0, 0.0], [0.0, 0.5, 0.0, 0.999]]))  # too high; 8 % fit
    (0, 55, 25, 80)
    >>> window(100, 80, np.ones((1, 4)))  # never fits, and 5 : 4 is an allowed shape: the whole image
    (0, 0, 100, 80)
    """
    for area, aspect, across, down in draws.tolist():
        target = (_AREAS[0] + area * (_AREAS[1] - _AREAS[0])) * width * height
        ratio = _ASPECTS[0] * (_ASPECTS[1] / _ASPECTS[0]) ** aspect
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = int(across * (width - w + 1)), int(down * (height - h + 1))
            return left, top, left + w, top + h
    ratio = min(max(width / height, _ASPECTS[0]), _ASPECTS[1])
    w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h
