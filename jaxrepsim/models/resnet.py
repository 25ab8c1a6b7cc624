"""Residual networks for small images."""

from collections import OrderedDict

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array, Float
from jaxrepsim.models.layers import Activations, dense, normalised, relu

BLOCKS = {
    "resnet20": (3, 3, 3),
    "resnet32": (5, 5, 5),
    "resnet44": (7, 7, 7),
    "resnet56": (9, 9, 9),
    "resnet110": (18, 18, 18),
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
}
"""Basic blocks of each stage."""
CHANNELS = {3: (16, 32, 64), 4: (64, 128, 256, 512)}
"""Channels of each stage, by the number of stages."""


class ResNet(nn.Module):
    """A 3 × 3 stem, stages of basic blocks, the mean over positions, and the logits.

    Every stage but the first begins with stride 2. The names of the layers are `stem`, then for each block `B` of
    each stage `S`, both counted from 1, `blockS_B.conv1` (the ReLU inside the block) and `blockS_B.sum` (the ReLU of
    the residual sum), then `pool` (the mean over positions) and `logits`.

    Attributes:
        blocks: Basic blocks of each stage.
        channels: Channels of each stage.
        classes: Number of logits.
        projection: How a shortcut changes shape: a 1 × 1 convolution with batch norm (option B, as ResNet-18 and -34
            have it), or else every second position and zeros for the new channels (option A, without parameters, as
            the networks of 6n + 2 layers have it).
        dense_std: See `ModelConfig`.

    Source: He et al. 2015 (arXiv:1512.03385), section 4.2 for the networks of 6n + 2 layers.
    """

    blocks: tuple[int, ...]
    channels: tuple[int, ...]
    classes: int
    projection: bool = False
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

        def shortcut(x: Array, width: int, stride: int, name: str) -> Array:
            if stride == 1 and x.shape[-1] == width:
                return x
            if self.projection:
                return normalised(x, width, f"{name}_shortcut", f"{name}_shortcut_bn", train, 1, stride)
            extra = width - x.shape[-1]
            return jnp.pad(x[:, ::stride, ::stride], ((0, 0), (0, 0), (0, 0), (extra // 2, extra - extra // 2)))

        activations["stem"], x = relu(normalised(images, self.channels[0], "stem", "stem_bn", train), before)
        for stage, (count, width) in enumerate(zip(self.blocks, self.channels, strict=True), start=1):
            for number in range(1, count + 1):
                name = f"block{stage}_{number}"
                stride = 2 if stage > 1 and number == 1 else 1
                inner = normalised(x, width, f"{name}_conv1", f"{name}_bn1", train, stride=stride)
                activations[f"{name}.conv1"], inner = relu(inner, before)
                outer = normalised(inner, width, f"{name}_conv2", f"{name}_bn2", train)
                activations[f"{name}.sum"], x = relu(outer + shortcut(x, width, stride, name), before)
        activations["pool"] = x = jnp.mean(x, axis=(1, 2))
        activations["logits"] = x = dense(self.classes, self.dense_std, "logits")(x)
        return x, activations
