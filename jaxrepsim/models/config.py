"""Which network."""

import math
from dataclasses import dataclass

from jaxrepsim.errors import InputError


@dataclass(frozen=True)
class ModelConfig:
    """The architecture that every seed of a run shares."""

    name: str = "vgg11"
    """`vgg11`, `vgg13`, `vgg16`, `vgg19`, each also with `_bn`; `resnet18`, `resnet34`; `resnet20`, `resnet32`, ..."""
    width: float = 1.0
    """Multiplies the number of units of every hidden layer (at least one unit stays)."""
    dense_std: float | None = 0.01
    """Standard deviation of the fully connected weights before training, as in the papers; None for Kaiming normal. A
    VGG that is narrow or sees few examples hardly leaves its start with 0.01."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.width) and self.width > 0):
            raise InputError(f"the width of a model must be positive, not {self.width}")
        if self.dense_std is not None and not (math.isfinite(self.dense_std) and self.dense_std > 0):
            raise InputError(f"dense_std must be positive, or None, not {self.dense_std}")
