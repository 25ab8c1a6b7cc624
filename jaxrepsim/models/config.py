"""Which network."""

import ast
import math
from dataclasses import dataclass, field
from typing import Any

from jaxrepsim.settings import require


@dataclass(frozen=True)
class ModelConfig:
    """The architecture that every seed of a run shares."""

    name: str = "vgg11"
    """For small images `vgg11`, `vgg13`, `vgg16`, `vgg19`, each also with `_bn`; `resnet18`, `resnet34`; `resnet20`,
    `resnet32`, `resnet44`, `resnet56`, `resnet110`; `plain20`, `plain32`, `plain42`, `plain44`, `plain56`; `tiny10`.
    For 224 pixels, and any number from 32: `imagenet_resnet18`, `imagenet_resnet34`, `imagenet_resnet50`, and
    `imagenet_` before each VGG. Or a class of your own, Flax Linen or NNX: `my_package.nets:MyNet`."""
    width: float = 1.0
    """Multiplies the number of units of every hidden layer (at least one unit stays)."""
    dense_std: float | None = 0.01
    """Standard deviation of the fully connected weights before training, as in the papers; None for Kaiming normal. A
    VGG that is narrow or sees few examples hardly leaves its start with 0.01."""
    options: dict = field(default_factory=dict)
    """Arguments of a class of your own: numbers, text, true or false, or several of these. `width` and `dense_std` are
    for the package's networks alone."""

    def __post_init__(self) -> None:
        require(
            self,
            ("width", "positive", lambda value: 0 < value < math.inf),
            (
                "options",
                "a dict, of names and values",
                lambda value: isinstance(value, dict),
            ),
            ("dense_std", "positive, or None", lambda value: value is None or 0 < value < math.inf),
        )
        object.__setattr__(self, "options", {name: _value(value) for name, value in self.options.items()})


def _value(value: Any) -> Any:
    """An option as a module takes it: the command line gives text for numbers, and JSON lists for tuples."""
    if isinstance(value, str):
        try:
            return _value(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            return value
    return tuple(map(_value, value)) if isinstance(value, list | tuple) else value
