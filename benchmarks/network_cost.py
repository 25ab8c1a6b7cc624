"""What a network's layers hold and how many operations it takes, counted from its definition; nothing is computed."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim import models


class Network(NamedTuple):
    """Of one image.

    Fields:
        weights: How many numbers are trained.
        layers: For each layer the shape of its activations, (height, width, units) or (units,).
        forward: Operations of a forward pass, a multiplication and an addition being two: matrix products and
            convolutions alone, with the zeros of their padding, as published figures have them.
        first: Those of the first convolution, whose input needs no gradient.
        normalised: Whether there is batch norm, whose input is kept for the backward pass as well as its output.
    """

    weights: int
    layers: dict[str, tuple[int, ...]]
    forward: float
    first: float
    normalised: bool

    @property
    def backward(self) -> float:
        """Operations of a backward pass: a gradient of each layer's weights, and one of its input."""
        return 2 * self.forward - self.first

    @property
    def activations(self) -> int:
        """Numbers in all layers."""
        return sum(math.prod(shape) for shape in self.layers.values())

    @property
    def kept(self) -> int:
        """Numbers that a forward pass keeps for the backward pass, at least."""
        return self.activations * (2 if self.normalised else 1)


def network(config: models.ModelConfig, shape: tuple[int, int, int], classes: int) -> Network:
    """Counts a network.

    Args:
        config: Which.
        shape: Of an image, (height, width, channels).
        classes: Number of classes.

    Returns:
        Its size and cost.
    """
    model = models.build(config, min(shape[:2]), classes)
    image = jax.ShapeDtypeStruct((1, *shape), jnp.float32)
    variables = jax.eval_shape(partial(model.init, train=False), jax.random.key(0), image)
    apply = partial(model.apply, train=False)
    counts = list(contractions(apply, variables, image))
    _, maps = jax.eval_shape(apply, variables, image)
    return Network(
        weights=sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(variables["params"])),
        layers={name: values.shape[1:] for name, values in maps.items()},
        forward=sum(counts),
        first=counts[0],
        normalised="batch_stats" in variables,
    )


def contractions(function: Callable[..., Any], *arguments: Any) -> Iterator[float]:
    """Operations of each matrix product and convolution in a function, in order."""
    yield from _of_jaxpr(jax.make_jaxpr(function)(*arguments).jaxpr)


def _of_jaxpr(jaxpr: Any) -> Iterator[float]:
    for equation in jaxpr.eqns:
        result = equation.outvars[0].aval
        if equation.primitive.name == "conv_general_dilated":
            kernel = equation.invars[1].aval
            outputs = kernel.shape[equation.params["dimension_numbers"].rhs_spec[0]]
            yield 2.0 * result.size * kernel.size / outputs
        elif equation.primitive.name == "dot_general":
            left = equation.invars[0].aval
            summed = equation.params["dimension_numbers"][0][0]
            yield 2.0 * result.size * math.prod(left.shape[axis] for axis in summed)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)  # closed or not
            if hasattr(inner, "eqns"):
                yield from _of_jaxpr(inner)
