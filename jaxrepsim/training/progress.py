"""How training reports its progress."""

import time
from collections import deque
from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """A function that training calls while it runs.

    It is called after every step on a CPU or of streamed images, and after every epoch elsewhere, so it must be quick;
    when a network is done, once more or, where its checkpoint was complete, once.
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
        images_per_second: float | None,
    ) -> None:
        """Reports a step.

        Args:
            seed: Which network.
            epoch: The epoch under way, from 1.
            epochs: How many there will be.
            step: Steps of this epoch that were started.
            steps: How many it has.
            loss: Training loss of the last finished epoch, or None before there is one.
            accuracy: Validation accuracy after it, likewise.
            images_per_second: How many this network was trained on in a second lately, or None before that is known.
        """


def silent(**_: object) -> None:
    """A `Progress` that does nothing."""


class Rate:
    """How many images a second were trained on, over the last calls; the time of validations counts.

    Args:
        batch_size: Images a step.
    """

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._times: deque[tuple[float, int]] = deque(maxlen=20)

    def record(self, steps: int) -> None:
        """Records that so many steps are done, unless that is known."""
        if self._times and self._times[-1][1] == steps:
            return  # The last call repeats the one before it; counted twice, it would lower the rate.
        self._times.append((time.perf_counter(), steps))

    @property
    def images_per_second(self) -> float | None:
        """The rate, or None before two calls."""
        if len(self._times) < 2:
            return None
        (start, first), (end, last) = self._times[0], self._times[-1]
        return (last - first) * self._batch_size / (end - start)
