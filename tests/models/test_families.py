"""The published sizes, the layers' names and shapes, and that activations are what their names say."""

import math
from collections import OrderedDict
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxrepsim.errors import InputError
from jaxrepsim.models import MODELS, VGG, ModelConfig, ResNet, build, layer_names

# For 32 pixels and 10 classes. VGG: 3×3 convolutions as in torchvision's networks (9,220,480 of VGG-11's 132,863,336
# weights, for example), and 512·512 + 512 twice and 512·10 + 10 for the fully connected part. ResNet-20 to -110: He et
# al. 2015, table 6, gives 0.27, 0.46, 0.66, 0.85 and 1.7 million; its plain networks have as many (section 4.1).
# ResNet-18 and -34 on CIFAR: 11.17 and 21.28 million. The plain network of four stages by hand: a stem, ten 3×3
# convolutions of 16, 32, 64 and 128 channels each, a scale and a shift for each channel, 128·10 + 10. Tiny-10 by hand
# from Kornblith et al. 2019, table E.1, likewise.
PARAMETERS = {
    "vgg11": 9_750_922,
    "vgg11_bn": 9_756_426,
    "vgg13": 9_935_434,
    "vgg13_bn": 9_941_322,
    "vgg16": 15_245_130,
    "vgg16_bn": 15_253_578,
    "vgg19": 20_554_826,
    "vgg19_bn": 20_565_834,
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet18": 11_173_962,
    "resnet34": 21_282_122,
    "plain20": 269_722,
    "plain32": 464_154,
    "plain44": 658_586,
    "plain56": 853_018,
    "plain42": 1_868_186,
    "tiny10": 86_458,
}
# For 224 pixels and 1000 classes: `num_params` in torchvision's documentation of each network's weights. Simonyan and
# Zisserman 2014, table 2, gives 133, 133, 138 and 144 million.
IMAGENET = {
    "imagenet_resnet18": 11_689_512,
    "imagenet_resnet34": 21_797_672,
    "imagenet_resnet50": 25_557_032,
    "imagenet_vgg11": 132_863_336,
    "imagenet_vgg11_bn": 132_868_840,
    "imagenet_vgg13": 133_047_848,
    "imagenet_vgg13_bn": 133_053_736,
    "imagenet_vgg16": 138_357_544,
    "imagenet_vgg16_bn": 138_365_992,
    "imagenet_vgg19": 143_667_240,
    "imagenet_vgg19_bn": 143_678_248,
}


def abstract(model, size=32, channels=3):
    images = jax.ShapeDtypeStruct((2, size, size, channels), jnp.float32)
    (logits, activations), variables = jax.eval_shape(
        partial(model.init_with_output, train=False), jax.random.key(0), images
    )
    return logits, activations, variables


@pytest.fixture(scope="module")
def small_resnet():
    """A network with both types of block, its variables, an input, and what it gives."""
    model = ResNet(blocks=(1, 1), channels=(3, 6), classes=5)
    images = jax.random.normal(jax.random.key(1), (4, 8, 8, 2))
    variables = jax.jit(partial(model.init, train=False))(jax.random.key(0), images)
    return model, variables, images


def test_every_name_is_checked():
    assert {*PARAMETERS, *IMAGENET} == set(MODELS)


@pytest.mark.parametrize("name", [*PARAMETERS, *IMAGENET])
def test_parameter_counts_are_the_published_ones(name):
    size, classes = (224, 1000) if name in IMAGENET else (32, 10)
    logits, _, variables = abstract(build(ModelConfig(name), size, classes), size)
    counted = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(variables["params"]))
    assert counted == {**PARAMETERS, **IMAGENET}[name]
    assert logits.shape == (2, classes)


@pytest.mark.parametrize(
    ("size", "pooled_after"),
    [(32, (1, 2, 4, 6, 8)), (28, (2, 4, 6, 8)), (8, (4, 6, 8)), (1, ())],
)
def test_small_images_pool_in_the_last_stages_only(size, pooled_after):
    logits, activations, _ = abstract(build(ModelConfig("vgg11"), size, classes=10), size)
    expected = size
    for number in range(1, 9):
        assert activations[f"conv{number}"].shape[1:3] == (expected, expected)
        expected = expected // 2 if number in pooled_after else expected
    assert expected == 1
    assert activations["fc1"].shape == activations["fc2"].shape == (2, 512)
    assert logits.shape == activations["logits"].shape == (2, 10)


def test_vgg_keeps_every_position_of_large_images():
    _, _, variables = abstract(build(ModelConfig("vgg11", 0.1), 64, classes=10), 64)
    assert variables["params"]["fc1"]["kernel"].shape == (2 * 2 * 51, 51)


def test_resnet_layers_in_forward_order():
    model = build(ModelConfig("resnet20", width=0.25), 8, classes=10)
    names = layer_names(model, (8, 8, 1))
    blocks = [f"block{s}_{b}.{part}" for s in (1, 2, 3) for b in (1, 2, 3) for part in ("conv1", "sum")]
    assert names == ["stem", *blocks, "pool", "logits"]
    _, activations, _ = abstract(model, 8, 1)
    assert activations["block1_3.sum"].shape == (2, 8, 8, 4)
    assert activations["block2_1.conv1"].shape == (2, 4, 4, 8)
    assert activations["block3_3.sum"].shape == (2, 2, 2, 16)
    assert activations["pool"].shape == (2, 16)


def test_tiny10_is_the_published_one():
    _, activations, _ = abstract(build(ModelConfig("tiny10"), 32, classes=10))
    assert {name: values.shape[1:] for name, values in activations.items()} == {
        "conv1": (32, 32, 16),
        "conv2": (32, 32, 16),
        "conv3": (16, 16, 32),
        "conv4": (16, 16, 32),
        "conv5": (16, 16, 32),
        "conv6": (8, 8, 64),
        "conv7": (6, 6, 64),
        "conv8": (6, 6, 64),
        "pool": (64,),
        "logits": (10,),
    }


def test_resnet18_stages():
    _, activations, _ = abstract(build(ModelConfig("resnet18"), 32, classes=10))
    shapes = [activations[f"block{stage}_2.sum"].shape[1:] for stage in (1, 2, 3, 4)]
    assert shapes == [(32, 32, 64), (16, 16, 128), (8, 8, 256), (4, 4, 512)]


@pytest.mark.parametrize("name", ["vgg13_bn", "resnet34", "plain32", "imagenet_resnet50", "imagenet_vgg16"])
def test_names_are_file_names(name):
    names = layer_names(build(ModelConfig(name, 0.1), 32, 10), (32, 32, 3))
    assert len(set(names)) == len(names)
    assert all(character.isalnum() or character in "._" for name in names for character in name)


def test_order_and_values_under_jit(small_resnet):
    model, variables, images = small_resnet
    logits, activations = jax.jit(partial(model.apply, train=False))(variables, images)
    assert isinstance(activations, OrderedDict)
    assert list(activations) == layer_names(model, images.shape[1:])
    assert list(activations) != sorted(activations)
    np.testing.assert_array_equal(activations["logits"], logits)
    for name, values in activations.items():
        assert name == "logits" or jnp.all(values >= 0)
        assert jnp.any(values > 0)
    np.testing.assert_allclose(activations["pool"], activations["block2_1.sum"].mean((1, 2)), rtol=1e-6)


def test_sums_hold_the_shortcut(small_resnet):
    """With the last batch norm of each block at zero, what is left of the sum is the shortcut."""
    model, variables, images = small_resnet
    params = dict(variables["params"])
    for block in ("block1_1", "block2_1"):
        params[f"{block}_bn2"] = jax.tree.map(jnp.zeros_like, params[f"{block}_bn2"])
    _, activations = model.apply({**variables, "params": params}, images, train=False)
    np.testing.assert_array_equal(activations["block1_1.sum"], activations["stem"])
    # Option A: every second position, and the three new channels zero, one before the old ones and two after.
    kept = activations["stem"][:, ::2, ::2]
    np.testing.assert_array_equal(activations["block2_1.sum"], jnp.pad(kept, ((0, 0), (0, 0), (0, 0), (1, 2))))


def test_vgg_layers_are_after_relu_and_before_the_pool():
    model = VGG(stages=((4,), (6,)), hidden=5, classes=3, pools=1, batch_norm=True)
    images = jax.random.normal(jax.random.key(1), (2, 4, 4, 1))
    variables = model.init(jax.random.key(0), images, train=False)
    _, activations = model.apply(variables, images, train=False)
    assert [values.shape[1:] for values in activations.values()] == [(4, 4, 4), (4, 4, 6), (5,), (5,), (3,)]
    for name in ("conv1", "conv2", "fc1", "fc2"):
        assert jnp.all(activations[name] >= 0)
    pooled = nn.max_pool(activations["conv2"], (2, 2), (2, 2)).reshape(2, -1)
    dense = variables["params"]["fc1"]
    np.testing.assert_allclose(activations["fc1"], nn.relu(pooled @ dense["kernel"]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("family", ["resnet", "vgg"])
def test_before_the_nonlinearity(family, small_resnet):
    """The ReLU of the activations before it gives those after it, and the network is the same."""
    model, variables, images = small_resnet
    if family == "vgg":
        model = VGG(stages=((4,), (6,)), hidden=5, classes=3, pools=1, batch_norm=True)
        variables = model.init(jax.random.key(0), images, train=False)
    logits, after = model.apply(variables, images, train=False)
    same, before = model.apply(variables, images, train=False, before=True)
    np.testing.assert_array_equal(same, logits)
    assert list(before) == list(after)
    for name, values in before.items():
        if name in ("pool", "logits"):
            np.testing.assert_array_equal(values, after[name])
        else:
            assert jnp.any(values < 0)
            np.testing.assert_array_equal(nn.relu(values), after[name])


def test_batch_norm_keeps_nine_tenths(small_resnet):
    model, variables, images = small_resnet
    _, updated = model.apply(variables, images, train=True, mutable=["batch_stats"])
    raw = jax.lax.conv_general_dilated(
        images, variables["params"]["stem"]["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    running = updated["batch_stats"]["stem_bn"]
    np.testing.assert_allclose(running["mean"], 0.1 * raw.mean((0, 1, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(running["var"], 0.9 + 0.1 * raw.var((0, 1, 2)), rtol=1e-4)


def test_initial_weights():
    model = VGG(stages=((64,), (128,)), hidden=256, classes=10, pools=1)
    params = jax.jit(partial(model.init, train=False))(jax.random.key(0), jnp.zeros((1, 2, 2, 3)))["params"]
    kernel = params["conv2"]["kernel"]
    assert float(kernel.std()) == pytest.approx(math.sqrt(2 / (9 * 64)), rel=0.02)
    assert float(jnp.abs(kernel).max() / kernel.std()) > 3  # not truncated
    assert float(params["fc2"]["kernel"].std()) == pytest.approx(0.01, rel=0.02)
    assert not params["conv2"]["bias"].any()
    assert not params["fc2"]["bias"].any()
    model = model.clone(dense_std=None)
    params = jax.jit(partial(model.init, train=False))(jax.random.key(0), jnp.zeros((1, 2, 2, 3)))["params"]
    assert float(params["fc2"]["kernel"].std()) == pytest.approx(math.sqrt(2 / 256), rel=0.02)


def test_width():
    model = build(ModelConfig("vgg11", width=0.001), 32, 10)
    assert model == build(ModelConfig("vgg11", width=0.001), 32, 10)
    assert hash(model) == hash(build(ModelConfig("vgg11", width=0.001), 32, 10))
    assert model.stages == ((1,), (1,), (1, 1), (1, 1), (1, 1))
    assert build(ModelConfig("resnet18", width=2.0), 32, 10).channels == (128, 256, 512, 1024)


def test_errors():
    with pytest.raises(InputError, match=r"unknown model 'vgg12'; did you mean 'vgg1\d'\?"):
        build(ModelConfig("vgg12"), 32, 10)
    with pytest.raises(InputError, match=r"'imagenet_vgg16' is for images of 32 pixels or more, received 28"):
        build(ModelConfig("imagenet_vgg16"), 28, 10)
    with pytest.raises(InputError, match=r"'tiny10' is for images of 9 pixels or more, received 8"):
        build(ModelConfig("tiny10"), 8, 10)
    _, activations, _ = abstract(build(ModelConfig("tiny10"), 9, 10), size=9)
    assert activations["conv8"].shape[1:3] == (1, 1)
    for width in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="width"):
            ModelConfig(width=width)
    with pytest.raises(InputError, match="dense_std"):
        ModelConfig(dense_std=0.0)
