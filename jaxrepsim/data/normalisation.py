"""The figures that bring pixels to mean 0 and deviation 1, channel by channel."""

import numpy as np

from jaxrepsim.data.dataset import Images
from jaxrepsim.data.streamed import Streamed

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

PUBLISHED = {
    # What the experiments of Wang et al. 2018 normalise by.
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261)),
    # What torchvision's networks for ImageNet are trained with; Imagenette is ten of its classes.
    "imagenet2012": _IMAGENET,
    "imagenette": _IMAGENET,
    # Of the train split, as DeepCore (Guo, Zhao, Bai 2022) and others have it.
    "svhn_cropped": ((0.4377, 0.4438, 0.4728), (0.198, 0.201, 0.197)),
}
"""Means and standard deviations by the set's name; those of other sets are measured on the train split."""

_ROWS = 4096
_SAMPLE = 2048  # images of a streamed set


def of_split(name: str, images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The figures that normalise a set.

    Args:
        name: The set's, without configuration and version.
        images: Its train split.

    Returns:
        Mean and standard deviation of each channel: the published ones; else those of the train split, and where its
        images are streamed, of 2,048 of them, spread evenly.
    """
    if name in PUBLISHED:
        return PUBLISHED[name]
    if isinstance(images, Streamed):
        images = images[np.unique(np.linspace(0, len(images) - 1, _SAMPLE).round().astype(int))]
    return channel_statistics(images)


def channel_statistics(images: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, of pixels in [0, 1].

    Args:
        images: `(N, H, W, C)`, uint8 or float in [0, 1]; or vectors `(N, C)`.

    Returns:
        The means and the deviations, C of each. A channel that never varies has the deviation 1, so that dividing by
        it is safe.

    >>> channel_statistics(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1))
    ((0.5,), (0.5,))
    """
    channels = range(images.shape[-1])
    if images.dtype == np.uint8:
        counts = np.zeros((images.shape[-1], 256))
        for first in range(0, len(images), _ROWS):  # bincount widens to int64: a whole set of images would not fit
            for channel in channels:
                counts[channel] += np.bincount(images[first : first + _ROWS, ..., channel].ravel(), minlength=256)
        share = counts / counts.sum(axis=1, keepdims=True)
        values = np.arange(256) / 255
        mean = share @ values
        variance = (share * (values - mean[:, None]) ** 2).sum(axis=1)
    else:
        others = tuple(range(images.ndim - 1))
        mean = images.mean(axis=others, dtype=np.float64)
        variance = images.var(axis=others, dtype=np.float64)
    std = np.where(variance > 0, np.sqrt(variance), 1.0)
    return tuple(mean.tolist()), tuple(std.tolist())
