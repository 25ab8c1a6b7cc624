"""Flax Linen networks that return their logits and every named layer's activations."""

from jaxrepsim.models.build import MODELS as MODELS
from jaxrepsim.models.build import build as build
from jaxrepsim.models.config import ModelConfig as ModelConfig
from jaxrepsim.models.imagenet_resnet import ImageNetResNet as ImageNetResNet
from jaxrepsim.models.layers import Activations as Activations
from jaxrepsim.models.layers import layer_names as layer_names
from jaxrepsim.models.network import Network as Network
from jaxrepsim.models.own import OwnNetwork as OwnNetwork
from jaxrepsim.models.own import check as check
from jaxrepsim.models.plain import Plain as Plain
from jaxrepsim.models.resnet import ResNet as ResNet
from jaxrepsim.models.tiny import Tiny as Tiny
from jaxrepsim.models.vgg import VGG as VGG
