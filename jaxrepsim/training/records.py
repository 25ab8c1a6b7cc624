"""What training one network gives, and its history epoch by epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class EpochRecord(NamedTuple):
    """One epoch in figures.

    Fields:
        train_loss: Mean cross entropy over the epoch's steps, each before its update, on augmented images.
        train_accuracy: Share of right answers, likewise.
        validation_loss: Mean cross entropy over the validation split after the epoch.
        validation_accuracy: Share of right answers, likewise.
        seconds: Wall-clock time, compilation included where there was any; where several networks were trained at
            once, that of all of them.
    """

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class PartialEpoch(NamedTuple):
    """The steps done so far of an epoch that is not finished.

    Fields:
        loss: Of each step.
        correct: Of each step; see `StepMetrics`.
        seconds: Wall-clock time of them all.
    """

    loss: tuple[float, ...] = ()
    correct: tuple[int, ...] = ()
    seconds: float = 0.0


class TrainedNetwork(NamedTuple):
    """A network after some epochs.

    Fields:
        seed: The seed that drew it.
        variables: What `model.apply` takes: `{"params": ..., "batch_stats": ...}`.
        history: One record for each epoch of the training so far; empty for an untrained network.
        epoch: The epoch after which the weights are these: the last of the history, or the best one; 0 for an untrained
            network.
    """

    seed: int
    variables: dict[str, Any]
    history: tuple[EpochRecord, ...]
    epoch: int = 0

    @property
    def accuracy(self) -> float:
        """Validation accuracy of these weights.

        Raises:
            ValueError: The network is untrained, so it has no record; see `training.validation_accuracy`.
        """
        if not self.epoch:
            raise ValueError(f"the network of seed {self.seed} is untrained; see training.validation_accuracy")
        return self.history[self.epoch - 1].validation_accuracy


def best_epoch(history: Sequence[EpochRecord]) -> int:
    """The epoch, from 1, of best validation accuracy; the first of equals.

    >>> accuracies = 0.5, 0.9, 0.7, 0.9
    >>> best_epoch([EpochRecord(1.0, 0.5, 1.0, accuracy, 60.0) for accuracy in accuracies])
    2
    """
    return 1 + max(range(len(history)), key=lambda index: history[index].validation_accuracy)
