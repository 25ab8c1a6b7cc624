import sys

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, load
from jaxrepsim.errors import InputError


def test_split_is_stratified_and_complete():
    dataset = load(DataConfig())
    train, test = dataset.train, dataset.validation
    assert train.images.shape == (1260, 8, 8, 1)
    assert test.images.shape == (537, 8, 8, 1)
    assert train.images.dtype == np.float32
    assert train.images.min() == 0
    assert train.images.max() == 1
    assert train.labels.dtype == np.int32
    in_train, in_test = np.bincount(train.labels), np.bincount(test.labels)
    assert len(in_train) == dataset.classes == 10
    assert np.abs(in_test / (in_train + in_test) - 0.3).max() < 0.01
    joined = np.concatenate([train.images, test.images]).reshape(1797, -1)
    assert len(np.unique(joined, axis=0)) == 1797  # no image is in both


def test_split_is_fixed():
    """The labels at the heads of the splits, so that a change of the split cannot pass unnoticed."""
    dataset = load(DataConfig(train_split="train[:12]", validation_split="test[:12]"))
    assert dataset.train.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert len(dataset.validation.labels) == 12


def test_slices():
    whole = load(DataConfig())
    part = load(DataConfig(train_split="train[:50%]", validation_split="all"))
    np.testing.assert_array_equal(part.train.images, whole.train.images[:630])
    np.testing.assert_array_equal(part.validation.labels, np.concatenate([whole.train.labels, whole.validation.labels]))
    assert part.mean != whole.mean


def test_unknown_split():
    with pytest.raises(InputError, match=r"unknown split 'validation'.* Known: train, test"):
        load(DataConfig(validation_split="validation"))


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r'needs sklearn, .*pip install "jaxrepsim\[data\]"'):
        load(DataConfig())
