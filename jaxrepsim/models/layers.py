"""What the families share: how layers start, and how a network names its activations."""

from collections import OrderedDict
from functools import partial

import jax
import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array
from jaxrepsim.models.network import Network

Activations = OrderedDict[str, Array]
"""Layer name → activations after the nonlinearity, or where that is asked for before it, in forward order:
`(batch, height, width, channels)` for a map, `(batch, units)` for a vector. An `OrderedDict`, because jax sorts the
keys of a plain dict under `jit`."""

# The plain normal distribution: Flax's `kaiming_normal` is truncated.
_kaiming = nn.initializers.variance_scaling(2.0, "fan_in", "normal")
conv3x3 = partial(
    nn.Conv,
    kernel_size=(3, 3),
    padding=1,  # not "SAME", which pads one side only where the stride is 2
    kernel_init=_kaiming,
)
# Flax's momentum is the share of the old mean that stays: 0.9 here is 0.1 in PyTorch.
batch_norm = partial(nn.BatchNorm, momentum=0.9, epsilon=1e-5)


def normalised(
    x: Array, width: int, name: str, norm: str, train: bool, size: int = 3, stride: int = 1, padded: bool = True
) -> Array:
    """A convolution of `size` × `size` without bias, then batch norm; `name` and `norm` name their weights."""
    padding = size // 2 if padded else 0
    convolution = conv3x3(width, kernel_size=(size, size), padding=padding, strides=stride, use_bias=False, name=name)
    return batch_norm(use_running_average=not train, name=norm)(convolution(x))


def dense(units: int, std: float | None, name: str) -> nn.Dense:
    """A fully connected layer whose weights start as N(0, std²), or as Kaiming normal where `std` is None."""
    return nn.Dense(units, kernel_init=_kaiming if std is None else nn.initializers.normal(std), name=name)


def relu(x: Array, before: bool) -> tuple[Array, Array]:
    """The activations to report for a layer, and its output: the latter twice, or `before` the ReLU and after it."""
    after = nn.relu(x)
    return (x if before else after), after


def scaled(units: int, width: float) -> int:
    """`units` times `width`, rounded, at least 1."""
    return max(1, round(units * width))


def layer_names(model: Network, input_shape: tuple[int, ...]) -> list[str]:
    """The names of a network's layers, in forward order. Nothing is computed.

    Args:
        model: A network of this package, or any Flax Linen module whose call with `train=False` gives
            `(logits, OrderedDict of activations)`, or one of your own that `build` made.
        input_shape: (height, width, channels) of one image, or (features,).

    Returns:
        The keys of its activations.

    >>> from jaxrepsim.models import ModelConfig, build
    >>> layer_names(build(ModelConfig("vgg11", width=0.1), input_size=8, classes=10), (8, 8, 1))
    ['conv1', 'conv2', ..., 'conv8', 'fc1', 'fc2', 'logits']
    """
    image = jax.ShapeDtypeStruct((1, *input_shape), jnp.float32)
    variables = jax.eval_shape(partial(model.init, train=False), jax.random.key(0), image)
    _, activations = jax.eval_shape(partial(model.apply, train=False), variables, image)
    return list(activations)
