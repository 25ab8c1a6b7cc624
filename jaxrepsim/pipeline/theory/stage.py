"""The theory stage: the parts that the settings ask for, each layer's results written as soon as they are there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol
from zlib import crc32

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from jaxrepsim.activations import ActivationFile
from jaxrepsim.pipeline.config import MatchingConfig, TheoryConfig
from jaxrepsim.pipeline.layers import chosen_layers
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.results_files import along_layers, file_name, merged, read_netcdf, write_netcdf
from jaxrepsim.pipeline.sampled import Sampled
from jaxrepsim.pipeline.theory.across import across_layers
from jaxrepsim.pipeline.theory.chance import chance_layer
from jaxrepsim.pipeline.theory.evolution import similarities
from jaxrepsim.pipeline.theory.joint import joint_layer
from jaxrepsim.pipeline.theory.layers import first_draws, pair_names
from jaxrepsim.pipeline.theory.stability import stability_of_layer
from jaxrepsim.pipeline.theory.structure import decompose_layer


class Moments(Protocol):
    """The networks of a run at moments of their training, for what needs raw activations."""

    def sampled(self, epoch: int | None) -> Mapping[str, Sampled]:
        """Raw activations of every network after an epoch, 0 for the untrained ones; None for those compared."""
        ...

    def accuracy(self, epoch: int) -> Sequence[float]:
        """Each network's validation accuracy after an epoch."""
        ...


class Compared(NamedTuple):
    """What was compared, and what came of it."""

    networks: Mapping[str, ActivationFile]
    results: xr.Dataset
    matching: MatchingConfig
    moments: Moments | None = None
    """None where there are activation files only."""
    epochs: tuple[int, ...] = ()
    """At which similarity is looked at."""


def analyse(compared: Compared, config: TheoryConfig, folder: Path, progress: Progress) -> xr.Dataset:
    """Computes what the settings ask for, where it is not in the folder yet.

    Args:
        compared: The networks and the match results.
        config: Which parts, and their bounds.
        folder: Holds one results file a part, or a part and layer.
        progress: Told of every part, layer by layer.

    Returns:
        The match results, with the variables of these parts; see `jaxrepsim.report.schema`.

    Raises:
        InputError: A layer that the settings ask for was not compared.
    """
    results = compared.results
    every = [str(layer) for layer in results.layer.values]
    some = chosen_layers(every, config.layers)
    epsilons, seed = results.epsilon.values, compared.matching.seed

    def of(layer: str) -> xr.Dataset:
        return results.isel(layer=every.index(layer))

    def rows(layer: str) -> list[np.ndarray]:
        return first_draws(compared.networks, layer)

    def structure(layer: str) -> xr.Dataset:
        units, sampled = results.sizes["unit"], of(layer)["minimal_unit"].values
        return decompose_layer(layer, rows(layer), units, epsilons, sampled, config, progress)

    def stability(layer: str) -> xr.Dataset:
        x, y = (of(layer)[f"profile_{side}"].values[:, 0] for side in "xy")
        profiles = [(a[~np.isnan(a)], b[~np.isnan(b)]) for a, b in zip(x, y, strict=True)]
        return stability_of_layer(layer, rows(layer), profiles, epsilons, seed, config)

    parts: list[xr.Dataset] = []
    # Settings may change between sittings: what others gave is not taken for what these give.
    place = folder / f"{crc32(repr(replace(config, layers=())).encode()):08x}"

    def layer_by_layer(part: str, layers: Sequence[str], compute: Callable[[str], xr.Dataset]) -> None:
        found = []
        for done, layer in enumerate(layers):
            progress(part, done, len(layers), layer)
            file = place / part.replace(" ", "_") / f"{every.index(layer):03d}_{file_name(layer)}.nc"
            if not file.exists():
                write_netcdf(compute(layer), file)
            found.append(read_netcdf(file))
        progress(part, len(layers), len(layers))
        parts.append(along_layers(found, layers))

    def whole(part: str, compute: Callable[[], xr.Dataset]) -> None:
        file = place / f"{part.replace(' ', '_')}.nc"
        if not file.exists():
            write_netcdf(compute(), file)
        parts.append(read_netcdf(file))

    # The threads of a CPU's BLAS, when they have nothing to do, keep cores busy that the searches could use.
    with threadpool_limits(1, "blas"):
        if config.decomposition:
            layer_by_layer("decomposition", some, structure)
        if config.stability:
            layer_by_layer("stability", some, stability)
        if config.joint:
            layer_by_layer("joint match", every, lambda layer: joint_layer(rows(layer), epsilons))
        if compared.moments is not None:
            _with_networks(compared, compared.moments, config, some, layer_by_layer, whole, progress)
    return merged(results, parts, pair_names(compared.networks))


def _with_networks(
    compared: Compared,
    moments: Moments,
    config: TheoryConfig,
    layers: Sequence[str],
    layer_by_layer: Callable[[str, Sequence[str], Callable[[str], xr.Dataset]], None],
    whole: Callable[[str, Callable[[], xr.Dataset]], None],
    progress: Progress,
) -> None:
    epsilons, seed = compared.results.epsilon.values, compared.matching.seed

    def over_training() -> xr.Dataset:
        found, accuracy = [], []
        for done, epoch in enumerate(compared.epochs):
            progress("similarity over training", done, len(compared.epochs), f"epoch {epoch}")
            by_layer = similarities(list(moments.sampled(epoch).values()), epsilons)
            found.append(np.stack([by_layer[str(layer)] for layer in compared.results.layer.values]))
            accuracy.append(moments.accuracy(epoch))
        progress("similarity over training", len(compared.epochs), len(compared.epochs))
        return xr.Dataset(
            {
                "training_similarity": (("checkpoint", "layer", "pair", "epsilon"), np.stack(found)),
                "checkpoint_accuracy": (("network", "checkpoint"), np.transpose(accuracy)),
            },
            coords={"checkpoint": np.array(compared.epochs), "layer": compared.results.layer.values},
        )

    if config.chance:
        untrained: dict[str, np.ndarray] = {}

        def chance(layer: str) -> xr.Dataset:
            if not untrained:
                untrained.update(similarities(list(moments.sampled(0).values()), epsilons))
            now = moments.sampled(None)
            networks = [sampled.positions[layer] for sampled in now.values()]
            group_size = next(iter(now.values())).group_size[layer]
            return chance_layer(layer, networks, untrained[layer], group_size, epsilons, config.chance, seed)

        layer_by_layer("chance", layers, chance)
    if config.across_layers:
        whole("across layers", lambda: across_layers(moments.sampled(None), epsilons, progress))
    if config.over_training:
        whole("over training", over_training)
