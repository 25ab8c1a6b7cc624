"""The networks for large images: layers, shapes, values against the definition, dropout, initialisation."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax.errors import InvalidRngError

from jaxrepsim.models import VGG, ImageNetResNet, ModelConfig, build, layer_names


def maps_of(name, size, width=1.0):
    """Layer → shape of the map of one image."""
    model = build(ModelConfig(name, width), size, 1000)
    image = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    _, maps = jax.eval_shape(partial(model.init_with_output, train=False), jax.random.key(0), image)[0]
    return {layer: values.shape[1:] for layer, values in maps.items()}


def drawn(model, images):
    """Variables of a network, all of them drawn: none is 0 or 1, as some are where training starts."""
    shapes = jax.eval_shape(partial(model.init, train=False), jax.random.key(0), images)
    generator = np.random.default_rng(0)
    return {
        "params": jax.tree.map(lambda leaf: 0.3 * generator.standard_normal(leaf.shape, np.float32), shapes["params"]),
        "batch_stats": jax.tree.map(
            lambda leaf: 0.5 + generator.random(leaf.shape, np.float32), shapes.get("batch_stats", {})
        ),
    }


@pytest.fixture(scope="module", params=[False, True], ids=["basic", "bottleneck"])
def small(request):
    """A network of two stages, its variables, an input, and what it gives, after and before each ReLU."""
    model = ImageNetResNet(blocks=(1, 1), channels=(8, 16), classes=5, bottleneck=request.param)
    images = jax.random.normal(jax.random.key(1), (2, 32, 32, 3))
    variables = drawn(model, images)
    both = jax.jit(lambda v, i: (model.apply(v, i, train=False), model.apply(v, i, train=False, before=True)))
    return model, variables, images, both(variables, images)


def test_layers_in_forward_order():
    blocks = [f"block{s}_{b}.{p}" for s, n in ((1, 3), (2, 4), (3, 6), (4, 3)) for b in range(1, n + 1) for p in "12s"]
    names = [name.replace(".1", ".conv1").replace(".2", ".conv2").replace(".s", ".sum") for name in blocks]
    bottleneck = build(ModelConfig("imagenet_resnet50", 0.1), 64, 10)
    assert layer_names(bottleneck, (64, 64, 3)) == ["stem", *names, "pool", "logits"]
    basic = build(ModelConfig("imagenet_resnet34", 0.1), 64, 10)
    assert layer_names(basic, (64, 64, 3)) == ["stem", *(n for n in names if "conv2" not in n), "pool", "logits"]


@pytest.mark.parametrize(("size", "sides"), [(224, (112, 56, 28, 14, 7)), (160, (80, 40, 20, 10, 5))])
def test_resnet_maps(size, sides):
    """He et al. 2015, table 1, column 50-layer."""
    maps = maps_of("imagenet_resnet50", size)
    assert maps["stem"] == (sides[0], sides[0], 64)
    for stage, side in enumerate(sides[1:], start=1):
        assert maps[f"block{stage}_1.conv2"] == (side, side, 64 * 2 ** (stage - 1))
        assert maps[f"block{stage}_1.sum"] == (side, side, 256 * 2 ** (stage - 1))
    assert maps["block2_1.conv1"] == (sides[1], sides[1], 128)  # the stride is on the 3 × 3
    assert maps["pool"] == (2048,)


@pytest.mark.parametrize(("size", "side"), [(224, 14), (160, 10), (64, 4), (32, 2)])
def test_vgg_maps(size, side):
    maps = maps_of("imagenet_vgg16", size)
    assert list(maps) == [*(f"conv{number}" for number in range(1, 14)), "fc1", "fc2", "logits"]
    assert maps["conv1"] == (size, size, 64)
    assert maps["conv13"] == (side, side, 512)
    assert maps["fc1"] == maps["fc2"] == (4096,)


def test_resnet_values_are_those_of_the_definition(small):
    model, variables, images, ((logits, activations), _) = small
    params, statistics = variables["params"], variables["batch_stats"]
    used = set()

    def convolution(x, name, norm, stride):
        kernel = params[name]["kernel"]
        pad = (kernel.shape[0] // 2,) * 2
        used.update((name, norm))
        x = jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), (pad, pad), dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        mean, var = statistics[norm]["mean"], statistics[norm]["var"]
        return (x - mean) / jnp.sqrt(var + 1e-5) * params[norm]["scale"] + params[norm]["bias"]

    def close(layer, x):
        np.testing.assert_allclose(activations[layer], x, rtol=2e-4, atol=2e-4 * float(jnp.abs(x).max()))

    x = jnp.maximum(convolution(images, "stem", "stem_bn", 2), 0)
    close("stem", x)
    padded = np.pad(np.asarray(x), ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    x = jnp.asarray(windows.max((-2, -1)))
    assert x.shape == (2, 8, 8, 8)
    for stage, stride in ((1, 1), (2, 2)):
        name, inner = f"block{stage}_1", x
        convolutions = 3 if model.bottleneck else 2
        for number in range(1, convolutions + 1):
            step = stride if number == (2 if model.bottleneck else 1) else 1
            inner = convolution(inner, f"{name}_conv{number}", f"{name}_bn{number}", step)
            if number < convolutions:
                inner = jnp.maximum(inner, 0)
                close(f"{name}.conv{number}", inner)
        if f"{name}_shortcut" in params:
            x = convolution(x, f"{name}_shortcut", f"{name}_shortcut_bn", stride)
        x = jnp.maximum(inner + x, 0)
        close(f"{name}.sum", x)
    close("pool", x.mean((1, 2)))
    close("logits", x.mean((1, 2)) @ params["logits"]["kernel"] + params["logits"]["bias"])
    np.testing.assert_array_equal(logits, activations["logits"])
    assert used | {"logits"} == set(params)
    assert ("block1_1_shortcut" in params) == model.bottleneck
    assert all(set(value) == {"kernel"} for value in params.values() if "kernel" in value and value["kernel"].ndim == 4)


def test_before_the_nonlinearity(small):
    *_, ((logits, after), (same, before)) = small
    np.testing.assert_allclose(same, logits, rtol=1e-5)
    assert list(before) == list(after)
    for name, values in before.items():
        assert name in ("pool", "logits") or jnp.any(values < 0)
        expected = values if name in ("pool", "logits") else nn.relu(values)
        np.testing.assert_allclose(expected, after[name], rtol=1e-5, atol=1e-5)


def test_initial_weights():
    model = ImageNetResNet(blocks=(1,), channels=(32,), classes=5, bottleneck=True)
    params = jax.jit(partial(model.init, train=False))(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))["params"]
    kernels = {name: np.asarray(value["kernel"]) for name, value in params.items() if "kernel" in value}
    assert set(kernels) == {"stem", "logits", *(f"block1_1_{part}" for part in ("conv1", "conv2", "conv3", "shortcut"))}
    for name, kernel in kernels.items():
        std = 0.01 if name == "logits" else math.sqrt(2 / math.prod(kernel.shape[:-1]))  # Kaiming normal, by fan-in
        assert kernel.std() == pytest.approx(std, rel=3 / math.sqrt(kernel.size)), name
        assert abs(kernel).max() / kernel.std() > 2.5, name  # not truncated at two deviations
    assert all((value["scale"] == 1).all() for value in params.values() if "scale" in value)
    assert not any(value["bias"].any() for value in params.values() if "bias" in value)


def test_dropout_leaves_out_half_of_the_hidden_units_in_training_alone():
    units = 64
    model = VGG(stages=((4,),), hidden=units, classes=units, pools=1, dropout=0.5)
    images = jax.random.normal(jax.random.key(1), (32, 2, 2, 3))
    # fc2 and the logits pass on what they get, so that each is seen after the dropout before it.
    same = {"kernel": jnp.eye(units), "bias": jnp.zeros(units)}
    variables = {"params": {**drawn(model, images)["params"], "fc2": same, "logits": same}}
    logits, activations = model.apply(variables, images, train=False)
    np.testing.assert_array_equal(logits, activations["fc1"])
    step = jax.jit(lambda key: model.apply(variables, images, train=True, rngs={"dropout": key}))
    logits, activations = step(jax.random.key(2))
    for before, after in ((activations["fc1"], activations["fc2"]), (activations["fc2"], logits)):
        alive = before > 0
        np.testing.assert_allclose(after, np.where(after > 0, 2 * before, 0), rtol=1e-6)
        assert abs(float((after > 0).sum() / alive.sum()) - 0.5) < 3 * 0.5 / math.sqrt(alive.sum())
    assert not jnp.array_equal(logits, step(jax.random.key(3))[0])
    with pytest.raises(InvalidRngError, match="dropout"):
        model.apply(variables, images, train=True)


def test_published_vggs_drop_out_and_the_small_ones_do_not():
    assert build(ModelConfig("imagenet_vgg16"), 224, 1000).dropout == 0.5
    assert build(ModelConfig("vgg16"), 32, 10).dropout == 0


def test_width():
    model = build(ModelConfig("imagenet_resnet50", 0.25), 224, 10)
    assert model.channels == (16, 32, 64, 128)
    assert build(ModelConfig("imagenet_vgg11_bn", 0.5), 224, 10).hidden == 2048
    assert build(ModelConfig("plain20", 2.0), 32, 10).channels == (32, 64, 128)
