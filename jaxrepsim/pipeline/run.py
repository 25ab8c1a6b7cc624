"""The main job: train, extract, match, report. Each stage takes up what is there and does what is missing."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jax
import numpy as np
import xarray as xr
from flax import linen as nn

from jaxrepsim import activations, data, models, report, training
from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.files import write_text
from jaxrepsim.pipeline.comparison import common_layers, compare, few_samples, read_netcdf, write_netcdf
from jaxrepsim.pipeline.config import MatchingConfig, RunConfig, TheoryConfig, to_plain
from jaxrepsim.pipeline.extraction import extract, write
from jaxrepsim.pipeline.folder import RunFolder, claim
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.sampled import Sampled, sample
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
        for layer in self.config.matching.layers:
            if layer not in known:
                raise unknown("layer", layer, known)
        for layer in self.config.theory.layers:
            if layer not in (self.config.matching.layers or known):
                raise unknown("layer", layer, self.config.matching.layers or known)
        if len(self.config.training.seeds) < 2:
            raise InputError(f"a comparison needs two seeds or more, received {self.config.training.seeds}")

    def train(self) -> tuple[training.TrainedNetwork, ...]:
        """Trains every seed, or takes up what its checkpoints hold."""

        def told(*, seed, epoch, epochs, step, steps, loss, accuracy) -> None:  # the names are training.Progress's
            note = "" if loss is None else f"loss {loss:.3f}, accuracy {accuracy:.1%}"
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
        if not self.folder.results.exists():
            networks = self.extract()
            results = match_into(self.folder, networks, self.config.matching, self.progress, self.say)
            results = self._with_theory(self._with_history(results), networks)
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
        moments = _Moments(self, [str(net) for net in results.network.values]) if needs_networks else None
        compared = Compared(networks, results, self.config.matching, moments, self.config.training.keep)
        with self.folder.timed("theory"):
            return analyse(compared, config, self.folder.theory, self.progress)

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


class _Moments:
    """The networks of a run, trained or on the way; what was sampled last is kept."""

    def __init__(self, run: Run, names: Sequence[str]) -> None:
        self._run, self._names = run, names
        self._compared: dict[str, Sampled] = {}

    def sampled(self, epoch: int | None) -> dict[str, Sampled]:
        if epoch is None and self._compared:
            return self._compared
        run, config = self._run, self._run.config.theory
        networks = run._trained() if epoch is None else self._at(epoch)
        found = {
            name: sample(run.model, network, run.dataset, run.config.matching, config.images, config.rows, run.progress)
            for name, network in zip(self._names, networks, strict=True)
        }
        if epoch is None:
            self._compared = found
        return found

    def accuracy(self, epoch: int) -> list[float]:
        run = self._run
        size = run.config.training.batch_size
        return [training.validation_accuracy(run.model, network, run.dataset, size) for network in self._at(epoch)]

    def _at(self, epoch: int) -> list[training.TrainedNetwork]:
        run = self._run
        config = dataclasses.replace(run.config.training, keep=(epoch,))
        return [
            training.networks_over_training(run.model, run.dataset, config, seed, run.folder.checkpoints)[0]
            for seed in config.seeds
        ]


def match_files(
    paths: Sequence[Path],
    config: MatchingConfig,
    theory: TheoryConfig,
    folder: RunFolder,
    progress: Progress,
    say: Say,
) -> xr.Dataset:
    """Compares activation files of any origin.

    Args:
        paths: Two files or more; see `jaxrepsim.activations.load`. In the results a network has the name of its file.
        config: The values of ε, the layers, how many minimal matches.
        theory: What else is computed; nothing that needs the networks themselves.
        folder: Where the results go; missing, empty, or begun with the same files and settings.
        progress: Told how far it has come.
        say: Told what was found.

    Returns:
        The table of results.

    Raises:
        InputError: A file that cannot be read, or is given twice; files that do not fit together; a folder that holds
            something else; settings that need the networks.
    """
    if theory.needs_networks:
        raise InputError(
            f"theory.{theory.needs_networks[0]} needs the networks of a run: activation files hold their responses only"
        )
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise InputError(f"a file is given twice: {', '.join(names)}")
    networks = {name: activations.load(path) for name, path in zip(names, paths, strict=True)}
    common_layers(networks, config)
    with folder.locked():
        digests = {name: _digest(path) for name, path in zip(names, paths, strict=True)}
        record = {"matching": to_plain(config), "files": digests}
        claim(folder, record | ({"theory": to_plain(theory)} if theory.asked else {}))
        if not folder.results.exists():
            results = match_into(folder, networks, config, progress, say)
            if theory.asked:
                with folder.timed("theory"):
                    results = analyse(Compared(networks, results, config), theory, folder.theory, progress)
            results.attrs |= {
                "title": f"Match of {', '.join(names)}",
                "data": f"activation files {', '.join(names)}",
                "config": json.dumps({"matching": to_plain(config)}),
            }
            write_results(folder, results)
        return read_netcdf(folder.results)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
