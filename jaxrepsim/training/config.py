"""How a network is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from jaxrepsim.errors import InputError


@dataclass(frozen=True)
class TrainingConfig:
    """SGD with momentum, and one PRNG seed a network."""

    seeds: tuple[int, ...] = (0, 1, 2)
    """One network each; a seed fixes initialisation, order of the examples and augmentation."""
    epochs: int = 160
    batch_size: int = 128
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    """L2 penalty on every parameter, added to the gradient (coupled, as in the papers)."""
    schedule: Literal["step", "cosine"] = "step"
    milestones: tuple[float, ...] = (0.5, 0.75)
    """For `step`: shares of the epochs after which the learning rate falls to a tenth."""
    warmup_epochs: float = 0.0
    """The learning rate rises linearly from zero over these epochs."""
    crop_padding: int = 0
    """Random crops from images padded by this many pixels; 0 for none."""
    flip: bool = False
    """Random horizontal flips."""
    checkpoint_every: int = 1
    """Epochs between checkpoints; the last epoch always gets one."""

    def __post_init__(self) -> None:
        seeds = self.seeds
        requirements = (
            ("seeds", "one or more", len(seeds) > 0),
            ("seeds", "integers from 0 to 2³¹ − 1", all(0 <= seed < 2**31 for seed in seeds)),
            ("seeds", "all different: one seed gives one network", len(set(seeds)) == len(seeds)),
            ("epochs", "at least 1", self.epochs >= 1),
            ("batch_size", "at least 1", self.batch_size >= 1),
            ("learning_rate", "positive", 0 < self.learning_rate < math.inf),
            ("momentum", "at least 0 and less than 1", 0 <= self.momentum < 1),
            ("weight_decay", "at least 0", 0 <= self.weight_decay < math.inf),
            ("schedule", "'step' or 'cosine'", self.schedule in ("step", "cosine")),
            ("milestones", "shares of the epochs, above 0 and up to 1", all(0 < m <= 1 for m in self.milestones)),
            ("warmup_epochs", "at least 0 and less than the epochs", 0 <= self.warmup_epochs < self.epochs),
            ("crop_padding", "at least 0", self.crop_padding >= 0),
            ("checkpoint_every", "at least 1", self.checkpoint_every >= 1),
        )
        for name, requirement, holds in requirements:
            if not holds:
                raise InputError(f"{name} must be {requirement}; received {getattr(self, name)!r}")
