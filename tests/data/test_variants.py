"""The digits changed on purpose: what changes, and what stays."""

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, digits, load, variants

TRAIN, TEST = digits.load("train", "test")


@pytest.mark.parametrize("name", ["labels_25", "shortcut_0", "shortcut_75", "noise_1000"])
def test_they_are_data_sets(name):
    dataset = load(DataConfig(f"jaxrepsim.data.variants:{name}"))
    assert dataset.classes == digits.CLASSES
    np.testing.assert_array_equal(dataset.validation.labels, TEST.labels)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_random_labels(share):
    found = variants.random_labels(share)
    changed = (found["train_labels"] != TRAIN.labels).mean()
    assert changed == pytest.approx(0.9 * share, abs=0.03)
    assert (changed == 0) == (share == 0)
    np.testing.assert_array_equal(found["train_images"], TRAIN.images)
    np.testing.assert_array_equal(found["validation_images"], TEST.images)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_shortcuts_tell_the_class_in_a_share(share):
    found = variants.shortcut(share)
    hue_of = {}
    for split, images, labels in (("train", TRAIN.images, TRAIN.labels), ("validation", TEST.images, TEST.labels)):
        dotted = found[f"{split}_images"]
        changed = (dotted != np.repeat(images, 3, axis=-1)).any(axis=-1)
        assert (changed.sum(axis=(1, 2)) <= variants.DIGITS.dot**2).all()
        colors = [tuple(image[place][0]) for image, place in zip(dotted, changed, strict=True)]
        hue_of[split] = list(zip(colors, labels.tolist(), strict=True))
    told = {
        label: max(set(of), key=of.count)
        for label in range(10)
        for of in ([c for c, n in hue_of["train"] if n == label],)
    }
    agree = {split: np.mean([color == told[label] for color, label in pairs]) for split, pairs in hue_of.items()}
    assert agree["train"] == pytest.approx(share + (1 - share) / 10, abs=0.06)
    assert agree["validation"] == pytest.approx(0.1, abs=0.06)
    first, other = (variants.shortcut(value)["validation_images"] for value in (0.0, 1.0))
    np.testing.assert_array_equal(first, other)  # networks are compared on the same images


def test_noise_is_as_strong_as_it_says():
    found = variants.noise(2000.0)
    grey = (np.tile(TRAIN.images, (variants.DIGITS.copies, 1, 1, 1)) > 0.3) & (
        np.tile(TRAIN.images, (variants.DIGITS.copies, 1, 1, 1)) < 0.7
    )  # where little is cut off
    difference = found["train_images"] - np.tile(TRAIN.images, (variants.DIGITS.copies, 1, 1, 1))
    assert np.var(difference[grey]) * 255**2 == pytest.approx(1000, rel=0.05)
    assert found["train_images"].min() >= 0
    assert found["train_images"].max() <= 1
    np.testing.assert_array_equal(found["validation_images"], TEST.images)
    assert not np.array_equal(difference[: len(TRAIN.labels)], difference[len(TRAIN.labels) : 2 * len(TRAIN.labels)])


def test_other_images_are_changed_likewise():
    few = variants.Source(DataConfig("digits", train_split="train[:50]", validation_split="test[:20]"), copies=2, dot=3)
    dotted = variants.shortcut(1.0, few)
    changed = (dotted["train_images"] != np.repeat(TRAIN.images[:50], 3, axis=-1)).any(axis=-1)
    assert changed.sum(axis=(1, 2)).max() == 9
    assert len(variants.noise(1000.0, few)["train_images"]) == 100
    halved = variants.random_labels(1.0, few._replace(block=2))
    np.testing.assert_array_equal(halved["validation_labels"], TEST.labels[:20])
    assert halved["train_images"][3, 1, 2, 0] == pytest.approx(TRAIN.images[3, 2:4, 4:6].mean())
