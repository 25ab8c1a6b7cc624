"""VGG networks, in their usual form for 32 × 32 images and as they were published for ImageNet."""

from collections import OrderedDict

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim._typing import Array, Float
from jaxrepsim.models.layers import Activations, batch_norm, conv3x3, dense, relu

STAGES = {
    "vgg11": ((64,), (128,), (256,) * 2, (512,) * 2, (512,) * 2),
    "vgg13": ((64,) * 2, (128,) * 2, (256,) * 2, (512,) * 2, (512,) * 2),
    "vgg16": ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3),
    "vgg19": ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4),
}
"""Channels of every convolution, stage by stage."""


class VGG(nn.Module):
    """Stages of 3 × 3 convolutions with max-pooling between them, then two hidden layers and the logits.

    Images of 32 pixels have a pool after each of the five stages, which leaves one position; of 224 pixels it leaves
    7 × 7, which all go into the first hidden layer. The names of the layers are `conv1`, `conv2`, ..., `fc1`, `fc2`
    (each after its ReLU, and after batch norm where there is one; convolutions before the pool, hidden layers before
    dropout) and `logits`.

    Attributes:
        stages: Channels of every convolution, stage by stage.
        hidden: Units of each of the two hidden fully connected layers.
        classes: Number of logits.
        pools: How many stages, counted from the last, end in a 2 × 2 max-pool.
        batch_norm: Batch norm between each convolution and its ReLU.
        dropout: The share of each hidden layer's units that a training step leaves out.
        dense_std: See `ModelConfig`.

    Source: Simonyan and Zisserman 2014 (arXiv:1409.1556), table 1, columns A, B, D and E, and section 3.1 for dropout;
    fully connected part for small images and initialisation as in Wang et al. 2018 (arXiv:1810.11750).
    """

    stages: tuple[tuple[int, ...], ...]
    hidden: int
    classes: int
    pools: int = 5
    batch_norm: bool = False
    dense_std: float | None = 0.01
    dropout: float = 0.0

    @nn.compact
    def __call__(
        self, images: Float[Array, "n h w c"], train: bool = False, before: bool = False
    ) -> tuple[Float[Array, "n classes"], Activations]:
        """Logits and every layer's activations.

        With `train`, batch norm uses and updates the batch's statistics, and dropout draws from the PRNG of name
        `dropout`. With `before`, the activations are those before each ReLU.
        """
        activations: Activations = OrderedDict()
        x = images
        number = 0
        for stage, widths in enumerate(self.stages):
            for width in widths:
                number += 1
                x = conv3x3(width, name=f"conv{number}")(x)
                if self.batch_norm:
                    x = batch_norm(use_running_average=not train, name=f"bn{number}")(x)
                activations[f"conv{number}"], x = relu(x, before)
            if stage >= len(self.stages) - self.pools:
                x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = jnp.reshape(x, (x.shape[0], -1))
        for name in ("fc1", "fc2"):
            activations[name], x = relu(dense(self.hidden, self.dense_std, name)(x), before)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        activations["logits"] = x = dense(self.classes, self.dense_std, "logits")(x)
        return x, activations
