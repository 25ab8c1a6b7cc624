from collections import OrderedDict
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.activations import as_units, collect, collect_batches
from jaxrepsim.errors import InputError

IMAGES = np.random.default_rng(0).normal(size=(10, 4, 4, 3)).astype(np.float32)


def _model(images):
    relu = jnp.maximum(jnp.asarray(images), 0)
    tokens = relu.reshape(len(images), -1, 3)[:, ::2]
    return relu.mean((1, 2)), OrderedDict(z_map=relu, tokens=tokens, a_dense=2 * relu.mean((1, 2)))


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 256])
@pytest.mark.parametrize("wrap", [jax.jit, lambda model: model])
def test_batches_do_not_matter(batch_size, wrap):
    units = collect(wrap(_model), IMAGES, batch_size)
    assert list(units) == ["z_map", "tokens", "a_dense"]  # the model's order, also under jit
    for layer, expected in _model(IMAGES)[1].items():
        assert units[layer].dtype == np.float32
        np.testing.assert_allclose(units[layer], as_units(np.asarray(expected)), rtol=1e-6)


def test_compiles_once():
    traces = []

    def model(images):
        traces.append(images.shape)
        return _model(images)

    collect(jax.jit(model), IMAGES, batch_size=4)
    assert traces == [(4, 4, 4, 3)]


def test_chosen_layers():
    assert list(collect(_model, IMAGES, layers=["a_dense", "z_map"])) == ["z_map", "a_dense"]
    with pytest.raises(InputError, match="unknown layer 'tokenz'; did you mean 'tokens'"):
        collect(_model, IMAGES, layers=["tokenz"])


def test_plain_numpy_model():
    units = collect(lambda images: (images, {"all": images}), IMAGES.astype(np.float64), batch_size=4)
    assert units["all"].dtype == np.float64
    np.testing.assert_array_equal(units["all"], IMAGES.reshape(-1, 3))


def test_half_precision_becomes_single():
    units = collect(lambda images: (images, {"all": jnp.asarray(images, jnp.bfloat16)}), IMAGES)
    assert units["all"].dtype == np.float32


def test_whole_numbers_keep_their_digits():
    units = collect(lambda images: (images, {"all": np.full((len(images), 1), 2**24 + 1, np.int32)}), IMAGES)
    assert units["all"][0, 0] == 2**24 + 1


def test_channels_first():
    first = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 1))
    units = collect(lambda images: (images, {"map": images}), first, layouts={"map": "NCHW"})
    np.testing.assert_array_equal(units["map"], IMAGES.reshape(-1, 3))
    with pytest.raises(InputError, match=r"they must be \(N, L, C\)"):
        collect(lambda images: (images, {"map": images}), first, layouts={"map": "NLC"})
    (part,) = collect_batches(lambda images: (images, {"map": images}), first, layouts={"map": "NCHW"})
    np.testing.assert_array_equal(part[2]["map"], IMAGES.reshape(-1, 3))


def test_batches_on_the_device():
    whole = collect(_model, IMAGES)
    parts = list(collect_batches(_model, IMAGES, batch_size=4, layers=["z_map"]))
    assert [part[:2] for part in parts] == [(0, 4), (4, 4), (8, 2)]
    assert all(isinstance(units["z_map"], jax.Array) for _, _, units in parts)
    np.testing.assert_array_equal(np.concatenate([units["z_map"] for _, _, units in parts]), whole["z_map"])


def test_progress(monkeypatch):
    monkeypatch.setattr(import_module("jaxrepsim.activations.collect"), "patient", lambda progress: progress)
    calls = []
    collect(_model, IMAGES, batch_size=4, progress=lambda *call: calls.append(call))
    assert calls == [("collecting activations", done, 10) for done in (4, 8, 10)]


def test_not_finite():
    def model(images):
        return images, {"conv1": jnp.where(jnp.arange(3) == 1, jnp.log(images[:, 0, 0] * 0 - 1), 0.0)}

    with pytest.raises(InputError, match=r"layer 'conv1', unit 1: 10 of 10 .*\(nan\) at sample 0"):
        collect(model, IMAGES)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (jnp.zeros(3), "the model returned ArrayImpl"),
        ((jnp.zeros(3), jnp.zeros(3)), "the model returned tuple; needed is a pair"),
        ((0, {"conv1": jnp.zeros((3, 2))}), r"layer 'conv1' has activations of shape \(3, 2\) for 10 images"),
        ((0, {"conv1": jnp.zeros(10)}), r"layer 'conv1' has activations of shape \(10,\)"),
    ],
)
def test_models_of_another_form(returned, words):
    with pytest.raises(InputError, match=words):
        collect(lambda images: returned, IMAGES)


@pytest.mark.parametrize("images", [IMAGES[:0], IMAGES])
def test_nothing_to_collect(images):
    with pytest.raises(InputError, match="cannot collect activations of"):
        collect(_model, images, batch_size=0)
