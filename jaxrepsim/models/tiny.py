"""Tiny-10, the plain network on which Kornblith et al. 2019 show that CKA identifies layers."""

from collections import OrderedDict

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array, Float
from jaxrepsim.models.layers import Activations, dense, normalised, relu

CONVOLUTIONS = ((16, 3, 1), (16, 3, 1), (32, 3, 2), (32, 3, 1), (32, 3, 1), (64, 3, 2), (64, 3, 1), (64, 1, 1))
"""Channels, size and stride of each convolution."""
UNPADDED = 7
"""The convolution, counted from 1, that has no padding: its map is two positions smaller."""
SMALLEST = 9
"""Pixels of which the strides before it leave three positions, and it leaves one."""


class Tiny(nn.Module):
    """Eight convolutions, each with batch norm and ReLU, the mean over positions, and the logits.

    The names of the layers are `conv1` to `conv8` (after their ReLU), `pool` (the mean over positions) and `logits`.

    Attributes:
        channels: Of each of the eight convolutions.
        classes: Number of logits.
        dense_std: See `ModelConfig`.

    Source: Kornblith et al. 2019 (arXiv:1905.00414), table E.1, after All-CNN-C of Springenberg et al. 2015
    (arXiv:1412.6806).
    """

    channels: tuple[int, ...]
    classes: int
    dense_std: float | None = 0.01

    @nn.compact
    def __call__(
        self, images: Float[Array, "n h w c"], train: bool = False, before: bool = False
    ) -> tuple[Float[Array, "n classes"], Activations]:
        """Logits and every layer's activations.

        With `train`, batch norm uses and updates the batch's statistics. With `before`, the activations are those
        before each ReLU.
        """
        activations: Activations = OrderedDict()
        x = images
        for number, (width, (_, size, stride)) in enumerate(zip(self.channels, CONVOLUTIONS, strict=True), start=1):
            name = f"conv{number}"
            x = normalised(x, width, name, f"bn{number}", train, size, stride, padded=number != UNPADDED)
            activations[name], x = relu(x, before)
        activations["pool"] = x = jnp.mean(x, axis=(1, 2))
        activations["logits"] = x = dense(self.classes, self.dense_std, "logits")(x)
        return x, activations
