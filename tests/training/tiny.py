"""A network and a data set that train in a second, and a script that trains it until it is killed."""

import os
import signal
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
from flax import linen as nn

from jaxrepsim.data.dataset import Dataset, Split
from jaxrepsim.preemption import Preempted, heeded
from jaxrepsim.training import TrainingConfig, train_network

CONFIG = TrainingConfig(
    seeds=(0, 1), epochs=4, batch_size=8, learning_rate=0.1, schedule="cosine", warmup_epochs=1.0, crop_padding=1,
    flip=True,
)  # fmt: skip
SIXTEEN_SEEDS = tuple(range(16))
"""Two for each of eight devices."""


class TinyNet(nn.Module):
    """One convolution with batch norm, the mean over positions, the logits."""

    units: int = 4
    classes: int = 3

    @nn.compact
    def __call__(self, images, train=False):
        x = nn.Conv(self.units, (3, 3), name="conv")(images)
        hidden = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.9, name="bn")(x))
        logits = nn.Dense(self.classes, name="logits")(hidden.mean((1, 2)))
        return logits, OrderedDict(conv=hidden, logits=logits)


def tiny_dataset() -> Dataset:
    """43 + 11 images of 6 × 6 pixels, whose brightness tells the class."""
    random = np.random.default_rng(0)

    def split(count: int) -> Split:
        labels = np.arange(count, dtype=np.int32) % 3
        noise = random.integers(0, 90, (count, 6, 6, 1))
        return Split((noise + 80 * labels[:, None, None, None]).astype(np.uint8), labels)

    return Dataset("tiny", split(43), split(11), classes=3, mean=(0.48,), std=(0.28,))


def main(folder: str, epoch: int, during: str) -> None:
    """Trains seed 0 until it ends or dies in the epoch.

    Args:
        folder: For the checkpoints.
        epoch: When.
        during: "step": SIGKILL at its third step; "save": SIGKILL while its checkpoint is written; "asked": SIGTERM
            at its third step, which is heeded, and ends it with status 143.
    """
    rename = os.rename

    def die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def progress(**position) -> None:
        if position["epoch"] == epoch:
            os.rename = os.replace = die if during == "save" else rename
            if position["step"] == 3 and during != "save":
                os.kill(os.getpid(), signal.SIGTERM if during == "asked" else signal.SIGKILL)

    try:
        with heeded():
            train_network(TinyNet(), tiny_dataset(), CONFIG, 0, Path(folder), progress)
    except Preempted as stop:
        print(stop)
        sys.exit(143)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
