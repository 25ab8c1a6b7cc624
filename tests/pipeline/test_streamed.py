"""Images that are read from disk when needed give what the same images in memory give."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.data import Dataset, load
from jaxrepsim.data.records import Records
from jaxrepsim.pipeline import MatchingConfig
from jaxrepsim.pipeline.passes.extraction import Subject, extract
from jaxrepsim.pipeline.passes.sampled import sample
from jaxrepsim.pipeline.passes.sources import Networks
from jaxrepsim.training import TrainedNetwork
from tests.data.photographs import COUNTS, config, prepare_photographs
from tests.training.tiny import TinyNet

MODEL = TinyNet()
MATCHING = MatchingConfig(batch_size=4)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    directory: Path = tmp_path_factory.mktemp("photographs")
    prepare_photographs(directory)
    return load(config(directory))


@pytest.fixture(scope="module")
def in_memory(streamed) -> Dataset:
    train, validation = (
        split._replace(images=split.images[:], labels=split.labels[:])
        for split in (streamed.train, streamed.validation)
    )
    assert type(validation.images) is np.ndarray
    return streamed._replace(train=train, validation=validation)


@pytest.fixture(scope="module")
def untrained() -> list[TrainedNetwork]:
    init = jax.jit(MODEL.init)
    return [TrainedNetwork(seed, init(jax.random.key(seed), jnp.zeros((1, 12, 12, 3))), ()) for seed in (0, 1)]


def test_extraction(streamed, in_memory, untrained, monkeypatch):
    read = []
    example = Records.example
    monkeypatch.setattr(Records, "example", lambda self, row: read.append(row) or example(self, row))
    subjects = {net.seed: Subject(MODEL, net.variables, streamed.mean, streamed.std) for net in untrained}
    got = extract(subjects, streamed.validation.images, MATCHING)
    count = COUNTS["validation"]
    assert sorted(read) == sorted([*range(count), *[count - 1] * (-count % 4)])  # the last batch is filled up
    expected = extract(subjects, in_memory.validation.images, MATCHING)
    assert got.samples == expected.samples == {"conv": count * 12 * 12, "logits": count}
    for seed in (0, 1):
        for layer in ("conv", "logits"):
            assert np.abs(expected.layers[seed][layer]).max() > 0
            np.testing.assert_array_equal(got.layers[seed][layer], expected.layers[seed][layer])


def test_sample(streamed, in_memory, untrained):
    got = sample(MODEL, untrained[0], streamed, MATCHING, images=6, rows=30)
    expected = sample(MODEL, untrained[0], in_memory, MATCHING, images=6, rows=30)
    assert got.positions["conv"].shape == (30, 4)
    np.testing.assert_array_equal(got.positions["conv"], expected.positions["conv"])
    np.testing.assert_array_equal(got.pooled["conv"], expected.pooled["conv"])


def test_convergent_source(streamed, in_memory, untrained):
    got, expected = (Networks(MODEL, untrained, data, MATCHING) for data in (streamed, in_memory))
    assert got.images("conv") == expected.images("conv") == COUNTS["validation"]
    np.testing.assert_array_equal(got.pixels[np.array([3, 8])], expected.pixels[np.array([3, 8])])
    for ours, theirs in zip(got.batches(["conv"]), expected.batches(["conv"]), strict=True):
        np.testing.assert_array_equal(ours.layers["conv"][1], theirs.layers["conv"][1])
