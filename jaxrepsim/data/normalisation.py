"""The figures that bring pixels to mean 0 and deviation 1, channel by channel."""

import numpy as np

# What the experiments of Wang et al. 2018 normalise by.
PUBLISHED = {"cifar10": ((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261))}

_ROWS = 4096


def channel_statistics(images: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, of pixels in [0, 1].

    Args:
        images: `(N, H, W, C)`, uint8 or float in [0, 1].

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
        mean = images.mean(axis=(0, 1, 2), dtype=np.float64)
        variance = images.var(axis=(0, 1, 2), dtype=np.float64)
    std = np.where(variance > 0, np.sqrt(variance), 1.0)
    return tuple(mean.tolist()), tuple(std.tolist())
