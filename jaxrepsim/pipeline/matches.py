"""Comparisons of more than one run has: activation files, whatever they are from; and the networks of several runs.

Those are compressed anew, all of them jointly, from their checkpoints.
"""

import dataclasses
import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import jax
import xarray as xr

from jaxrepsim import activations, models
from jaxrepsim.data import DataConfig, Dataset
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import analysis, correspondence, matching_stage
from jaxrepsim.pipeline import folder as run_folder
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.distinct_names import distinct
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.part import Inputs, Need
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.passes.extraction import Subject, extract, inputs_of
from jaxrepsim.pipeline.passes.sources import Files
from jaxrepsim.pipeline.progress import Progress, Say
from jaxrepsim.pipeline.renamed import renamed
from jaxrepsim.pipeline.results_files import file_name
from jaxrepsim.pipeline.run import Run
from jaxrepsim.pipeline.shared_settings import MatchingConfig, chosen_layers

_OF_FILES: dict[Need, str] = {
    "training": "needs the networks of a run: activation files hold their responses only",
    "images": "needs the images of a run: activation files hold responses only",
}
_IMAGES = ("name", "validation_split", "image_size")
"""Of the data settings, those that decide which images are compared on."""
_ONE_RUN = "is for the networks of one run: leave it out"
_OF_RUNS: dict[Need, str] = {"rows": _ONE_RUN, "training": _ONE_RUN, "statistics": _ONE_RUN, "images": _ONE_RUN}


def match_files(
    paths: Sequence[Path],
    config: AnalysisConfig,
    folder: RunFolder,
    progress: Progress,
    say: Say,
    layouts: Collection[str] = (),
    renames: Sequence[str] = (),
) -> xr.DataTree:
    """Compares activation files of any origin.

    Args:
        paths: Two files, or folders of files, or more; see `jaxrepsim.activations.load`. In the results a network has
            the name of its file.
        config: What is computed; no part that needs the networks themselves.
        folder: Where the results go; missing, empty, or begun with the same files and settings.
        progress: Told how far it has come.
        say: Told what was found.
        layouts: Of arrays of which the files do not state it.
        renames: Other names of layers; see `jaxrepsim.pipeline.renamed`.

    Returns:
        The results.

    Raises:
        InputError: A file that cannot be read, or is given twice; files that do not fit together, or are of different
            compressions or inputs; a folder that holds something else; settings that need the networks, or activations
            that are not compressed.
    """
    places = _by_name("file", [name_of(path) for path in paths], paths)
    loaded = {name: activations.load(path, layouts) for name, path in places.items()}
    networks = renamed(loaded, places, renames)
    correspondence.check_corresponding(networks)
    layers = correspondence.common_layers(networks, config.matching)
    analysis.check(config, layers, _OF_FILES)
    source = Files(networks, config.matching.batch_size)
    for name, chosen in analysis.asked_layers(config, layers).items():
        if config.parts[name].needs in ("rows", "statistics"):
            source.check(name, chosen if config.parts[name].by_layer else None)
    with folder.locked():
        record = {"files": {name: _digest(path) for name, path in places.items()}}
        read_as = {"layouts": sorted(layouts), "renames": sorted(renames)}
        run_folder.claim(folder, to_plain(config) | record | {name: asked for name, asked in read_as.items() if asked})
        if (results := matching_stage.finished(folder, config)) is not None:
            return results
        inputs = Inputs(
            networks,
            layers,
            config.matching,
            progress,
            source=source,
            sampling=config.sampling,
            wanted=config.wanted,
            measures=config.measures.computed,
        )
        about = {"title": f"Comparison of {', '.join(networks)}", "data": f"activation files {', '.join(networks)}"}
        return matching_stage.match(inputs, config, folder, say, about)


def agreed_settings(paths: Sequence[Path], replaced: Collection[str] = ()) -> AnalysisConfig:
    """The settings of matching, and of what every comparison has, on which runs agree; all others are the defaults.

    Args:
        paths: Run folders.
        replaced: Those that are about to be replaced, and of which any will do, such as "matching.epsilons".

    Returns:
        The settings; of those in `replaced`, the first run's.

    Raises:
        InputError: A folder is no run folder; the runs differ in a setting that is not in `replaced`.
    """
    runs = [run_folder.load(path) for path in paths]
    common = ["matching", *(name for name, part in AnalysisConfig().parts.items() if part.asked)]
    for section in common:
        first, *_ = every = [getattr(run, section) for run in runs]
        for path, settings in zip(paths, every, strict=True):
            for field in dataclasses.fields(settings):
                here, there = getattr(first, field.name), getattr(settings, field.name)
                name = f"{section}.{field.name}"
                if here != there and name not in replaced:
                    raise InputError(
                        f"the runs differ in {name}: {here} in {paths[0]}, {there} in {path}; say with "
                        f"--{name.replace('_', '-')} which is meant"
                    )
    return AnalysisConfig(**{section: getattr(runs[0], section) for section in common})


def match_runs(
    paths: Sequence[Path], config: AnalysisConfig, folder: RunFolder, progress: Progress, say: Say
) -> xr.DataTree:
    """Compares all networks of several runs.

    Each run's own activation files are compressed in a basis of their own, and cannot be compared with those of another
    run. So the networks of all runs see the images again, and are compressed jointly.

    Args:
        paths: Two run folders or more, with trained networks; nothing is written there. In the results a network has
            the name of its run and its seed: `digits_vgg/0`.
        config: What is computed, no part that needs raw activations; for the settings of matching see
            `agreed_settings`.
        folder: Where the results go; missing, empty, or begun with the same networks and settings.
        progress: Told how far it has come.
        say: Told what was found.

    Returns:
        The results.

    Raises:
        InputError: A folder is no run folder, is given twice, or its networks are not trained; the runs have other
            images, or other layers; a folder that holds something else; settings that need raw activations.
    """
    matching = config.matching
    sets: dict[DataConfig, Dataset] = {}
    places = _by_name("run", [name_of(path) for path in paths], paths)
    runs = {
        name: Run(run_folder.load(path), RunFolder(path), progress, say, sets=sets) for name, path in places.items()
    }
    _check_images(runs, matching)
    layers = _common_layers(runs, matching)
    analysis.check(config, layers, _OF_RUNS)
    subjects = {
        f"{name}/{network.seed}": run.subject(network) for name, run in runs.items() for network in run.trained()
    }
    weights = {
        name: activations.fingerprint(*jax.device_get(jax.tree.leaves(subject.variables)))
        for name, subject in subjects.items()
    }
    first = next(iter(runs.values()))
    with folder.locked():
        inputs = inputs_of(first.dataset.validation.images, matching)
        run_folder.claim(folder, {**to_plain(config), "networks": weights, "inputs": inputs})
        if (results := matching_stage.finished(folder, config)) is not None:
            return results
        networks = _extracted(folder, subjects, first, matching, progress, say)
        about = {"title": f"Comparison of {', '.join(runs)}", "data": first.data_line()}
        return matching_stage.match(Inputs(networks, layers, matching, progress), config, folder, say, about)


def name_of(path: Path) -> str:
    """What a file, a folder of files, or a run is called."""
    return path.resolve().name if path.is_dir() else path.stem


def _by_name(what: str, names: Sequence[str], paths: Sequence[Path]) -> dict[str, Path]:
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError(f"a {what} is given twice: {', '.join(map(str, paths))}")
    return dict(zip(distinct(names, paths), paths, strict=True))


def _digest(path: Path) -> str:
    if path.is_dir():
        return activations.fingerprint(*(f"{file.name} {_digest(file)}" for file in sorted(path.glob("*.npy"))))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_images(runs: Mapping[str, Run], config: MatchingConfig) -> None:
    (first, one), *rest = runs.items()
    for name, other in rest:
        for setting in _IMAGES:
            here, there = getattr(one.config.data, setting), getattr(other.config.data, setting)
            if here != there:
                raise InputError(
                    f"{first} and {name} cannot be compared: data.{setting} is {here!r} in one and {there!r} in the "
                    "other, and networks are compared by their responses to the same images"
                )
        here, there = (inputs_of(run.dataset.validation.images, config) for run in (one, other))
        if here != there:
            raise InputError(f"{first} and {name} cannot be compared: their images have the same name, and are others")


def _common_layers(runs: Mapping[str, Run], config: MatchingConfig) -> list[str]:
    known = {name: models.layer_names(run.model, run.dataset.train.images.shape[1:]) for name, run in runs.items()}
    first = next(iter(known))
    for name, layers in known.items():
        chosen_layers(layers, config.layers)
        if not config.layers and layers != known[first]:
            shared = [layer for layer in known[first] if all(layer in each for each in known.values())]
            raise InputError(
                f"{first} and {name} have other layers; say which with --matching.layers. Both have: "
                f"{', '.join(shared) or 'none'}"
            )
    return chosen_layers(known[first], config.layers)


def _extracted(
    folder: RunFolder, subjects: Mapping[str, Subject], first: Run, config: MatchingConfig, progress: Progress, say: Say
) -> dict[str, activations.ActivationFile]:
    """The activations of all networks, compressed jointly where that is not done yet."""
    place = folder.path / "activations"
    files = {name: place / f"{index:03d}_{file_name(name)}.safetensors" for index, name in enumerate(subjects)}
    if not all(file.exists() for file in files.values()):
        with folder.timed("extraction"):
            extracted = extract(subjects, first.dataset.validation.images, config, progress)
            for name, file in files.items():
                extracted.save(file, name, {"data": first.data_line(), "network": name})
        say(str(extracted))
    return {name: activations.load(file) for name, file in files.items()}
