"""The main job: train, extract, match, report. Each stage takes up what is there and does what is missing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import xarray as xr
from flax import linen as nn

from jaxrepsim import activations, data, models, report, training
from jaxrepsim.activations import ActivationFile
from jaxrepsim.decomposition import solvers
from jaxrepsim.errors import InputError
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.comparison import common_layers, compare, few_samples
from jaxrepsim.pipeline.config import ConvergentConfig, MatchingConfig, RunConfig, TheoryConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.convergent import Networks, align
from jaxrepsim.pipeline.extraction import extract, write
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.layers import chosen_layers
from jaxrepsim.pipeline.moments import MomentsOfRun
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.results_files import read_netcdf, write_netcdf
from jaxrepsim.pipeline.theory import Compared, analyse
from jaxrepsim.pipeline.versions import versions
from jaxrepsim.training.step import make_recipe

Say = Callable[[str], None]
"""Tells the user a line: what a stage found."""


@dataclass(frozen=True)
class Run:
    """A run in its folder. The stages build on one another: each first does those before it, where they are missing."""

    config: RunConfig
    folder: RunFolder
    progress: Progress = silent
    say: Say = print

    @cached_property
    def dataset(self) -> data.Dataset:
        return data.load(self.config.data, self.progress)

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
        """Trains every seed, or takes up what its checkpoints hold."""

        # The names are training.Progress's.
        def told(*, seed, epoch, epochs, step, steps, loss, accuracy, images_per_second) -> None:
            note = "" if loss is None else f"loss {loss:.3f}, accuracy {accuracy:.1%}"
            if images_per_second is not None:
                note = f"{note}, {images_per_second:,.0f} images/s".removeprefix(", ")
            self.progress(f"training seed {seed}", (epoch - 1) * steps + step, epochs * steps, note)

        with self.folder.timed("training"):
            networks = training.train_networks(
                self.model, self.dataset, self.config.training, self.folder.checkpoints, told
            )
        for network in networks:
            seconds = sum(epoch.seconds for epoch in network.history)
            self.say(f"seed {network.seed}: validation accuracy {network.accuracy:.2%}, trained in {seconds:.1f} s")
        return networks

    def extract(self) -> dict[str, ActivationFile]:
        """Writes every network's compressed activations, where they are not there yet, and reads them."""
        seeds = self.config.training.seeds
        if not self.extracted:
            networks = self.train() if jax.process_count() == 1 else self._trained()
            with self.folder.timed("extraction"):
                extracted = extract(self.model, networks, self.dataset, self.config.matching, self.progress)
                note = {"data": self._data_line(), "model": self.config.model.name}
                write(extracted, self.folder, note)
            self.say(f"extracted {len(extracted.samples)} layers of {len(seeds)} networks")
        return {str(seed): activations.load(self.folder.activations(seed)) for seed in seeds}

    def help_extract(self) -> None:
        """The share of a process that is not the first one in what the first does in `extract`; it writes nothing."""
        extract(self.model, self._trained(), self.dataset, self.config.matching)

    @property
    def extracted(self) -> bool:
        """Whether the compressed activations of all networks are there."""
        return all(self.folder.activations(seed).exists() for seed in self.config.training.seeds)

    def match(self) -> xr.Dataset:
        """Compares every layer of every pair, where that is not done yet, and writes the table of results."""
        file = self.folder.results
        if not (file.exists() and up_to_date(read_netcdf(file), self.config.theory, self.config.convergent)):
            networks = self.extract()
            results = match_into(self.folder, networks, self.config.matching, self.progress, self.say)
            results = self._with_theory(self._with_history(results), networks)
            results = self._with_alignments(results)
            results.attrs |= {
                "title": self.config.title,
                "description": self.config.description,
                "config": json.dumps(to_plain(self.config)),
                "data": self._data_line(),
            }
            write_results(self.folder, results)
        return read_netcdf(self.folder.results)

    def report(self) -> Path:
        """Draws the report from the results."""
        return write_report(self.folder, self.match(), self.progress, self.say)

    def _with_theory(self, results: xr.Dataset, networks: dict[str, ActivationFile]) -> xr.Dataset:
        """The results with what the settings ask for beyond the match profiles."""
        config = self.config.theory
        if not config.asked:
            return results
        needs_networks = bool(config.needs_networks)
        moments = (
            MomentsOfRun(self.model, self.dataset, self.config, self.folder.checkpoints, self.progress)
            if needs_networks
            else None
        )
        compared = Compared(networks, results, self.config.matching, moments, self.config.training.keep)
        with self.folder.timed("theory"):
            return analyse(compared, config, self.folder.theory, self.progress)

    def _with_alignments(self, results: xr.Dataset) -> xr.Dataset:
        """The results with the alignments that the settings ask for."""
        config, matching = self.config.convergent, self.config.matching
        if not config.asked:
            return results
        source = Networks(self.model, self._trained(), self.dataset, matching, config.before_activation)
        with self.folder.timed("alignment"):
            return align(results, source, config, matching.seed, self.folder.convergent, self.progress)

    def _trained(self) -> list[training.TrainedNetwork]:
        """The networks as their last checkpoints have them."""
        return [
            training.load_network(self.model, self.dataset, self.config.training, seed, self.folder.checkpoints)
            for seed in self.config.training.seeds
        ]

    def _with_history(self, results: xr.Dataset) -> xr.Dataset:
        """The results with each network's accuracy and training curves, as its last checkpoint has them."""
        trained = self._trained()
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

    def _data_line(self) -> str:
        return f"{self.dataset.name}, {self.config.data.validation_split}, {len(self.dataset.validation.labels)} images"


def up_to_date(results: xr.Dataset, theory: TheoryConfig, convergent: ConvergentConfig) -> bool:
    """Whether results are those of the theory and of the alignments that the settings ask for now."""
    before = json.loads(results.attrs.get("config", "{}"))
    asked = {"theory": theory, "convergent": convergent}
    return all(before.get(name, to_plain(type(config)())) == to_plain(config) for name, config in asked.items())


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


def write_results(folder: RunFolder, results: xr.Dataset) -> None:
    """Writes the table, as netCDF and as CSV."""
    results.attrs["versions"] = json.dumps(versions())
    report.check(results)
    report.write_csv(results, folder.table)
    report.write_tables(results, folder.tables)
    write_netcdf(results, folder.results)


def write_report(folder: RunFolder, results: xr.Dataset, progress: Progress, say: Say) -> Path:
    """Draws figures and page."""
    progress("drawing the report", 0, 2)
    with folder.timed("report"):
        report.write_figures(results, folder.figures)
        progress("drawing the report", 1, 2)
        # Without the report's own time, which is known only once it is there.
        results.attrs["timings"] = json.dumps(folder.timings)
        report.build(results, folder.report)
    progress("drawing the report", 2, 2)
    for stage, seconds in folder.timings.items():
        say(f"{stage}: {seconds:.1f} s")
    say(f"report: {folder.report}")
    return folder.report


def write_versions(folder: RunFolder) -> None:
    """Keeps what software and hardware the run was last worked on with."""
    write_text(folder.path / "versions.json", json.dumps(versions(), indent=2) + "\n")
