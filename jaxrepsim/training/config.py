"""How a network is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from jaxrepsim.settings import require

SHARED = ("nothing", "initialisation", "order")
NO_EFFECT_ON_WEIGHTS = ("seeds", "seeds_at_once", "checkpoint_every", "keep", "checkpoint")
"""Settings that change no network: which networks are trained, which checkpoints stay, and how fast training is."""


@dataclass(frozen=True)
class TrainingConfig:
    """SGD with momentum, and one PRNG seed a network."""

    seeds: tuple[int, ...] = (0, 1, 2)
    """One network each; a seed fixes initialisation, order of the examples, augmentation and dropout."""
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
    """Epochs between checkpoints; the last epoch, those of `keep`, and a new best where that is compared always get
    one."""
    keep: tuple[int, ...] = ()
    """Epochs whose checkpoints stay, besides the last two, for comparison over training; 0 is the untrained network."""
    checkpoint: Literal["last", "best"] = "last"
    """Which weights are compared: after the last epoch, or after the one of best validation accuracy (the first of
    equals), as in Wang et al. 2018."""
    shared: Literal["nothing", "initialisation", "order"] = "nothing"
    """What all seeds have in common, as seed 0 draws it: the first weights, or the order of the examples, augmentation
    and dropout."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the forward and backward pass in training. Weights, optimiser, batch norm statistics and loss stay float32,
    as do validation and all activations that are compared."""
    seeds_at_once: int = 1
    """Networks trained by one program, spread over the local devices. With 1, one after the other, each batch spread
    over all local devices. On a CPU 1 is the fastest; on accelerators it is not measured."""

    def __post_init__(self) -> None:
        require(
            self,
            ("seeds", "one or more", lambda seeds: len(seeds) > 0),
            ("seeds", "integers from 0 to 2³¹ − 1", lambda seeds: all(0 <= seed < 2**31 for seed in seeds)),
            ("seeds", "all different: one seed gives one network", lambda seeds: len(set(seeds)) == len(seeds)),
            ("epochs", "at least 1", lambda value: value >= 1),
            ("batch_size", "at least 1", lambda value: value >= 1),
            ("learning_rate", "positive", lambda value: 0 < value < math.inf),
            ("momentum", "at least 0 and less than 1", lambda value: 0 <= value < 1),
            ("weight_decay", "at least 0", lambda value: 0 <= value < math.inf),
            ("schedule", "'step' or 'cosine'", lambda value: value in ("step", "cosine")),
            ("milestones", "shares of the epochs, above 0 and up to 1", lambda shares: all(0 < s <= 1 for s in shares)),
            ("warmup_epochs", "at least 0 and less than the epochs", lambda value: 0 <= value < self.epochs),
            ("crop_padding", "at least 0", lambda value: value >= 0),
            ("checkpoint_every", "at least 1", lambda value: value >= 1),
            ("keep", "epochs from 0 to `epochs`", lambda keep: all(0 <= epoch <= self.epochs for epoch in keep)),
            ("checkpoint", "'last' or 'best'", lambda value: value in ("last", "best")),
            ("shared", "'nothing', 'initialisation' or 'order'", lambda value: value in SHARED),
            ("precision", "'float32' or 'bfloat16'", lambda value: value in ("float32", "bfloat16")),
            ("seeds_at_once", "at least 1", lambda value: value >= 1),
            ("keep", "increasing", lambda keep: list(keep) == sorted(set(keep))),
        )
