"""From a name in the settings to a network."""

from collections.abc import Callable

from flax import linen as nn

from jaxrepsim.errors import InputError, unknown
from jaxrepsim.models import imagenet_resnet, own, plain, resnet, tiny, vgg
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.models.layers import scaled
from jaxrepsim.models.network import Network
from jaxrepsim.user_code import is_reference

_VGGS = tuple(name + norm for name in vgg.STAGES for norm in ("", "_bn"))
_IMAGENET = "imagenet_"
_SMALLEST = 32
"""Pixels that the strides of an ImageNet network leave one position of."""


def build(config: ModelConfig, input_size: int, classes: int) -> Network:
    """The network that the settings name, without weights.

    `model.init(key, images, train=False)` gives its variables, and `model.apply(variables, images, train=False)` gives
    `(logits, activations)`: see `Activations`. With `train=True`, pass `mutable=["batch_stats"]`, and
    `rngs={"dropout": key}` for the VGGs of ImageNet, which drop half of their hidden units.

    A VGG pools after each of its five stages; images under 32 pixels allow only floor(log2(input_size)) pools, and
    those are the last ones, so that early maps stay large and no map has less than one position.

    Args:
        config: Name and width; or, of a network of one's own, name and options: see `own`.
        input_size: Height or width of the images in pixels, the smaller of the two.
        classes: Number of logits.

    Returns:
        A Flax Linen module, or one's own brought to that form; two built from equal arguments are equal.

    Raises:
        InputError: There is no network of that name, or the images are too small for it; a setting is for other
            networks; or as for `own.load`.

    >>> build(ModelConfig("resnet20", width=0.5), input_size=32, classes=10).channels
    (8, 16, 32)
    """
    if is_reference(config.name):
        for name in ("width", "dense_std"):
            if getattr(config, name) != getattr(ModelConfig(), name):
                raise InputError(f"model.{name} is for the package's networks; {config.name} takes model.options")
        return own.load(config.name, config.options)
    if config.name not in FAMILIES:
        raise unknown("model", config.name, [*FAMILIES, "module:class of your own"])
    if config.options:
        raise InputError(
            f"model.options are for a network of your own, module:class; {config.name!r} is one of the package's: "
            f"received {config.options}"
        )
    if config.name.startswith(_IMAGENET) and input_size < _SMALLEST:
        raise InputError(
            f"{config.name!r} is for images of {_SMALLEST} pixels or more, received {input_size}; the names without"
            f" `{_IMAGENET}` are for small ones"
        )
    return FAMILIES[config.name](config, input_size, classes)


def _vgg(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    stages = vgg.STAGES[config.name.removeprefix(_IMAGENET).removesuffix("_bn")]
    large = config.name.startswith(_IMAGENET)
    return vgg.VGG(
        stages=tuple(_scaled(stage, config) for stage in stages),
        hidden=scaled(4096 if large else 512, config.width),
        classes=classes,
        pools=min(len(stages), input_size.bit_length() - 1),
        batch_norm=config.name.endswith("_bn"),
        dense_std=config.dense_std,
        dropout=0.5 if large else 0.0,
    )


def _resnet(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    blocks = resnet.BLOCKS[config.name]
    channels = _scaled(resnet.CHANNELS[len(blocks)], config)
    return resnet.ResNet(blocks, channels, classes, projection=len(blocks) == 4, dense_std=config.dense_std)


def _plain(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    convolutions = plain.CONVOLUTIONS[config.name]
    channels = _scaled(plain.CHANNELS[len(convolutions)], config)
    return plain.Plain(convolutions, channels, classes, config.dense_std)


def _tiny(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    if input_size < tiny.SMALLEST:
        raise InputError(
            f"{config.name!r} is for images of {tiny.SMALLEST} pixels or more, received {input_size}: one of its "
            "convolutions would have no position left"
        )
    channels = _scaled(tuple(width for width, _, _ in tiny.CONVOLUTIONS), config)
    return tiny.Tiny(channels, classes, config.dense_std)


def _imagenet_resnet(config: ModelConfig, input_size: int, classes: int) -> nn.Module:
    return imagenet_resnet.ImageNetResNet(
        imagenet_resnet.BLOCKS[config.name],
        _scaled(imagenet_resnet.CHANNELS, config),
        classes,
        bottleneck=config.name in imagenet_resnet.BOTTLENECKS,
        dense_std=config.dense_std,
    )


def _scaled(channels: tuple[int, ...], config: ModelConfig) -> tuple[int, ...]:
    return tuple(scaled(units, config.width) for units in channels)


FAMILIES: dict[str, Callable[[ModelConfig, int, int], nn.Module]] = {
    **dict.fromkeys(_VGGS, _vgg),
    **dict.fromkeys(resnet.BLOCKS, _resnet),
    **dict.fromkeys(plain.CONVOLUTIONS, _plain),
    "tiny10": _tiny,
    **dict.fromkeys(imagenet_resnet.BLOCKS, _imagenet_resnet),
    **dict.fromkeys([_IMAGENET + name for name in _VGGS], _vgg),
}
"""Name → what makes the network of the settings, for images of a size, with a number of classes."""
MODELS = tuple(FAMILIES)
"""Every name that `build` knows."""
