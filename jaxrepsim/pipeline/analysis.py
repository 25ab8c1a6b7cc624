"""One loop over the parts: each layer's results are written as soon as they are there, and never computed again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from jaxrepsim.errors import InputError
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.part import Inputs, Need
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.pipeline.results_files import along_layers, file_name, fill, numbered, read_netcdf, write_netcdf
from jaxrepsim.pipeline.shared_settings import chosen_layers
from jaxrepsim.report.schema import tree

SECONDS = 5.0
"""Layers that take less are written to one file together."""


def analyse(inputs: Inputs, config: AnalysisConfig, folder: RunFolder | None = None) -> dict[str, xr.Dataset]:
    """Computes what the settings ask for, where it is not in the folder yet.

    Args:
        inputs: What was compared.
        config: Which parts, and their settings.
        folder: Keeps what is done: for each part and its settings a results file per layer, or one for several layers
            that took seconds at most, or one of all layers where the part is not computed layer by layer. Without a
            folder nothing is kept.

    Returns:
        The group of each part, on all layers and units: −1 or NaN where a part was not asked for. The first one is
        `similarity`.

    Raises:
        InputError: A layer that the settings ask for is not compared; an activation is NaN or infinite.
    """
    place = folder.parts if folder else None
    begun = [_Begun(name, layers, config, place) for name, layers in asked_layers(config, inputs.layers).items()]
    raw = {layer for each in begun if each.of_raw for layer in each.missing}
    inputs.lacking = [layer for layer in inputs.layers if layer in raw]
    for each in begun:
        # The threads of a CPU's BLAS, when they have nothing to do, keep cores busy that searches could use. What is
        # made of statistics is matrices decomposed, which are BLAS's own work.
        timed = folder.timed(each.name) if folder else nullcontext()
        with timed, threadpool_limits(None if each.of_raw else 1, "blas"):
            inputs.groups[each.name] = _on_all_layers(_completed(each, inputs), inputs)
    return inputs.groups


def asked_layers(config: AnalysisConfig, known: Sequence[str]) -> dict[str, list[str]]:
    """The parts that are computed, in order, each with its layers: those it is asked for, and those of its users.

    Args:
        config: The settings.
        known: The layers that are compared.

    Raises:
        InputError: A layer is none of those.
    """
    parts = config.parts
    found: dict[str, list[str]] = {}
    for name, part in reversed(parts.items()):
        named = chosen_layers(known, part.only)
        wanted = {layer for user, layers in found.items() if name in parts[user].uses for layer in layers}
        wanted |= {*named} if part.asked else set()
        if wanted:
            found[name] = [layer for layer in known if layer in wanted]
    return dict(reversed(found.items()))


def check(config: AnalysisConfig, known: Sequence[str], refused: Mapping[Need, str]) -> None:
    """Everything that can be wrong with the settings of the parts, found before any work is done.

    Args:
        config: The settings.
        known: The layers that are compared.
        refused: Why parts that have certain needs cannot be computed here, after their name.

    Raises:
        InputError: A part is asked for that cannot be computed, or for a layer that is not compared; a package that it
            needs is missing.
    """
    for name in asked_layers(config, known):
        part = config.parts[name]
        if part.needs in refused and part.asked:
            raise InputError(f"{name} {refused[part.needs]}")
        part.check()


def up_to_date(results: xr.DataTree, config: AnalysisConfig) -> bool:
    """Whether results hold the groups that the settings ask for now, computed by these settings, and no others."""
    if "similarity" not in results.children:  # as before there were groups
        return False
    parts, asked = config.parts, asked_layers(config, [str(layer) for layer in results.coords["layer"].values])
    before, now = json.loads(results.attrs.get("config", "{}")), to_plain(config)
    matter = {setting for name in asked for setting in (name, *parts[name].reads)}
    return {*asked} == parts.keys() & set(results.children.keys()) and all(
        before.get(name) == now.get(name) for name in matter
    )


def _key(name: str, config: AnalysisConfig, layers: Iterable[str]) -> str:
    """Names all settings that decide the numbers of a part: what others gave is not taken for what these give."""
    part, plain = config.parts[name], to_plain(config)
    matter: list[Any] = [
        {setting: value for setting, value in plain.get(each, {}).items() if setting != "layers"}
        for each in (name, "matching", *part.reads)
    ]
    return f"{crc32(json.dumps([*matter, [] if part.by_layer else [*layers]]).encode()):08x}"


class _Begun:
    """A part on some layers, and what is done of it.

    Args:
        name: Of the part.
        layers: Which.
        config: All settings.
        folder: That of all parts, where there is one.
    """

    def __init__(self, name: str, layers: Sequence[str], config: AnalysisConfig, folder: Path | None) -> None:
        self.name, self.part, self.layers = name, config.parts[name], layers
        self.of_raw = self.part.needs in ("statistics", "images")
        self.place = folder and folder / f"{name}_{_key(name, config, layers)}"
        files = sorted(self.place.glob("*.nc")) if self.place else ()
        self.groups = [read_netcdf(file)[name].to_dataset() for file in files]
        finished = {str(layer) for group in self.groups for layer in group["layer"].values}
        self.missing = [layer for layer in layers if layer not in finished]


def _completed(begun: _Begun, inputs: Inputs) -> xr.Dataset:
    """The results of a part on its layers; those that are missing are computed and written."""
    part, layers, missing, groups = begun.part, begun.layers, begun.missing, begun.groups
    title = begun.name.replace("_", " ")
    computed = part.compute(inputs, missing)
    waiting, start = dict[str, xr.Dataset](), perf_counter()
    for done, layer in enumerate(missing if part.by_layer else missing[:1], start=len(layers) - len(missing)):
        inputs.progress(title, done, len(layers), layer if part.by_layer else "")
        with enable_x64(True):
            waiting[layer] = next(computed)
        if perf_counter() - start > SECONDS or layer == missing[-1] or not part.by_layer:
            first, *_ = waiting
            group = along_layers([*waiting.values()], [*waiting]) if part.by_layer else waiting[first]
            groups.append(_labelled(group, inputs))
            if begun.place:
                file = begun.place / f"{inputs.layers.index(first):03d}_{file_name(first)}.nc"
                write_netcdf(tree({begun.name: groups[-1]}), file)
            waiting, start = {}, perf_counter()
    inputs.progress(title, len(layers), len(layers))
    if not part.by_layer:
        return groups[0]
    order = [str(layer) for group in groups for layer in group["layer"].values]
    return along_layers(groups, order).sel(layer=[*layers])


def _labelled(group: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """A group with the coordinates that all share."""
    known = {"pair": inputs.pair_names, "epsilon": inputs.epsilons, "network": list(inputs.networks)}
    return numbered(group.assign_coords({name: values for name, values in known.items() if name in group.dims}))


def _on_all_layers(group: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """A group on the layers and units of the whole comparison, perhaps more than it has."""
    layers, units = list(inputs.layers), np.arange(inputs.units)
    every = {"layer": layers, "unit": units, "other_unit": units}
    return group.reindex({dim: every[dim] for dim in every if dim in group.dims}, fill_value=fill(group))
