"""Flax Linen networks that return their logits and every named layer's activations.

Settings are there without Flax; everything else needs it: `pip install "jaxrepsim[models]"`.
"""

from typing import TYPE_CHECKING

from jaxrepsim import extras
from jaxrepsim.models.config import ModelConfig as ModelConfig
from jaxrepsim.models.network import Network as Network

if TYPE_CHECKING:
    from jaxrepsim.models.families import MODELS as MODELS
    from jaxrepsim.models.families import build as build
    from jaxrepsim.models.imagenet_resnet import ImageNetResNet as ImageNetResNet
    from jaxrepsim.models.layers import Activations as Activations
    from jaxrepsim.models.layers import layer_names as layer_names
    from jaxrepsim.models.own import OwnNetwork as OwnNetwork
    from jaxrepsim.models.own import check as check
    from jaxrepsim.models.plain import Plain as Plain
    from jaxrepsim.models.resnet import ResNet as ResNet
    from jaxrepsim.models.tiny import Tiny as Tiny
    from jaxrepsim.models.vgg import VGG as VGG

__getattr__, __dir__ = extras.lazily(
    __name__,
    "models",
    {
        "MODELS": "jaxrepsim.models.families",
        "build": "jaxrepsim.models.families",
        "ImageNetResNet": "jaxrepsim.models.imagenet_resnet",
        "Activations": "jaxrepsim.models.layers",
        "layer_names": "jaxrepsim.models.layers",
        "OwnNetwork": "jaxrepsim.models.own",
        "check": "jaxrepsim.models.own",
        "Plain": "jaxrepsim.models.plain",
        "ResNet": "jaxrepsim.models.resnet",
        "Tiny": "jaxrepsim.models.tiny",
        "VGG": "jaxrepsim.models.vgg",
    },
)
