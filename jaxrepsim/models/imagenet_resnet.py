"""Residual networks for large images."""

from collections import OrderedDict

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array, Float
from jaxrepsim.models.layers import Activations, dense, normalised, relu

BLOCKS = {
    "imagenet_resnet18": (2, 2, 2, 2),
    "imagenet_resnet34": (3, 4, 6, 3),
    "imagenet_resnet50": (3, 4, 6, 3),
}
"""Blocks of each stage."""
BOTTLENECKS = {"imagenet_resnet50"}
"""Those whose blocks are bottlenecks."""
CHANNELS = (64, 128, 256, 512)
"""Channels of each stage; of its 3 × 3 convolutions, where blocks are bottlenecks."""
EXPANSION = 4
"""How many times as many channels a bottleneck gives as its 3 × 3 convolution has."""


class ImageNetResNet(nn.Module):
    """A 7 × 7 stem of stride 2, a 3 × 3 max-pool of stride 2, stages of blocks, the mean over positions, the logits.

    Every stage but the first begins with stride 2, in a 3 × 3 convolution. A shortcut that changes shape is a 1 × 1
    convolution with batch norm (option B). The names of the layers are `stem` (after its ReLU, before the max-pool),
    then for each block `B` of each stage `S`, both counted from 1, `blockS_B.conv1` (the ReLU inside the block; a
    bottleneck has `blockS_B.conv2` as well) and `blockS_B.sum` (the ReLU of the residual sum), then `pool` (the mean
    over positions) and `logits`. Any size of 32 pixels or more fits; the papers' is 224.

    Attributes:
        blocks: Blocks of each stage.
        channels: Channels of each stage, of the 3 × 3 convolutions.
        classes: Number of logits.
        bottleneck: Whether a block is 1 × 1, 3 × 3, 1 × 1 with four times the channels, and not 3 × 3, 3 × 3.
        dense_std: See `ModelConfig`.

    Source: He et al. 2015 (arXiv:1512.03385), table 1; the stride of a bottleneck is on its 3 × 3 convolution, as in
    torchvision ("ResNet v1.5"), and not on its first 1 × 1.
    """

    blocks: tuple[int, ...]
    channels: tuple[int, ...]
    classes: int
    bottleneck: bool = False
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

        def block(x: Array, width: int, stride: int, name: str) -> Array:
            wide = width * EXPANSION if self.bottleneck else width
            # Width, size and stride of each convolution.
            sizes = (
                [(width, 1, 1), (width, 3, stride), (wide, 1, 1)]
                if self.bottleneck
                else [(width, 3, stride), (width, 3, 1)]
            )
            inner = x
            for number, (channels, size, step) in enumerate(sizes, start=1):
                inner = normalised(inner, channels, f"{name}_conv{number}", f"{name}_bn{number}", train, size, step)
                if number < len(sizes):
                    activations[f"{name}.conv{number}"], inner = relu(inner, before)
            if stride != 1 or x.shape[-1] != wide:
                x = normalised(x, wide, f"{name}_shortcut", f"{name}_shortcut_bn", train, 1, stride)
            activations[f"{name}.sum"], x = relu(inner + x, before)
            return x

        stem = normalised(images, self.channels[0], "stem", "stem_bn", train, 7, 2)
        activations["stem"], x = relu(stem, before)
        pad = ((1, 1), (1, 1))
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding=pad)  # pyright: ignore[reportArgumentType]  (pairs work too)
        for stage, (count, width) in enumerate(zip(self.blocks, self.channels, strict=True), start=1):
            for number in range(1, count + 1):
                x = block(x, width, 2 if stage > 1 and number == 1 else 1, f"block{stage}_{number}")
        activations["pool"] = x = jnp.mean(x, axis=(1, 2))
        activations["logits"] = x = dense(self.classes, self.dense_std, "logits")(x)
        return x, activations
