"""Modules as users write them, for images of 8 × 8 pixels and one channel."""

from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx


class Plain(nn.Module):
    """Flax Linen, with batch norm and dropout."""

    width: int = 4
    classes: int = 3
    rate: float = 0.5

    @nn.compact
    def __call__(self, images, train=False):
        x = nn.Conv(self.width, (3, 3), strides=2, name="conv")(images)
        x = nn.relu(nn.BatchNorm(use_running_average=not train, name="norm")(x))
        x = nn.relu(nn.Dense(self.width, name="hidden")(x.reshape(len(x), -1)))
        x = nn.Dropout(self.rate, deterministic=not train, name="dropout")(x)
        return nn.Dense(self.classes, name="logits")(x)


class Block(nnx.Module):
    def __init__(self, inputs, outputs, *, rngs):
        self.linear = nnx.Linear(inputs, outputs, rngs=rngs)
        self.norm = nnx.BatchNorm(outputs, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(nnx.relu(self.norm(self.linear(x))))


class Calls(nnx.Variable):
    """A variable of another type than Flax's own."""


class Modern(nnx.Module):
    """Flax NNX, with a list of blocks."""

    def __init__(self, width: int = 4, depth: int = 2, classes: int = 3, *, rngs: nnx.Rngs):
        widths = [64, *[width] * depth]
        self.blocks = nnx.List([Block(*pair, rngs=rngs) for pair in pairwise(widths)])
        self.calls = Calls(jnp.zeros((), jnp.int32))
        self.logits = nnx.Linear(width, classes, rngs=rngs)

    def __call__(self, images):
        x = images.reshape(len(images), -1)
        self.calls[...] += 1
        for block in self.blocks:
            x = block(x)
        return self.logits(x)


class Returning(nn.Module):
    """Its own mapping, in an order that is not that of the alphabet, as a plain dict."""

    @nn.compact
    def __call__(self, images, training=False, before=False):
        x = nn.Dense(4)(images.reshape(len(images), -1))
        layers = {"z": x if before else nn.relu(x)}
        layers["a"] = logits = nn.Dense(3)(nn.relu(x))
        return logits, layers


class Deterministic(nn.Module):
    """Says the opposite of `train`; draws by a name of its own; counts."""

    @nn.compact
    def __call__(self, images, deterministic):
        count = self.variable("counts", "calls", lambda: jnp.int32(0))
        x = images.reshape(len(images), -1)
        if not deterministic:
            count.value += 1
            x = x * jax.random.bernoulli(self.make_rng("noise"), 0.5, x.shape)
        return nn.Dense(3)(x)


class Tokens(nn.Module):
    """Maps, tokens, a table without images, and a module that hands on what came in."""

    @nn.compact
    def __call__(self, images):
        x = nn.Conv(4, (3, 3), name="conv")(images)
        x = nn.Dropout(0.1, deterministic=True, name="nothing")(x)
        x = x.reshape(len(x), 64, 4) + nn.Embed(64, 4, name="table")(jnp.arange(64))
        x = nn.Dense(4, name="tokens")(x)
        return nn.Sequential([nn.Dense(3)], name="head")(x.mean(1))


class Wide(nn.Module):
    """No logits, but a map."""

    @nn.compact
    def __call__(self, images):
        return nn.Conv(3, (3, 3))(images)


class Growing(nn.Module):
    """Keeps one more value at each call."""

    @nn.compact
    def __call__(self, images):
        x = nn.Dense(3)(images.reshape(len(images), -1))
        self.sow("losses", "size", jnp.sum(x**2))
        return x


class Weightless(nn.Module):
    @nn.compact
    def __call__(self, images):
        return nn.Sequential([lambda x: x.reshape(len(x), -1)[:, :3]])(images)


class Empty(nn.Module):
    """Its own mapping, of no layer."""

    @nn.compact
    def __call__(self, images):
        return nn.Dense(3)(images.reshape(len(images), -1)), {}


class Summing(nn.Module):
    """Its own mapping, of one number an image."""

    @nn.compact
    def __call__(self, images):
        logits = nn.Dense(3)(images.reshape(len(images), -1))
        return logits, {"sum": logits.sum(1)}


class Failing(nn.Module):
    inputs: int

    @nn.compact
    def __call__(self, images):
        return images @ jnp.ones((self.inputs, 3))


def make():
    return Plain()
