"""The main job: train, extract, match, report. Each stage takes what is there and does what is missing."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from jaxrepsim import activations, data, models, training
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import analysis, matching_stage
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.correspondence import common_layers
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.part import Inputs
from jaxrepsim.pipeline.passes.extraction import Subject, extract
from jaxrepsim.pipeline.passes.sampled import NetworksAt
from jaxrepsim.pipeline.passes.sources import Networks
from jaxrepsim.pipeline.processes import ONLY_PROCESS, Place
from jaxrepsim.pipeline.progress import Progress, Say, silent, stopping
from jaxrepsim.pipeline.shared_settings import chosen_layers
from jaxrepsim.training.step import make_recipe


@dataclass(frozen=True)
class Run:
    """A run in its folder. The stages build on one another: each first does those before it, where they are missing."""

    config: RunConfig
    folder: RunFolder
    progress: Progress = silent
    say: Say = print
    here: Place = ONLY_PROCESS
    """Which process this is, of those that train and extract together."""
    sets: dict[data.DataConfig, data.Dataset] = field(default_factory=dict)
    """What is loaded, of runs that share it."""

    @property
    def dataset(self) -> data.Dataset:
        if self.config.data not in self.sets:
            self.sets[self.config.data] = data.load(self.config.data, self._stopping)
        return self.sets[self.config.data]

    @cached_property
    def model(self) -> models.Network:
        *sides, _ = self.dataset.train.images.shape[1:]
        return models.build(self.config.model, min(sides, default=1), self.dataset.classes)

    def check(self) -> None:
        """Everything that can be wrong with the settings, found before any work is done.

        Raises:
            InputError: An unknown data set, split, model or layer; fewer than two seeds; a batch larger than the split;
                a network of one's own that does not answer with logits; what vectors cannot have.
        """
        train = self.dataset.train
        models.check(self.model, train.images.shape[1:], self.dataset.classes, self.config.alignment.before_activation)
        self._check_pictures()
        make_recipe(self.model, self.config.training, len(train.labels), self.dataset.mean, self.dataset.std)
        known = models.layer_names(self.model, train.images.shape[1:])
        analysis.check(self.config, chosen_layers(known, self.config.matching.layers), {})
        if len(self.config.training.seeds) < 2:
            raise InputError(f"a comparison needs two seeds or more, received {self.config.training.seeds}")

    def _check_pictures(self) -> None:
        """What only pictures can have: vectors, and images of other channels, are data of the user's own."""
        config, shape = self.config, self.dataset.train.images.shape[1:]
        for name, value in {"crop_padding": config.training.crop_padding, "flip": config.training.flip}.items():
            if value and len(shape) == 1:
                raise InputError(f"training.{name} is for images, and {self.dataset.name} holds vectors: leave it out")
        if config.exciting_images.count and (len(shape) == 1 or shape[-1] not in (1, 3)):
            raise InputError(
                f"exciting_images.count is for images of one channel or three, and those of {self.dataset.name} are of "
                f"the shape {shape}: leave it out"
            )

    def train(self) -> tuple[training.TrainedNetwork, ...]:
        """Trains every seed, or takes up what its checkpoints hold; of several processes each trains its share."""

        # The names are training.Progress's.
        def report(*, seed, epoch, epochs, step, steps, loss, accuracy, images_per_second) -> None:
            note = "" if loss is None else f"loss {loss:.3f}, accuracy {accuracy:.1%}"
            if images_per_second is not None:
                note = f"{note}, {images_per_second:,.0f} images/s".removeprefix(", ")
            # Training looks by itself whether it is to stop, and writes a checkpoint first.
            self.progress(f"training seed {seed}", (epoch - 1) * steps + step, epochs * steps, note)

        config = self.config.training
        share = config.seeds[self.here.number :: self.here.processes]
        networks: tuple[training.TrainedNetwork, ...] = ()
        with self._timed("training"):
            if share:
                config = replace(config, seeds=share)
                networks = training.train_networks(self.model, self.dataset, config, self.folder.checkpoints, report)
            for network in networks:
                seconds = sum(epoch.seconds for epoch in network.history)
                self.say(f"seed {network.seed}: validation accuracy {network.accuracy:.2%}, trained in {seconds:.1f} s")
            self.here.meet(f"trained {self.folder.path}")
        return networks

    def extract(self) -> dict[str, activations.ActivationFile]:
        """Writes every network's compressed activations, where they are not there yet, and reads them."""
        if not self.extracted:
            self.write_activations()
        seeds = self.config.training.seeds
        return {str(seed): activations.load(self.folder.activations(seed)) for seed in seeds}

    def write_activations(self) -> None:
        """Extracts every network's compressed activations; all processes work, the first one writes."""
        networks = self.train()
        if self.here.processes > 1:
            networks = self.trained()
        # Processes extract in step: one that stopped by itself would leave the others waiting for its share.
        progress = self._stopping if self.here.processes == 1 else self.progress
        with self._timed("extraction"):
            subjects = {network.seed: self.subject(network) for network in networks}
            extracted = extract(subjects, self.dataset.validation.images, self.config.matching, progress)
            if self.here.first:
                note = {"data": self.data_line(), "model": self.config.model.name}
                for seed in subjects:
                    extracted.save(self.folder.activations(seed), seed, {**note, "seed": seed})
                self.say(str(extracted))

    @property
    def extracted(self) -> bool:
        """Whether the compressed activations of all networks are there."""
        return all(self.folder.activations(seed).exists() for seed in self.config.training.seeds)

    def match(self) -> xr.DataTree:
        """Compares every layer of every pair, where that is not done yet, and writes the results."""
        if (results := matching_stage.finished(self.folder, self.config)) is not None:
            return results
        config, model, dataset, progress = self.config, self.model, self.dataset, self._stopping
        networks, trained, matching = self.extract(), self.trained(), config.matching
        checkpoints, before = self.folder.checkpoints, config.alignment.before_activation
        inputs = Inputs(
            networks,
            common_layers(networks, matching),
            matching,
            progress,
            NetworksAt(model, trained, dataset, config.training, matching, config.sampling, checkpoints, progress),
            Networks(model, trained, dataset, matching, before),
            config.sampling,
            config.wanted,
            measures=config.measures.computed,
        )
        about = {"title": config.title, "description": config.description, "data": self.data_line()}
        return matching_stage.match(inputs, config, self.folder, self.say, about, {"networks": history(trained)})

    def report(self) -> Path:
        """Draws the report from the results."""
        return matching_stage.write_report(self.folder, self.match(), self._stopping, self.say)

    def _timed(self, stage: str) -> AbstractContextManager[None]:
        return self.folder.timed(stage) if self.here.first else nullcontext()

    @property
    def _stopping(self) -> Progress:
        return stopping(self.progress)

    def trained(self) -> list[training.TrainedNetwork]:
        """The networks as their checkpoints have them: after the last epoch, or the best one."""
        return [
            training.load_network(self.model, self.dataset, self.config.training, seed, self.folder.checkpoints)
            for seed in self.config.training.seeds
        ]

    def subject(self, network: training.TrainedNetwork) -> Subject:
        """A network for extraction."""
        return Subject(self.model, network.variables, self.dataset.mean, self.dataset.std)

    def data_line(self) -> str:
        """The images on which networks are compared, in words."""
        return f"{self.dataset.name}, {self.config.data.validation_split}, {len(self.dataset.validation.labels)} images"


def history(trained: Sequence[training.TrainedNetwork]) -> xr.Dataset:
    """The group `networks`: each network's accuracy, that of the weights compared, and its whole training curves.

    Args:
        trained: The networks that are compared.
    """
    curves = {
        name: (("network", "epoch"), np.asarray([[getattr(epoch, name) for epoch in net.history] for net in trained]))
        for name in ("train_loss", "validation_accuracy")
    }
    accuracy = {"accuracy": (("network",), np.asarray([net.accuracy for net in trained]))}
    coords = {"network": [str(net.seed) for net in trained], "epoch": np.arange(1, len(trained[0].history) + 1)}
    return xr.Dataset({**curves, **accuracy}, coords)
