from collections import OrderedDict
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim import InputError, capture
from jaxrepsim.activations import as_units

IMAGES = np.random.default_rng(0).normal(size=(10, 4, 4, 3)).astype(np.float32)


def _model(images):
    relu = jnp.maximum(jnp.asarray(images), 0)
    tokens = relu.reshape(len(images), -1, 3)[:, ::2]
    return relu.mean((1, 2)), OrderedDict(z_map=relu, tokens=tokens, a_dense=2 * relu.mean((1, 2)))


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 256])
@pytest.mark.parametrize("wrap", [jax.jit, lambda model: model])
def test_batches_do_not_matter(batch_size, wrap):
    units = capture(wrap(_model), IMAGES, batch_size=batch_size)
    assert list(units) == ["z_map", "tokens", "a_dense"]  # the model's order, also under jit
    for layer, expected in _model(IMAGES)[1].items():
        assert units[layer].dtype == np.float32
        np.testing.assert_allclose(units[layer], as_units(np.asarray(expected)), rtol=1e-6)


def test_compiles_once():
    traces = []

    def model(images):
        traces.append(images.shape)
        return _model(images)

    capture(jax.jit(model), IMAGES, batch_size=4)
    assert traces == [(4, 4, 4, 3)]


def test_runs_each_batch_once_and_the_first_in_other_company():
    seen = []

    def model(images):
        seen.append(images)
        return {"all": images}

    capture(model, IMAGES, batch_size=5)
    first, other, second = seen
    np.testing.assert_array_equal(np.concatenate([first, second]), IMAGES)
    np.testing.assert_array_equal(other, IMAGES[[0, 0, 0, 1, 0]])


def test_chosen_layers():
    assert list(capture(_model, IMAGES, layers=["a_dense", "z_map"])) == ["z_map", "a_dense"]
    assert list(capture(_model, IMAGES, layers="*e*")) == ["tokens", "a_dense"]
    with pytest.raises(InputError, match="unknown layer 'tokenz'; did you mean 'tokens'"):
        capture(_model, IMAGES, layers=["tokenz"])
    with pytest.raises(InputError, match="unknown layer 'conv\\*'"):
        capture(_model, IMAGES, layers=["tokens", "conv*"])


def test_a_mapping_alone_and_values_within_it():
    """As transformers give it: None, tuples of hidden states, and objects beside."""

    def model(images):
        return {"loss": None, "hidden_states": (images, images + 1), "cache": object()}

    assert list(capture(model, IMAGES)) == ["hidden_states.0", "hidden_states.1"]


def test_several_inputs():
    def model(images, scale=None):
        assert scale.dtype == np.int32
        return {"all": images * scale[:, None, None, None]}

    scale = np.arange(10, dtype=np.int32)
    for inputs in ((IMAGES, scale), {"images": IMAGES, "scale": scale}):
        units = capture(model, inputs, batch_size=4)["all"]
        np.testing.assert_allclose(units, (IMAGES * scale[:, None, None, None]).reshape(-1, 3))
    with pytest.raises(InputError, match="the same length; received 10 and 9"):
        capture(model, (IMAGES, scale[:9]))


def test_plain_numpy_model():
    units = capture(lambda images: (images, {"all": images}), IMAGES.astype(np.float64), batch_size=4)
    assert units["all"].dtype == np.float64
    np.testing.assert_array_equal(units["all"], IMAGES.reshape(-1, 3))


def test_half_precision_becomes_single():
    units = capture(lambda images: (images, {"all": jnp.asarray(images, jnp.bfloat16)}), IMAGES)
    assert units["all"].dtype == np.float32


def test_whole_numbers_keep_their_digits():
    units = capture(lambda images: (images, {"all": np.full((len(images), 1), 2**24 + 1, np.int32)}), IMAGES)
    assert units["all"][0, 0] == 2**24 + 1


@pytest.mark.parametrize("channels", [1, {"map": 1}, {"m*": -3}])
def test_channels_on_another_axis(channels):
    first = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 1))
    units = capture(lambda images: {"map": images, "mean": images.mean((2, 3))}, first, channels=channels, layers="ma*")
    np.testing.assert_array_equal(units["map"], IMAGES.reshape(-1, 3))


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (0, "cannot be on axis 0"),
        ({"all": 4}, r"layer 'all' has shape \(10, 4, 4, 3\): its channels cannot be on axis 4"),
        ({"al": 1}, "unknown layer 'al'; did you mean 'all'"),
    ],
)
def test_channels_that_cannot_be(channels, words):
    with pytest.raises(InputError, match=words):
        capture(lambda images: {"all": images}, IMAGES, channels=channels)


def test_volumes():
    volumes = np.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    np.testing.assert_array_equal(capture(lambda v: {"all": v}, volumes)["all"], volumes.reshape(-1, 6))


def test_progress(monkeypatch):
    monkeypatch.setattr(import_module("jaxrepsim.data.progress"), "patient", lambda progress: progress)
    calls = []
    capture(_model, IMAGES, batch_size=4, progress=lambda *call: calls.append(call))
    assert calls == [("capturing activations", done, 10) for done in (4, 8, 10)]


def test_not_finite():
    def model(images):
        return images, {"conv1": jnp.where(jnp.arange(3) == 1, jnp.log(images[:, 0, 0] * 0 - 1), 0.0)}

    with pytest.raises(InputError, match=r"layer 'conv1', unit 1: 10 of 10 .*\(nan\) at sample 0"):
        capture(model, IMAGES)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (jnp.zeros(3), "the model returned ArrayImpl"),
        ((jnp.zeros(3), jnp.zeros(3)), "the model returned tuple; expected a mapping"),
        ((0, {"conv1": jnp.zeros((3, 2))}), r"layer 'conv1' has activations of shape \(3, 2\) for 10 inputs"),
        ((0, {"conv1": jnp.zeros(10)}), r"layer 'conv1' has activations of shape \(10,\)"),
        ({}, "calls no layer"),
    ],
)
def test_models_of_another_form(returned, words):
    with pytest.raises(InputError, match=words):
        capture(lambda images: returned, IMAGES)


@pytest.mark.parametrize("model", [3, dict, None])
def test_no_model_at_all(model):
    with pytest.raises(InputError, match=r'(?s)the model is .*return output, {"hidden": hidden, "output": output}'):
        capture(model, IMAGES)


@pytest.mark.parametrize("images", [IMAGES[:0], IMAGES])
def test_nothing_to_capture(images):
    with pytest.raises(InputError, match="cannot capture activations of"):
        capture(_model, images, batch_size=0)


def test_variables_of_what_has_none():
    with pytest.raises(InputError, match="`variables` are for Flax Linen"):
        capture(_model, IMAGES, variables={})


def _batch_norm(images):
    return {"before": images, "norm": (images - images.mean(0)) / (images.std(0) + 1e-3)}


def _dropout(images):
    kept = np.random.default_rng().random(images.shape) < 0.9
    return {"before": images, "dropped": images * kept}


def _same_dropout(images):
    """As with a key that is the same in every call."""
    kept = np.random.default_rng(0).random(images.shape) < 0.9
    return {"before": images, "dropped": images * kept}


@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("model", [_batch_norm, _dropout, _same_dropout])
def test_training_mode(model, size):
    last = list(model(IMAGES))[-1]
    with pytest.raises(InputError, match=rf"layer '{last}' gives other activations .* training mode"):
        capture(model, IMAGES, batch_size=size)
    assert list(capture(model, IMAGES, batch_size=size, layers="before")) == ["before"]
