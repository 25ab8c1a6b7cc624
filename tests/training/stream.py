"""Images that come batch by batch, as from a disk: a stand-in with the interface of `jaxrepsim.data.streamed`."""

import numpy as np

from jaxrepsim.data.dataset import Dataset, Split


class Labels:
    """Classes that can only be looked up, not read as a whole."""

    def __init__(self, labels: np.ndarray) -> None:
        self._labels = labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index):
        assert np.size(self._labels[index]) < len(self), "all labels were read"
        return self._labels[index]


class Stream:
    """The images of an array, uncropped; it notes what it was asked for."""

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(self, split: Split, identity: str) -> None:
        self._images, self._labels = split
        self.shape = self._images.shape
        self.identity = identity
        self.asked: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._images)

    def read(self, index):
        return self._images[index], self._labels[index]

    def batches(self, order, seed, batch_size, first=0):
        self.asked.append((seed, first))
        for start in range(first * batch_size, len(order) - batch_size + 1, batch_size):
            yield self.read(order[start : start + batch_size])


def streamed(dataset: Dataset) -> Dataset:
    """The same images, streamed."""

    def split(name: str, whole: Split) -> Split:
        return Split(Stream(whole, f"{dataset.name} {name}"), Labels(whole.labels))  # type: ignore[arg-type]

    return dataset._replace(train=split("train", dataset.train), validation=split("validation", dataset.validation))
