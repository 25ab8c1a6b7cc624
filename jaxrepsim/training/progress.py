"""How training tells where it is."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """A function that training calls while it runs.

    It is called after every step on a CPU and after every epoch elsewhere, so it must be quick; once for a network
    that needs no training because its checkpoint is complete.
    """

    def __call__(
        self,
        *,
        seed: int,
        epoch: int,
        epochs: int,
        step: int,
        steps: int,
        loss: float | None,
        accuracy: float | None,
    ) -> None:
        """Takes note.

        Args:
            seed: Which network.
            epoch: The epoch under way, from 1.
            epochs: How many there will be.
            step: Steps of this epoch that were started.
            steps: How many it has.
            loss: Training loss of the last finished epoch, or None before there is one.
            accuracy: Validation accuracy after it, likewise.
        """


def silent(**_: object) -> None:
    """A `Progress` that does nothing."""
