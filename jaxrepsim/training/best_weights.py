"""What stands in the place of `Checkpoints` in a training that writes no files."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxrepsim.training.checkpoint_file import Checkpoint
from jaxrepsim.training.config import TrainingConfig
from jaxrepsim.training.records import EpochRecord, best_epoch
from jaxrepsim.training.step import TrainState


class BestWeights:
    """Nothing but, where these are asked for, the best weights, in memory.

    Args:
        config: The settings.
    """

    latest = None

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._best: dict[str, Any] = {}

    def resume(self, like: TrainState) -> None:
        """There is nothing to go on from."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Keeps the weights if they are those of the best epoch so far."""
        state, history, partial = checkpoint
        if self._config.checkpoint == "best" and not partial.loss and history and best_epoch(history) == len(history):
            # A copy, because the next step takes the buffers.
            self._best = jax.tree.map(jnp.copy, state.variables)

    def best(self, like: TrainState, history: tuple[EpochRecord, ...]) -> dict[str, Any]:
        """The best weights."""
        return self._best
