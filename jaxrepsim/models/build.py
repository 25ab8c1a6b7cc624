"""From a name in the settings to a network."""

from flax import linen as nn

from jaxrepsim.errors import InputError, unknown
from jaxrepsim.models import imagenet_resnet, plain, resnet, vgg
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.models.layers import scaled

_VGGS = tuple(name + norm for name in vgg.STAGES for norm in ("", "_bn"))
_IMAGENET = "imagenet_"
_SMALLEST = 32
"""Pixels that the strides of an ImageNet network leave one position of."""

MODELS = (*_VGGS, *resnet.BLOCKS, *plain.CONVOLUTIONS, *imagenet_resnet.BLOCKS, *(_IMAGENET + name for name in _VGGS))
"""Every name that `build` knows."""


def build(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    """The network that the settings name, without weights.

    `model.init(key, images, train=False)` gives its variables, and `model.apply(variables, images, train=False)` gives
    `(logits, activations)`: see `Activations`. With `train=True`, pass `mutable=["batch_stats"]`, and
    `rngs={"dropout": key}` for the VGGs of ImageNet, which drop half of their hidden units.

    A VGG pools after each of its five stages; images under 32 pixels allow only floor(log2(input_size)) pools, and
    those are the last ones, so that early maps stay large and no map has less than one position.

    Args:
        config: Name and width.
        input_size: Height or width of the images in pixels, the smaller of the two.
        classes: Number of logits.

    Returns:
        A Flax Linen module; two built from equal arguments are equal.

    Raises:
        InputError: There is no network of that name, or the images are too small for it.

    >>> build(ModelConfig("resnet20", width=0.5), input_size=32, classes=10).channels
    (8, 16, 32)
    """
    name = config.name
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    if name.startswith(_IMAGENET) and input_size < _SMALLEST:
        raise InputError(
            f"{name!r} is for images of {_SMALLEST} pixels or more, received {input_size}; the names without"
            f" `{_IMAGENET}` are for small ones"
        )
    if name in resnet.BLOCKS:
        blocks = resnet.BLOCKS[name]
        channels = _scaled(resnet.CHANNELS[len(blocks)], config)
        return resnet.ResNet(blocks, channels, classes, projection=len(blocks) == 4, dense_std=config.dense_std)
    if name in plain.CONVOLUTIONS:
        convolutions = plain.CONVOLUTIONS[name]
        channels = _scaled(plain.CHANNELS[len(convolutions)], config)
        return plain.Plain(convolutions, channels, classes, config.dense_std)
    if name in imagenet_resnet.BLOCKS:
        return imagenet_resnet.ImageNetResNet(
            imagenet_resnet.BLOCKS[name],
            _scaled(imagenet_resnet.CHANNELS, config),
            classes,
            bottleneck=name in imagenet_resnet.BOTTLENECKS,
            dense_std=config.dense_std,
        )
    stages = vgg.STAGES[name.removeprefix(_IMAGENET).removesuffix("_bn")]
    large = name.startswith(_IMAGENET)
    return vgg.VGG(
        stages=tuple(_scaled(stage, config) for stage in stages),
        hidden=scaled(4096 if large else 512, config.width),
        classes=classes,
        pools=min(len(stages), input_size.bit_length() - 1),
        batch_norm=name.endswith("_bn"),
        dense_std=config.dense_std,
        dropout=0.5 if large else 0.0,
    )


def _scaled(channels: tuple[int, ...], config: ModelConfig) -> tuple[int, ...]:
    return tuple(scaled(units, config.width) for units in channels)
