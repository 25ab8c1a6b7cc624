"""The learning rate at every step."""

import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, steps_per_epoch: int) -> optax.Schedule:
    """The learning rate as a function of the number of steps done.

    With s steps done of S in all and w of warm-up, the rate is the configured one times min(1, s / w), times

    - `step`: a tenth for every milestone m with s ≥ m S;
    - `cosine`: (1 + cos π(s − w)/(S − w)) / 2, and 1 during the warm-up.

    It is float32 whether or not x64 is on, so the weights are too.

    Args:
        config: The settings.
        steps_per_epoch: Steps in an epoch.

    Returns:
        A function from the number of steps done, a scalar, to the rate, a float32 scalar.

    >>> rate = learning_rate(TrainingConfig(epochs=4, learning_rate=1.0, warmup_epochs=1.0), steps_per_epoch=2)
    >>> [round(float(rate(step)), 3) for step in range(8)]
    [0.0, 0.5, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
    """
    total = config.epochs * steps_per_epoch
    warmup = round(config.warmup_epochs * steps_per_epoch)

    def rate(count: ArrayLike) -> Float[Array, ""]:
        step = jnp.asarray(count, jnp.float32)
        value = jnp.float32(config.learning_rate) * jnp.minimum(1.0, step / max(warmup, 1) if warmup else 1.0)
        if config.schedule == "cosine":
            done = jnp.clip((step - warmup) / max(total - warmup, 1), 0.0, 1.0)
            return value * (1.0 + jnp.cos(jnp.float32(jnp.pi) * done)) / 2.0
        for milestone in config.milestones:
            value = value * jnp.where(step >= round(milestone * total), jnp.float32(0.1), jnp.float32(1.0))
        return value

    return rate
