"""The main job: train, extract, match, report. Each stage takes up what is there and does what is missing."""

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import xarray as xr
from flax import linen as nn

from jaxrepsim import activations, data, models, training
from jaxrepsim.activations import ActivationFile
from jaxrepsim.data.config import DataConfig
from jaxrepsim.decomposition import solvers
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.comparison import compare
from jaxrepsim.pipeline.config import MatchingConfig, RunConfig, TheoryConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.convergent import Networks, align
from jaxrepsim.pipeline.correspondence import common_layers, few_samples
from jaxrepsim.pipeline.extracted import write
from jaxrepsim.pipeline.extraction import extract
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.layers import chosen_layers
from jaxrepsim.pipeline.moments import MomentsOfRun
from jaxrepsim.pipeline.outputs import Say, up_to_date, write_report, write_results
from jaxrepsim.pipeline.processes import ALONE, Place
from jaxrepsim.pipeline.progress import Progress, silent, stopping
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.pipeline.theory import Compared, analyse
from jaxrepsim.training.step import make_recipe


@dataclass(frozen=True)
class Run:
    """A run in its folder. The stages build on one another: each first does those before it, where they are missing."""

    config: RunConfig
    folder: RunFolder
    progress: Progress = silent
    say: Say = print
    here: Place = ALONE
    """Which process this is, of those that train and extract together."""
    sets: dict[DataConfig, data.Dataset] = field(default_factory=dict)
    """What is loaded, of runs that share it."""

    @property
    def dataset(self) -> data.Dataset:
        if self.config.data not in self.sets:
            self.sets[self.config.data] = data.load(self.config.data, self._stopping)
        return self.sets[self.config.data]

    @cached_property
    def model(self) -> nn.Module:
        height, width = self.dataset.train.images.shape[1:3]
        return models.build(self.config.model, min(height, width), self.dataset.classes)

    def check(self) -> None:
        """Everything that can be wrong with the settings, found before any work is done.

        Raises:
            InputError: An unknown data set, split, model or layer; fewer than two seeds; a batch larger than the split.
        """
        train = self.dataset.train
        make_recipe(self.model, self.config.training, len(train.labels), self.dataset.mean, self.dataset.std)
        known = models.layer_names(self.model, train.images.shape[1:])
        chosen_layers(known, self.config.matching.layers)
        matched = self.config.matching.layers or known
        chosen_layers(matched, self.config.theory.layers)
        chosen_layers(matched, self.config.convergent.layers)
        check_packages(self.config.theory)
        if len(self.config.training.seeds) < 2:
            raise InputError(f"a comparison needs two seeds or more, received {self.config.training.seeds}")

    def train(self) -> tuple[training.TrainedNetwork, ...]:
        """Trains every seed, or takes up what its checkpoints hold; of several processes each trains its share."""

        # The names are training.Progress's.
        def told(*, seed, epoch, epochs, step, steps, loss, accuracy, images_per_second) -> None:
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
                networks = training.train_networks(self.model, self.dataset, config, self.folder.checkpoints, told)
            for network in networks:
                seconds = sum(epoch.seconds for epoch in network.history)
                self.say(f"seed {network.seed}: validation accuracy {network.accuracy:.2%}, trained in {seconds:.1f} s")
            self.here.meet(f"trained {self.folder.path}")
        return networks

    def extract(self) -> dict[str, ActivationFile]:
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
            extracted = extract(self.model, networks, self.dataset, self.config.matching, progress)
            if self.here.first:
                note = {"data": self.data_line(), "model": self.config.model.name}
                write(extracted, self.folder, note)
                self.say(f"extracted {len(extracted.samples)} layers of {len(networks)} networks")

    @property
    def extracted(self) -> bool:
        """Whether the compressed activations of all networks are there."""
        return all(self.folder.activations(seed).exists() for seed in self.config.training.seeds)

    def match(self) -> xr.Dataset:
        """Compares every layer of every pair, where that is not done yet, and writes the table of results."""
        file = self.folder.results
        if not (file.exists() and up_to_date(read_netcdf(file), self.config.theory, self.config.convergent)):
            networks = self.extract()
            results = match_into(self.folder, networks, self.config.matching, self._stopping, self.say)
            results = self._with_theory(self._with_history(results), networks)
            results = self._with_alignments(results)
            results.attrs |= {
                "title": self.config.title,
                "description": self.config.description,
                "config": json.dumps(to_plain(self.config)),
                "data": self.data_line(),
            }
            write_results(self.folder, results)
        return read_netcdf(self.folder.results)

    def report(self) -> Path:
        """Draws the report from the results."""
        return write_report(self.folder, self.match(), self._stopping, self.say)

    def _timed(self, stage: str) -> AbstractContextManager[None]:
        return self.folder.timed(stage) if self.here.first else nullcontext()

    @property
    def _stopping(self) -> Progress:
        return stopping(self.progress)

    def _with_theory(self, results: xr.Dataset, networks: dict[str, ActivationFile]) -> xr.Dataset:
        """The results with what the settings ask for beyond the match profiles."""
        config = self.config.theory
        if not config.asked:
            return results
        needs_networks = bool(config.needs_networks)
        moments = (
            MomentsOfRun(self.model, self.dataset, self.config, self.folder.checkpoints, self._stopping)
            if needs_networks
            else None
        )
        compared = Compared(networks, results, self.config.matching, moments, self.config.training.keep)
        with self.folder.timed("theory"):
            return analyse(compared, config, self.folder.theory, self._stopping)

    def _with_alignments(self, results: xr.Dataset) -> xr.Dataset:
        """The results with the alignments that the settings ask for."""
        config, matching = self.config.convergent, self.config.matching
        if not config.asked:
            return results
        source = Networks(self.model, self.trained(), self.dataset, matching, config.before_activation)
        with self.folder.timed("alignment"):
            return align(results, source, config, matching.seed, self.folder.convergent, self._stopping)

    def trained(self) -> list[training.TrainedNetwork]:
        """The networks as their checkpoints have them: after the last epoch, or the best one."""
        return [
            training.load_network(self.model, self.dataset, self.config.training, seed, self.folder.checkpoints)
            for seed in self.config.training.seeds
        ]

    def _with_history(self, results: xr.Dataset) -> xr.Dataset:
        """The results with each network's accuracy, that of the weights compared, and its whole training curves."""
        trained = self.trained()
        curves = {
            name: (
                ("network", "epoch"),
                np.asarray([[getattr(epoch, name) for epoch in net.history] for net in trained]),
            )
            for name in ("train_loss", "validation_accuracy")
        }
        accuracy = {"accuracy": (("network",), np.asarray([net.accuracy for net in trained]))}
        coords = {"network": [str(net.seed) for net in trained], "epoch": np.arange(1, len(trained[0].history) + 1)}
        return results.merge(xr.Dataset({**curves, **accuracy}, coords))

    def data_line(self) -> str:
        """The images on which networks are compared, in words."""
        return f"{self.dataset.name}, {self.config.data.validation_split}, {len(self.dataset.validation.labels)} images"


def check_packages(theory: TheoryConfig) -> None:
    """Raises where packages that these settings need are missing."""
    if (theory.decomposition or theory.stability) and not (solvers.available() and find_spec("networkx")):
        raise InputError('theory.decomposition and theory.stability need more: pip install "jaxrepsim[decomposition]"')


def match_into(
    folder: RunFolder, networks: dict[str, ActivationFile], config: MatchingConfig, progress: Progress, say: Say
) -> xr.Dataset:
    """The comparison, with its warnings told and kept."""
    warnings = few_samples(networks, common_layers(networks, config))
    for warning in warnings:
        say(f"warning: {warning}")
    with folder.timed("matching"):
        results = compare(networks, config, folder.layers, progress)
    results.attrs["warnings"] = json.dumps(warnings)
    pairs = results.sizes["pair"]
    say(f"matched {results.sizes['layer']} layers of {pairs} {'pair' if pairs == 1 else 'pairs'}")
    return results
