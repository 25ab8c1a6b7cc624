"""The handwritten digits that scikit-learn ships: 1,797 images of 8 × 8, for a first run without any file."""

from typing import Any

import numpy as np

from jaxrepsim.data.dataset import Split
from jaxrepsim.data.splits import pieces
from jaxrepsim.extras import needs

CLASSES = 10


def load(*specs: str) -> list[Split]:
    """Loads splits of the digits.

    The set comes undivided. Here three of every ten images of a class, by their order in the file, are `test` and the
    others `train`: a fixed, stratified 70 : 30 split (1,260 and 537 images) that no random generator can change.

    Args:
        specs: Splits in the slicing language of tensorflow-datasets, of `train` and `test`.

    Returns:
        For each of `specs`, images `(N, 8, 8, 1)` float32 in [0, 1] and their labels.

    Raises:
        InputError: scikit-learn is not installed, or a split does not exist.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998,
    as in `sklearn.datasets.load_digits`.
    """
    with needs("data", "the set of digits"):
        from sklearn.datasets import load_digits
    raw: Any = load_digits()
    images = (raw.images[..., None] / 16).astype(np.float32)
    labels = raw.target.astype(np.int32)
    is_test = _rank_in_class(labels) % 10 % 3 == 2
    rows = {"train": np.flatnonzero(~is_test), "test": np.flatnonzero(is_test)}
    return [_take(spec, images, labels, rows) for spec in specs]


def _rank_in_class(labels: np.ndarray) -> np.ndarray:
    """How many images of the same class come before each one."""
    same = labels[:, None] == np.arange(CLASSES)
    return (np.cumsum(same, axis=0) - 1)[np.arange(labels.size), labels]


def _take(spec: str, images: np.ndarray, labels: np.ndarray, rows: dict[str, np.ndarray]) -> Split:
    parts = pieces(spec, {name: [chosen.size] for name, chosen in rows.items()})
    chosen = np.concatenate([rows[part.name][part.start : part.stop] for part in parts])
    return Split(images[chosen], labels[chosen])
