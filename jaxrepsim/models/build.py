"""From a name in the settings to a network."""

from jaxrepsim.errors import unknown
from jaxrepsim.models import resnet, vgg
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.models.layers import scaled

MODELS = (*(name + norm for name in vgg.STAGES for norm in ("", "_bn")), *resnet.BLOCKS)
"""Every name that `build` knows."""


def build(config: ModelConfig, input_size: int, classes: int) -> vgg.VGG | resnet.ResNet:
    """The network that the settings name, without weights.

    `model.init(key, images, train=False)` gives its variables, and `model.apply(variables, images, train=False)` gives
    `(logits, activations)`: see `Activations`. With `train=True`, pass `mutable=["batch_stats"]`.

    A VGG pools after each of its five stages; images under 32 pixels allow only floor(log2(input_size)) pools, and
    those are the last ones, so that early maps stay large and no map has less than one position.

    Args:
        config: Name and width.
        input_size: Height or width of the images in pixels, the smaller of the two.
        classes: Number of logits.

    Returns:
        A Flax Linen module; two built from equal arguments are equal.

    Raises:
        InputError: There is no network of that name.

    >>> build(ModelConfig("resnet20", width=0.5), input_size=32, classes=10).channels
    (8, 16, 32)
    """
    if config.name in resnet.BLOCKS:
        blocks = resnet.BLOCKS[config.name]
        channels = tuple(scaled(units, config.width) for units in resnet.CHANNELS[len(blocks)])
        return resnet.ResNet(blocks, channels, classes, projection=len(blocks) == 4, dense_std=config.dense_std)
    if config.name in MODELS:
        stages = vgg.STAGES[config.name.removesuffix("_bn")]
        return vgg.VGG(
            stages=tuple(tuple(scaled(units, config.width) for units in stage) for stage in stages),
            hidden=scaled(512, config.width),
            classes=classes,
            pools=min(len(stages), input_size.bit_length() - 1),
            batch_norm=config.name.endswith("_bn"),
            dense_std=config.dense_std,
        )
    raise unknown("model", config.name, MODELS)
