"""A bounded sample of raw activations against all of them, collected at once."""

import itertools
import logging
from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxrepsim import activations
from jaxrepsim.data import Dataset
from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import MatchingConfig
from jaxrepsim.pipeline.passes.sampled import sample
from jaxrepsim.training import TrainedNetwork, normalise

MAPS = {"first": (5, 5), "second": (5, 5), "small": (2, 3), "fc": ()}
WIDTHS = {"first": 4, "second": 3, "small": 4, "fc": 6}
IMAGES = 21


class Tiny(nn.Module):
    """Two maps of one shape, one of another, and a dense layer; named so that no sorting gives their order."""

    @nn.compact
    def __call__(self, images, train):
        first = nn.relu(nn.Conv(4, (3, 3), name="first")(images))
        second = nn.Conv(3, (3, 3), name="second")(first)
        small = nn.max_pool(first, (2, 2), (2, 2), padding=((0, 0), (0, 1)))
        fc = nn.relu(nn.Dense(6, name="fc")(small.reshape(len(small), -1)))
        return fc, OrderedDict(first=first, second=second, small=small, fc=fc)


@pytest.fixture(scope="module")
def dataset():
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 5, 5, 1), np.uint8)
    split = Split(images, np.zeros(IMAGES, np.int32))
    return Dataset("random", split, split, 2, (0.5,), (0.3,))


@pytest.fixture(scope="module")
def networks(dataset):
    start = jax.jit(lambda key: Tiny().init(key, jnp.zeros((1, 5, 5, 1)), train=False))
    return [TrainedNetwork(seed, start(jax.random.key(seed)), ()) for seed in (3, 5)]


@pytest.fixture(scope="module")
def raw(dataset, networks):
    """Every layer of both networks, (images, positions, units)."""

    def of(network):
        def apply(images):
            return Tiny().apply(network.variables, normalise(images, dataset.mean, dataset.std), train=False)

        return {
            layer: rows.reshape(IMAGES, -1, rows.shape[-1])
            for layer, rows in activations.capture(apply, dataset.validation.images).items()
        }

    return [of(network) for network in networks]


def chosen_positions(sampled, raw, layer):
    """Which positions a sample has: those at which every unit of every image agrees."""
    images = len(sampled.pooled[layer])
    rows = sampled.positions[layer].reshape(images, sampled.group_size[layer], -1)
    distance = np.abs(rows[:, :, None] - raw[layer][:images, None]).max(axis=(0, 3))
    assert (distance.min(axis=1) < 1e-5).all()
    return distance.argmin(axis=1).tolist()


@pytest.mark.parametrize("batch_size", [1, 8, 256])
@pytest.mark.parametrize(("images", "rows"), [(IMAGES, 1000), (1000, 90), (10, 62), (10, 3)])
def test_rows_are_those_of_the_chosen_positions(dataset, networks, raw, batch_size, images, rows):
    used = min(images, IMAGES)
    for network, whole in zip(networks, raw, strict=True):
        found = sample(Tiny(), network, dataset, MatchingConfig(batch_size=batch_size), images, rows)
        assert list(found.positions) == list(found.pooled) == list(found.group_size) == list(found.maps) == list(MAPS)
        assert found.maps == MAPS
        for layer, shape in MAPS.items():
            each = min(int(np.prod(shape)), max(1, rows // used))
            assert found.group_size[layer] == each
            assert found.positions[layer].shape == (used * each, WIDTHS[layer])
            assert found.positions[layer].dtype == found.pooled[layer].dtype == np.float32
            positions = chosen_positions(found, whole, layer)
            assert positions == sorted(set(positions))
            np.testing.assert_allclose(found.pooled[layer], whole[layer][:used].mean(axis=1), rtol=1e-4, atol=1e-6)


def test_all_positions_are_all_activations(dataset, networks, raw):
    found = sample(Tiny(), networks[0], dataset, MatchingConfig(batch_size=8), IMAGES, 25 * IMAGES)
    for layer, rows in found.positions.items():
        np.testing.assert_allclose(rows, raw[0][layer].reshape(rows.shape), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.pooled["fc"], found.positions["fc"])


def test_positions_are_the_same_for_equal_maps_and_all_networks(dataset, networks, raw):
    drawn = []
    for seed, (network, whole) in itertools.product((0, 1), zip(networks, raw, strict=True)):
        config = MatchingConfig(seed=seed, batch_size=8)
        found = sample(Tiny(), network, dataset, config, IMAGES, 7 * IMAGES)
        first, second = (chosen_positions(found, whole, layer) for layer in ("first", "second"))
        assert first == second
        assert len(first) == 7
        drawn.append(first)
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]


def test_all_positions_are_drawn_alike(dataset, networks, raw):
    """Over many seeds each position of the map is sampled as often as the others."""
    counts = np.zeros(25, int)
    for seed in range(200):
        config = MatchingConfig(seed=seed, batch_size=8, layers=("second",))
        found = sample(Tiny(), networks[0], dataset, config, IMAGES, 5 * IMAGES)
        counts[chosen_positions(found, raw[0], "second")] += 1
    assert counts.sum() == 1000
    assert abs(counts - 40).max() < 5 * np.sqrt(40)


def test_x64_changes_no_position(dataset, networks):
    config = MatchingConfig(batch_size=8, layers=("first",))
    plain = sample(Tiny(), networks[0], dataset, config, IMAGES, 7 * IMAGES)
    with jax.enable_x64(True):
        wide = sample(Tiny(), networks[0], dataset, config, IMAGES, 7 * IMAGES)
    for found, wanted in zip(wide[:2], plain[:2], strict=True):
        assert found["first"].dtype == np.float32
        np.testing.assert_allclose(found["first"], wanted["first"], rtol=1e-5, atol=1e-6)


def test_chosen_layers(dataset, networks):
    found = sample(Tiny(), networks[0], dataset, MatchingConfig(layers=("fc", "second")), 5, 5)
    assert list(found.positions) == ["second", "fc"]
    with pytest.raises(InputError, match="unknown layer 'fcc'; did you mean 'fc'"):
        sample(Tiny(), networks[0], dataset, MatchingConfig(layers=("fcc",)), 5, 5)


def test_progress(dataset, networks):
    told = []
    sample(Tiny(), networks[0], dataset, MatchingConfig(batch_size=8), 1000, 1000, lambda *call: told.append(call))
    assert told == [("sampling activations", done, IMAGES) for done in (8, 16, IMAGES)]


@pytest.mark.parametrize(("images", "rows"), [(0, 5), (5, 0)])
def test_nothing_to_sample(dataset, networks, images, rows):
    with pytest.raises(InputError, match=f"received {images} images and {rows} rows"):
        sample(Tiny(), networks[0], dataset, MatchingConfig(), images, rows)


def test_another_network_compiles_nothing(dataset, networks, monkeypatch):
    config = MatchingConfig(batch_size=8)
    sample(Tiny(), networks[0], dataset, config, IMAGES, 90)
    compiled = []
    logger = logging.getLogger("jax._src.interpreters.pxla")
    monkeypatch.setattr(logger, "log", lambda _, message, *rest: compiled.append(message % rest))
    with jax.log_compiles():
        sample(Tiny(), networks[1], dataset, config, IMAGES, 90)
        assert not compiled
        sample(Tiny(), networks[1], dataset, config, IMAGES, 60)  # that compilations are seen here
    assert any("_taken" in message for message in compiled)
    assert not any("forward" in message for message in compiled)


def test_a_value_that_is_not_finite_is_an_error_that_says_where(dataset, networks):
    """Also at positions that are not in the sample: the mean over the map has them."""
    kernel = jax.tree.map(np.array, networks[1].variables)
    kernel["params"]["second"]["bias"][1] = np.inf
    broken = networks[1]._replace(variables=kernel)
    words = r"seed 5, layer 'second', unit 1: 200 activations on the images 0 to 7 are NaN or infinite$"
    with pytest.raises(InputError, match=words):
        sample(Tiny(), broken, dataset, MatchingConfig(batch_size=8), IMAGES, 5)
    images = dataset.validation.images.astype(np.float32) / 255
    images[20, 4, 4] = np.nan
    one_pixel = dataset._replace(validation=Split(images, dataset.validation.labels))
    words = r"seed 3, layer 'first', unit 0: 4 activations on the images 16 to 20 are NaN or infinite; 3 other units"
    with pytest.raises(InputError, match=words):
        sample(Tiny(), networks[0], one_pixel, MatchingConfig(batch_size=8), IMAGES, 5)
    assert sample(Tiny(), networks[0], one_pixel, MatchingConfig(batch_size=8), 20, 5).maps == MAPS


def test_means_of_huge_activations_are_finite(dataset, networks):
    huge = jax.tree.map(np.array, networks[0].variables)
    huge["params"]["second"]["bias"][:] = 2e38
    found = sample(
        Tiny(), networks[0]._replace(variables=huge), dataset, MatchingConfig(batch_size=8, layers=("second",)), 8, 8
    )
    np.testing.assert_allclose(found.pooled["second"], 2e38, rtol=1e-5)
