"""Training at some moment: all that it takes to go on from there."""

from typing import NamedTuple

from jaxrepsim.training.step import TrainState
from jaxrepsim.training.trained import EpochRecord


class Begun(NamedTuple):
    """The steps of an epoch that is not done.

    Fields:
        loss: Of each step.
        correct: Of each step; see `StepMetrics`.
        seconds: Wall-clock time of them all.
    """

    loss: tuple[float, ...] = ()
    correct: tuple[int, ...] = ()
    seconds: float = 0.0


class Moment(NamedTuple):
    """One network's training at some moment.

    Fields:
        state: Weights, batch norm statistics and optimiser state.
        history: One record for each epoch done.
        begun: What was done of the next epoch.
    """

    state: TrainState
    history: tuple[EpochRecord, ...]
    begun: Begun = Begun()
