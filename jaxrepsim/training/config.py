"""How a network is trained."""

from dataclasses import dataclass
from typing import Literal


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
