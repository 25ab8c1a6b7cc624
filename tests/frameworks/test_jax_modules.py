"""What is particular to the frameworks of JAX: transforms within models, containers, training, compilations."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import jaxrepsim
from jaxrepsim import InputError
from jaxrepsim.frameworks import linen as of_linen
from jaxrepsim.frameworks import nnx as of_nnx

TOKENS = np.random.default_rng(0).normal(size=(6, 5, 3)).astype(np.float32)


class Block(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(3, 3, rngs=rngs)
        self.norm = nnx.BatchNorm(3, rngs=rngs)

    def __call__(self, x):
        return nnx.relu(self.norm(self.linear(x)))


class Net(nnx.Module):
    def __init__(self, rngs):
        self.blocks = nnx.List([Block(rngs), Block(rngs)])
        self.head = nnx.Sequential(nnx.Linear(3, 4, rngs=rngs), nnx.relu, nnx.Linear(4, 2, rngs=rngs))

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return jax.vmap(self.head)(x)


def test_nnx_paths_in_the_order_of_calls_and_each_array_once():
    layers = jaxrepsim.capture(Net(nnx.Rngs(0)), TOKENS)
    inner = ["linear", "norm"]
    blocks = [f"blocks.{n}{part}" for n in (0, 1) for part in (*(f".{name}" for name in inner), "")]
    assert list(layers) == [*blocks, "head.layers.0", "head.layers.2"]
    assert list(jaxrepsim.capture(Net(nnx.Rngs(0)), TOKENS, layers="head")) == ["head"]
    assert layers["head.layers.2"].shape == (30, 2)


def test_nnx_outputs_are_part_of_a_training_step():
    """Under jit and grad, with the updates of a plain call."""
    first, second = Net(nnx.Rngs(0)), Net(nnx.Rngs(0))

    @nnx.jit
    def gradient(net):
        return nnx.grad(lambda net: of_nnx.outputs(net, TOKENS)[1]["blocks.1"].sum())(net)

    @nnx.jit
    def expected(net):
        def loss(net):
            x = TOKENS
            for block in net.blocks:
                x = block(x)
            return x.sum()

        return nnx.grad(loss)(net)

    for one, other in zip(jax.tree.leaves(gradient(first)), jax.tree.leaves(expected(second)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(first.blocks[1].norm.mean[...], second.blocks[1].norm.mean[...], atol=1e-7)
    assert np.abs(first.blocks[1].norm.mean[...]).max() > 0


def test_a_second_capture_compiles_nothing():
    net = Net(nnx.Rngs(0))
    jaxrepsim.capture(net, TOKENS, layers="head")
    before = of_nnx._run._cache_size()
    jaxrepsim.capture(Net(nnx.Rngs(1)), TOKENS, layers="head")
    assert of_nnx._run._cache_size() == before


class Residual(linen.Module):
    @linen.compact
    def __call__(self, x, train: bool):
        return x + linen.BatchNorm(use_running_average=not train)(linen.Dense(3)(x))


class Stack(linen.Module):
    train: bool = False

    @linen.compact
    def __call__(self, x):
        x = Residual(name="first")(x, self.train)
        x = linen.remat(Residual, static_argnums=(2,))(name="second")(x, self.train)
        return linen.Sequential([linen.Dense(4), linen.relu, linen.Dense(2)])(x)


def test_linen_paths_within_transforms_and_containers():
    variables = Stack().init(jax.random.key(0), TOKENS)
    layers = jaxrepsim.capture(Stack(), TOKENS, variables=variables)
    blocks = [f"{name}{part}" for name in ("first", "second") for part in (".Dense_0", ".BatchNorm_0", "")]
    assert list(layers) == [*blocks, "Dense_0", "Dense_1"]
    output, _, updated = of_linen.outputs(Stack(train=True), variables, TOKENS, mutable=["batch_stats"])
    plain, expected = Stack(train=True).apply(variables, TOKENS, mutable=["batch_stats"])
    np.testing.assert_array_equal(output, plain)
    jax.tree.map(np.testing.assert_array_equal, updated, dict(expected))


def test_linen_needs_variables_and_its_training_mode_is_found():
    with pytest.raises(InputError, match="the weights of a Flax Linen module are apart from it"):
        jaxrepsim.capture(Stack(), TOKENS)
    variables = Stack().init(jax.random.key(0), TOKENS)
    with pytest.raises(InputError, match=r"layer 'first\.BatchNorm_0' .* in training mode"):
        jaxrepsim.capture(Stack(train=True), TOKENS, variables=variables)
    with pytest.raises(InputError, match="the model draws random numbers: dropout"):
        jaxrepsim.capture(linen.Dropout(0.5, deterministic=False), TOKENS, variables={})


def test_a_module_that_is_one_layer():
    dense = linen.Dense(2)
    variables = dense.init(jax.random.key(0), TOKENS)
    assert list(jaxrepsim.capture(dense, TOKENS, variables=variables)) == ["Dense"]
    assert list(jaxrepsim.capture(nnx.Linear(3, 2, rngs=nnx.Rngs(0)), TOKENS)) == ["Linear"]
    assert list(jaxrepsim.capture(eqx.nn.Linear(3, 2, key=jax.random.key(0)), TOKENS[:, 0])) == ["Linear"]


def test_equinox_layers_mapped_over_tokens():
    class Tokens(eqx.Module):
        embed: eqx.nn.Linear
        heads: list

        def __call__(self, tokens, key):
            hidden = jax.checkpoint(lambda x: jax.vmap(self.embed)(x))(tokens)
            return self.heads[0](hidden.mean(0)), None

    first, second = jax.random.split(jax.random.key(0))
    model = Tokens(eqx.nn.Linear(3, 4, key=first), [eqx.nn.Linear(4, 2, key=second)])
    layers = jaxrepsim.capture(model, TOKENS, batch_size=4)
    assert list(layers) == ["embed", "heads.0"]
    expected = TOKENS.reshape(-1, 3) @ model.embed.weight.T + model.embed.bias
    np.testing.assert_allclose(layers["embed"], expected, atol=1e-6)


def test_equinox_batch_norm_with_its_state():
    class Normed(eqx.Module):
        linear: eqx.nn.Linear
        norm: eqx.nn.BatchNorm

        def __init__(self, key):
            self.linear = eqx.nn.Linear(3, 4, key=key)
            self.norm = eqx.nn.BatchNorm(4, "batch", mode="batch")

        def __call__(self, x, state):
            return self.norm(self.linear(x), state)

    model, state = eqx.nn.make_with_state(Normed)(jax.random.key(0))
    assert list(jaxrepsim.capture(model, TOKENS[:, 0], variables=state)) == ["linear", "norm"]


def test_a_wrapped_callable_is_no_module():
    found = jaxrepsim.capture(eqx.filter_jit(lambda x: {"all": jnp.asarray(x)}), TOKENS)
    np.testing.assert_array_equal(found["all"], TOKENS.reshape(-1, 3))
