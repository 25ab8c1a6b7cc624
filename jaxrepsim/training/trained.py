"""What training one network gives."""

from typing import Any, NamedTuple


class EpochRecord(NamedTuple):
    """One epoch in figures.

    Fields:
        train_loss: Mean cross entropy over the epoch's steps, each before its update, on augmented images.
        train_accuracy: Share of right answers, likewise.
        validation_loss: Mean cross entropy over the validation split after the epoch.
        validation_accuracy: Share of right answers, likewise.
        seconds: Wall-clock time, compilation included where there was any.
    """

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class TrainedNetwork(NamedTuple):
    """A network after some epochs.

    Fields:
        seed: The seed that drew it.
        variables: What `model.apply` takes: `{"params": ..., "batch_stats": ...}`.
        history: One record an epoch, so that its length is the epoch; empty for an untrained network.
    """

    seed: int
    variables: dict[str, Any]
    history: tuple[EpochRecord, ...]

    @property
    def accuracy(self) -> float:
        """Validation accuracy after the last epoch.

        Raises:
            ValueError: The network is untrained, so it has no record; see `training.validation_accuracy`.
        """
        if not self.history:
            raise ValueError(f"the network of seed {self.seed} is untrained; see training.validation_accuracy")
        return self.history[-1].validation_accuracy
