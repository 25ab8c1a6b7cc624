"""The networks of a run at moments of their training, run over a sample of the images."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from flax import linen as nn

from jaxrepsim import training
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.sampled import Sampled, sample


@dataclass(frozen=True)
class MomentsOfRun:
    """`Moments` of the theory stage, from a run's checkpoints."""

    model: nn.Module
    dataset: Dataset
    config: RunConfig
    checkpoints: Path
    progress: Progress
    _compared: dict[str, Sampled] = field(default_factory=dict)
    """What is asked for again and again, layer by layer."""

    def sampled(self, epoch: int | None) -> dict[str, Sampled]:
        """Raw activations of every network, by seed; see `Moments`."""
        if epoch is not None:
            return self._sample(self._at(epoch))
        if not self._compared:
            config = self.config.training
            load = partial(training.load_network, self.model, self.dataset, config, folder=self.checkpoints)
            self._compared.update(self._sample([load(seed) for seed in config.seeds]))
        return self._compared

    def accuracy(self, epoch: int) -> list[float]:
        """Each network's validation accuracy; see `Moments`."""
        size = self.config.training.batch_size
        return [training.validation_accuracy(self.model, network, self.dataset, size) for network in self._at(epoch)]

    def _sample(self, networks: list[training.TrainedNetwork]) -> dict[str, Sampled]:
        matching, theory = self.config.matching, self.config.theory
        return {
            str(network.seed): sample(
                self.model, network, self.dataset, matching, theory.images, theory.rows, self.progress
            )
            for network in networks
        }

    def _at(self, epoch: int) -> list[training.TrainedNetwork]:
        config = replace(self.config.training, keep=(epoch,))
        return [
            training.networks_over_training(self.model, self.dataset, config, seed, self.checkpoints)[0]
            for seed in config.seeds
        ]
