"""Plain networks for small images: residual networks without their shortcuts."""

from collections import OrderedDict

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array, Float
from jaxrepsim.models.layers import Activations, dense, normalised, relu

CONVOLUTIONS = {
    "plain20": (6, 6, 6),
    "plain32": (10, 10, 10),
    "plain44": (14, 14, 14),
    "plain56": (18, 18, 18),
    "plain42": (10, 10, 10, 10),
}
"""Convolutions of each stage; with the stem and the logits the name's number of layers."""
CHANNELS = {3: (16, 32, 64), 4: (16, 32, 64, 128)}
"""Channels of each stage, by the number of stages."""


class Plain(nn.Module):
    """A 3 × 3 stem, stages of 3 × 3 convolutions, the mean over positions, and the logits.

    Every stage but the first begins with stride 2; batch norm stands between each convolution and its ReLU. The names
    of the layers are `stem`, then `convS_C` for each convolution `C` of each stage `S`, both counted from 1, then
    `pool` (the mean over positions) and `logits`. The convolutions `2B - 1` and `2B` of a stage are those of block `B`
    of the residual network of the same depth: `conv2_3` and `conv2_4` stand where that has `block2_2.conv1` and
    `block2_2.sum`.

    Attributes:
        convolutions: How many each stage has.
        channels: Channels of each stage.
        classes: Number of logits.
        dense_std: See `ModelConfig`.

    Source: He et al. 2015 (arXiv:1512.03385), section 4.2; of four stages, Wang et al. 2018 (arXiv:1810.11750).
    """

    convolutions: tuple[int, ...]
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

        def convolution(x: Array, width: int, stride: int, name: str) -> Array:
            x = normalised(x, width, name, f"{name}_bn", train, stride=stride)
            activations[name], x = relu(x, before)
            return x

        x = convolution(images, self.channels[0], 1, "stem")
        for stage, (count, width) in enumerate(zip(self.convolutions, self.channels, strict=True), start=1):
            for number in range(1, count + 1):
                x = convolution(x, width, 2 if stage > 1 and number == 1 else 1, f"conv{stage}_{number}")
        activations["pool"] = x = jnp.mean(x, axis=(1, 2))
        activations["logits"] = x = dense(self.classes, self.dense_std, "logits")(x)
        return x, activations
