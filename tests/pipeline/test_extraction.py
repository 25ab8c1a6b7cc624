"""Extraction by batches against all activations at once."""

from collections import OrderedDict
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxrepsim import activations
from jaxrepsim.compression import Compressed
from jaxrepsim.data import Dataset
from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.measures import debiased_cka, linear_cka
from jaxrepsim.pipeline import MatchingConfig
from jaxrepsim.pipeline.passes import extraction
from jaxrepsim.training import TrainedNetwork, normalise

SEEDS = (3, 5, 8)


class Tiny(nn.Module):
    """Ends in a layer of one position."""

    @nn.compact
    def __call__(self, images, train):
        conv = nn.relu(nn.Conv(4, (3, 3), name="conv")(images))
        fc = nn.relu(nn.Dense(6, name="fc")(conv.reshape(len(conv), -1)))
        return fc, OrderedDict(conv=conv, fc=fc)


@pytest.fixture(scope="module")
def dataset():
    images = np.random.default_rng(0).random((37, 5, 5, 1), np.float32)
    split = Split(images, np.zeros(37, np.int32))
    return Dataset("random", split, split, 2, (0.5,), (0.3,))


@pytest.fixture(scope="module")
def networks(dataset):
    start = jax.jit(lambda key: Tiny().init(key, dataset.train.images[:1], train=False))
    return [TrainedNetwork(seed, start(jax.random.key(seed)), ()) for seed in SEEDS]


@pytest.fixture(scope="module")
def raw(dataset, networks):
    def of(network):
        def apply(images):
            return Tiny().apply(network.variables, normalise(images, dataset.mean, dataset.std), train=False)

        return activations.capture(apply, dataset.validation.images)

    return {network.seed: of(network) for network in networks}


def extract(networks, dataset, config, *progress):
    subjects = {net.seed: extraction.Subject(Tiny(), net.variables, dataset.mean, dataset.std) for net in networks}
    return extraction.extract(subjects, dataset.validation.images, config, *progress)


def assert_same_geometry(found, wanted):
    joint, small = (np.concatenate([np.asarray(a, np.float64) for a in each], axis=-1) for each in (wanted, found))
    inner, close = (np.swapaxes(a, -1, -2) @ a for a in (joint, small))
    np.testing.assert_allclose(close, inner, atol=1e-5 * inner.max())


@pytest.mark.parametrize("batch_size", [1, 8, 37, 256])
def test_all_positions(dataset, networks, raw, batch_size):
    told = []
    found = extract(networks, dataset, MatchingConfig(batch_size=batch_size), lambda *call: told.append(call))
    assert found.samples == {"conv": 37 * 25, "fc": 37}
    # One a unit, one a network for the lengths of samples, and one for the means.
    for layer, rows in (("conv", 12 + 3 + 1), ("fc", 18 + 3 + 1)):
        assert_same_geometry(*([by_seed[seed][layer] for seed in SEEDS] for by_seed in (found.layers, raw)))
        assert {found.layers[seed][layer].shape[0] for seed in SEEDS} == {rows}
    assert told[-3:] == [("extracting activations", 37, 37), ("compressing layers", 1, 2), ("compressing layers", 2, 2)]


@pytest.mark.parametrize("positions", [30, 200])
@pytest.mark.parametrize("batch_size", [8, 256])
def test_redraws_take_the_same_rows_of_every_network(dataset, networks, raw, batch_size, positions):
    config = MatchingConfig(batch_size=batch_size, positions=positions, redraws=3, seed=1)
    found = extract(networks, dataset, config)
    samples = 37 * 25
    rows = np.asarray(activations.sample_positions(activations.layer_key(1, "conv"), samples, positions, 3))
    assert_same_geometry([found.layers[seed]["conv"] for seed in SEEDS], [raw[seed]["conv"][rows] for seed in SEEDS])
    assert found.layers[3]["conv"].shape == (3, 16, 4)
    assert found.samples == {"conv": positions, "fc": 37}  # fully connected: all images


@pytest.mark.parametrize("positions", [None, 200])
def test_means_and_lengths_of_samples_are_kept(dataset, networks, raw, positions):
    """So that centred measures, and those without bias, come of a compression as of all activations."""
    config = MatchingConfig(batch_size=8, positions=positions, redraws=2 if positions else 1, seed=1)
    found = extract(networks, dataset, config)
    rows = np.asarray(activations.sample_positions(activations.layer_key(1, "conv"), 37 * 25, positions or 37 * 25, 2))
    with jax.enable_x64(True):
        x, y = (np.asarray(raw[seed]["conv"], np.float64)[rows[-1]] for seed in SEEDS[:2])
        pair = [
            Compressed(
                found.layers[seed]["conv"][-1] if positions else found.layers[seed]["conv"],
                positions or 37 * 25,
                found.squares[seed]["conv"][-1] if positions else found.squares[seed]["conv"],
            )
            for seed in SEEDS[:2]
        ]
        for measure in (linear_cka, debiased_cka):
            assert float(measure(*pair)) == pytest.approx(float(measure(x, y)), abs=1e-9)


def test_chosen_layers(dataset, networks):
    found = extract(networks, dataset, MatchingConfig(layers=("fc",)))
    assert list(found.layers[3]) == ["fc"]
    with pytest.raises(InputError, match="unknown layer 'fcc'; did you mean 'fc'"):
        extract(networks, dataset, MatchingConfig(layers=("fcc",)))


def test_again_compiles_nothing(dataset, networks):
    config = MatchingConfig(batch_size=8)
    extract(networks, dataset, config)
    with jax.log_compiles(), pytest.MonkeyPatch.context() as patch:
        compiled = []
        logger = __import__("logging").getLogger("jax._src.interpreters.pxla")
        patch.setattr(logger, "log", lambda _, message, *rest: compiled.append(message % rest))
        extract(networks, dataset, config)
    assert not compiled


def test_a_value_that_is_not_finite_is_an_error_that_says_where(dataset, networks):
    images = dataset.validation.images.copy()
    images[20] = np.nan
    broken = dataset._replace(validation=Split(images, dataset.validation.labels))
    words = r"seed 3, layer 'conv', unit 0: 25 activations on the images 16 to 23 are NaN or infinite; 3 other units"
    with pytest.raises(InputError, match=words):
        extract(networks, broken, MatchingConfig(batch_size=8))
    bias = jax.tree.map(lambda leaf: leaf, networks[1].variables)
    bias["params"]["fc"]["bias"] = jnp.zeros(6).at[4].set(jnp.inf)
    one_bad = [networks[0], networks[1]._replace(variables=bias), networks[2]]
    with pytest.raises(InputError, match=r"seed 5, layer 'fc', unit 4: 37 activations on the images 0 to 36"):
        extract(one_bad, dataset, MatchingConfig())


def test_the_padding_of_the_last_batch_is_not_taken_for_samples(dataset, networks):
    config = MatchingConfig(batch_size=36)
    once, padded = (extract(networks, dataset, c) for c in (replace(config, batch_size=37), config))
    for layer in ("conv", "fc"):
        assert_same_geometry(*([found.layers[seed][layer] for seed in SEEDS] for found in (padded, once)))


@pytest.mark.parametrize("positions", [None, 200])
def test_nearly_dependent_layers_are_extracted_once_more_by_qr(dataset, networks, positions, tmp_path):
    variables = jax.tree.map(lambda leaf: leaf, networks[0].variables)
    kernel = variables["params"]["conv"]["kernel"]
    variables["params"]["conv"]["kernel"] = kernel.at[..., 1].set(kernel[..., 0] + 1e-4 * kernel[..., 1])
    pair = [networks[0]._replace(variables=variables), networks[1]]
    told = []
    config = MatchingConfig(batch_size=16, positions=positions, redraws=2 if positions else 1)
    found = extract(pair, dataset, config, lambda *call: told.append(call))
    assert found.by_qr == ("conv",)
    assert ("extracting activations once more, by QR", 37, 37) in told
    assert str(found).endswith("; once more, by QR: conv")
    assert list(found.layers[3]) == ["conv", "fc"]
    found.save(tmp_path / "a.safetensors", 3, {})
    loaded = activations.load(tmp_path / "a.safetensors")
    assert loaded.metadata == {"by_qr": ["conv"]}
    np.testing.assert_array_equal(loaded.squares["conv"], found.squares[3]["conv"])
    again = extract(pair[:1] * 2, dataset, MatchingConfig(batch_size=37))  # of all samples, in one batch
    if not positions:
        means = (each.layers[3]["conv"][0] / np.sqrt(37 * 25) for each in (found, again))
        np.testing.assert_allclose(*means, atol=1e-6)
        lengths = (np.sum(each.squares[3]["conv"] ** 2) for each in (found, again))
        np.testing.assert_allclose(*lengths, rtol=1e-5)
    plain = extract(networks[:2], dataset, config)
    assert plain.by_qr == ()
    assert 0 < plain.forward < plain.seconds
    assert_same_geometry(*([each.layers[5]["fc"]] for each in (found, plain)))
