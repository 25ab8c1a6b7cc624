"""The networks of a run at any time of their training, run over a sample of the images."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import jax
from flax import linen as nn

from jaxrepsim import training
from jaxrepsim.data.dataset import Dataset
from jaxrepsim.pipeline.passes.sampled import Sampled, sample
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.shared_settings import MatchingConfig, SamplingConfig
from jaxrepsim.training.config import TrainingConfig


@dataclass(frozen=True)
class NetworksAt:
    """A run's networks, from its checkpoints; run as they were trained, also where the caller is in float64."""

    model: nn.Module
    dataset: Dataset
    config: TrainingConfig
    matching: MatchingConfig
    sampling: SamplingConfig
    checkpoints: Path
    progress: Progress
    _compared: dict[str, Sampled] = field(default_factory=dict)

    @property
    def epochs(self) -> tuple[int, ...]:
        """Those after which networks are kept."""
        return self.config.keep

    def compared(self) -> dict[str, Sampled]:
        """Raw activations of every network that is compared, by seed; kept, as several parts ask for them."""
        if not self._compared:
            load = partial(training.load_network, self.model, self.dataset, self.config, folder=self.checkpoints)
            with jax.enable_x64(False):
                self._compared.update(self._sampled([load(seed) for seed in self.config.seeds]))
        return self._compared

    def sampled(self, epoch: int) -> dict[str, Sampled]:
        """Raw activations of every network after an epoch, 0 for the untrained ones."""
        with jax.enable_x64(False):
            return self._sampled(self._at(epoch))

    def accuracy(self, epoch: int) -> list[float]:
        """Each network's validation accuracy after an epoch."""
        size = self.config.batch_size
        with jax.enable_x64(False):
            networks = self._at(epoch)
            return [training.validation_accuracy(self.model, network, self.dataset, size) for network in networks]

    def _sampled(self, networks: list[training.TrainedNetwork]) -> dict[str, Sampled]:
        images, rows = self.sampling.images, self.sampling.rows
        return {
            str(network.seed): sample(self.model, network, self.dataset, self.matching, images, rows, self.progress)
            for network in networks
        }

    def _at(self, epoch: int) -> list[training.TrainedNetwork]:
        config = replace(self.config, keep=(epoch,))
        return [
            training.networks_over_training(self.model, self.dataset, config, seed, self.checkpoints)[0]
            for seed in config.seeds
        ]
