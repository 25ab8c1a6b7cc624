"""What stands in the place of `kept.Kept` in a training that writes no checkpoints."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.step import TrainState
from jaxrepsim.training.trained import EpochRecord, best_epoch


class Unkept:
    """Keeps nothing but, where it is asked for, the best weights, in memory."""

    latest = None

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._best: dict[str, Any] = {}

    def resume(self, like: TrainState) -> None:
        """There is nothing to go on from."""

    def save(self, state: TrainState, history: tuple[EpochRecord, ...]) -> None:
        """Remembers the weights if they are the best."""
        if self._config.checkpoint == "best" and best_epoch(history) == len(history):
            # A copy, because the next step takes the buffers.
            self._best = jax.tree.map(jnp.copy, state.variables)

    def interrupt(self, checkpoint: object) -> None:
        """There is nowhere to write to."""

    def best(self, like: TrainState, history: tuple[EpochRecord, ...]) -> dict[str, Any]:
        """The best weights."""
        return self._best
