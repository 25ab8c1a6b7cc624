"""What a seed draws."""

from typing import NamedTuple

import jax

from jaxrepsim._typing import Array, Key
from jaxrepsim.training.config import TrainingConfig


class Keys(NamedTuple):
    """The PRNG keys of one network.

    Fields:
        initialisation: Draws the weights.
        order: Folded with the epoch, draws the order of the examples.
        augmentation: Folded with the epoch and then the step, draws augmentation and dropout.
    """

    initialisation: Key[Array, ""]
    order: Key[Array, ""]
    augmentation: Key[Array, ""]

    def of_epoch(self, epoch: int) -> tuple[Key[Array, ""], Key[Array, ""]]:
        """The keys of order and augmentation in an epoch."""
        return jax.random.fold_in(self.order, epoch), jax.random.fold_in(self.augmentation, epoch)


def keys(config: TrainingConfig, seed: int) -> Keys:
    """The PRNG keys of a seed; those that `config.shared` says all seeds have in common are those of seed 0."""
    own, common = (Keys(*jax.random.split(jax.random.key(each, impl="threefry2x32"), 3)) for each in (seed, 0))
    if config.shared == "initialisation":
        return own._replace(initialisation=common.initialisation)
    if config.shared == "order":
        return common._replace(initialisation=own.initialisation)
    return own
