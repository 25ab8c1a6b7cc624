"""Plain networks: layers, their relation to the residual ones, values, initialisation."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxrepsim.models import ModelConfig, Plain, build, layer_names


@pytest.fixture(scope="module")
def small():
    """The weights of a network of two stages as it starts, an input, and what it gives, after and before each ReLU."""
    model = Plain(convolutions=(1, 2), channels=(16, 32), classes=5)
    images = jax.random.normal(jax.random.key(1), (4, 8, 8, 3))
    variables = jax.jit(partial(model.init, train=False))(jax.random.key(0), images)
    both = jax.jit(lambda v, i: (model.apply(v, i, train=False), model.apply(v, i, train=False, before=True)))
    return variables, images, both(variables, images)


def test_layers_in_forward_order_stand_where_the_residual_network_has_its_own():
    plain = layer_names(build(ModelConfig("plain20"), 32, 10), (32, 32, 3))
    residual = layer_names(build(ModelConfig("resnet20"), 32, 10), (32, 32, 3))
    assert plain == ["stem", *(f"conv{s}_{c}" for s in (1, 2, 3) for c in range(1, 7)), "pool", "logits"]
    assert plain[1 + 6 + 2] == "conv2_3"
    assert residual[1 + 6 + 2] == "block2_2.conv1"


@pytest.mark.parametrize("depth", [20, 32, 44, 56])
def test_shapes_and_parameters_are_those_of_the_residual_network(depth):
    images = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)

    def shapes(name):
        model = build(ModelConfig(name), 32, 10)
        (_, maps), variables = jax.eval_shape(partial(model.init_with_output, train=False), jax.random.key(0), images)
        weights = sorted(leaf.shape for leaf in jax.tree.leaves(variables["params"]))
        return [values.shape for values in maps.values()], weights

    assert shapes(f"plain{depth}") == shapes(f"resnet{depth}")
    kernels = [shape for shape in shapes(f"plain{depth}")[1] if len(shape) > 1]
    assert len(kernels) == depth


def test_values_are_those_of_the_definition(small):
    variables, images, ((logits, activations), _) = small
    params, statistics = variables["params"], variables["batch_stats"]
    x = images
    for name, stride in (("stem", 1), ("conv1_1", 1), ("conv2_1", 2), ("conv2_2", 1)):
        x = jax.lax.conv_general_dilated(
            x,
            params[name]["kernel"],
            (stride, stride),
            ((1, 1), (1, 1)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        assert set(params[name]) == {"kernel"}
        np.testing.assert_array_equal(statistics[f"{name}_bn"]["mean"], 0)
        x = jnp.maximum(x / math.sqrt(1 + 1e-5), 0)  # batch norm as it starts: mean 0, variance 1
        np.testing.assert_allclose(activations[name], x, rtol=1e-4, atol=1e-5)
    pool = np.asarray(x, np.float64).mean((1, 2))
    np.testing.assert_allclose(activations["pool"], pool, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(logits, pool @ params["logits"]["kernel"], rtol=1e-3, atol=1e-5)


def test_before_the_nonlinearity(small):
    *_, ((logits, after), (same, before)) = small
    np.testing.assert_allclose(same, logits, rtol=1e-5)
    assert list(before) == list(after)
    for name, values in before.items():
        assert name in ("pool", "logits") or jnp.any(values < 0)
        expected = values if name in ("pool", "logits") else nn.relu(values)
        np.testing.assert_allclose(expected, after[name], rtol=1e-5, atol=1e-5)


def test_initial_weights(small):
    params = small[0]["params"]
    for name, fan_in in (("conv1_1", 9 * 16), ("conv2_1", 9 * 16), ("conv2_2", 9 * 32)):
        kernel = np.asarray(params[name]["kernel"])
        assert kernel.std() == pytest.approx(math.sqrt(2 / fan_in), rel=3 / math.sqrt(kernel.size))
        assert abs(kernel).max() / kernel.std() > 3  # not truncated
    assert float(params["logits"]["kernel"].std()) == pytest.approx(0.01, rel=0.25)
    assert not params["logits"]["bias"].any()
