"""What a loaded data set is: two splits, in memory or streamed from disk, and the figures that normalise them."""

from typing import NamedTuple

import numpy as np

from jaxrepsim.data.streamed import Streamed, StreamedLabels

Images = np.ndarray | Streamed
"""Images in memory, or on disk and read when indexed by a slice or an array of integers."""


class Split(NamedTuple):
    """The images of one split and their classes, in a fixed order.

    Fields:
        images: `(N, H, W, C)`, uint8, or float32 in [0, 1]; of sets of one's own also vectors `(N, features)`,
            float32. `Streamed` where `DataConfig.image_size` is set.
        labels: `(N,)`, int32, each from 0 to `classes - 1`; `StreamedLabels` likewise.
    """

    images: Images
    labels: np.ndarray | StreamedLabels


class Dataset(NamedTuple):
    """An image classification set.

    Fields:
        name: The name it was asked for by.
        train: The split to train on.
        validation: The split on which accuracy is measured and activations are matched.
        classes: How many classes there are, those without an image included.
        mean: Mean of each channel over the train split, of pixels in [0, 1].
        std: Standard deviation of each channel, likewise.
    """

    name: str
    train: Split
    validation: Split
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
