"""Which network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelConfig:
    """The architecture that every seed of a run shares."""

    name: str = "vgg11"
    """`vgg11`, `vgg13`, `vgg16`, `vgg19`, each also with `_bn`; `resnet18`, `resnet34`; `resnet20`, `resnet32`, ..."""
    width: float = 1.0
    """Multiplies the number of units of every hidden layer (at least one unit stays)."""
