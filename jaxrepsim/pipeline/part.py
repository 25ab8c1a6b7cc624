"""What a part of the analysis is: one subject, from its settings to its labelled group of results."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import xarray as xr

from jaxrepsim.activations import ActivationFile
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.passes.sampled import NetworksAt, Sampled, sample_of_file
from jaxrepsim.pipeline.passes.sources import Files, Source
from jaxrepsim.pipeline.passes.statistics import Statistics, Wanted, gather
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.shared_settings import MatchingConfig, SamplingConfig
from jaxrepsim.settings import Requirement, require

S = TypeVar("S")
T = TypeVar("T")
Variables = dict[str, tuple[tuple[str, ...], Any]]
"""By name, as a dataset takes them: dimensions and values."""
Need = Literal["compressed", "rows", "training", "statistics", "images"]
"""What a part computes from: compressed activations, which every comparison has; rows of raw activations, a bounded
sample of them; a run's networks over training; statistics of the raw activations of all images; these, and the images
themselves."""


@dataclass
class Inputs:
    """What parts compute from. What only some of them need is computed when the first one asks for it."""

    networks: Mapping[str, ActivationFile]
    """The compressed activations of each, by its name in the results."""
    layers: Sequence[str]
    """All that are compared, from input to output."""
    matching: MatchingConfig
    progress: Progress = silent
    networks_at: NetworksAt | None = None
    """The networks of a run at any time of their training."""
    source: Source | None = None
    """Raw activations of all images."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """How much of them `sampled` holds."""
    wanted: Wanted = field(default_factory=Wanted)
    """Which statistics of them are gathered."""
    groups: dict[str, xr.Dataset] = field(default_factory=dict)
    """The results so far, by name of the part; see `Part.uses`."""
    measures: Sequence[str] = ()
    """The measures beside the match that are computed, also across layers."""
    own_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each network whose layers have other names than those compared: its own names, by these."""
    lacking: Sequence[str] = ()
    """The layers of which statistics are gathered, as a part lacks results of them."""

    @property
    def epsilons(self) -> np.ndarray:
        return np.asarray(self.matching.epsilons)

    @property
    def units(self) -> int:
        """Those of the widest layer of all."""
        return max(network.layers[layer].shape[-1] for network in self.networks.values() for layer in self.layers)

    @property
    def pair_names(self) -> list[str]:
        return [f"{a}-{b}" for a, b in pairs(list(self.networks))]

    def rows(self, layer: str) -> list[np.ndarray]:
        """A layer's compressed (rows, units) in each network, float64, of the first redraw where there are several."""
        arrays = [network.layers[layer] for network in self.networks.values()]
        return [np.asarray(array if array.ndim == 2 else array[0], np.float64) for array in arrays]

    @property
    def run(self) -> NetworksAt:
        """`networks_at`, for parts that need it, and so are refused where there is none."""
        assert self.networks_at is not None
        return self.networks_at

    @property
    def raw(self) -> Source:
        """`source`, for parts that need it, and so are refused where there is none."""
        assert self.source is not None
        return self.source

    @cached_property
    def sampled(self) -> Mapping[str, Sampled]:
        """Rows of raw activations of every network, for parts that need them and are refused without."""
        if self.networks_at is not None:
            return self.networks_at.compared
        assert isinstance(self.source, Files)
        return {
            name: sample_of_file(self.source, network, self.sampling, self.matching.seed)
            for name, network in self.networks.items()
        }

    @cached_property
    def statistics(self) -> dict[str, Statistics]:
        """Of each layer that is lacking, from one pass over all images."""
        return gather(self.raw, self.lacking, self.wanted, self.matching.seed, self.progress)


class Part:
    """One subject. A part is a frozen dataclass of its settings that inherits from this class.

    Its name is that of its field in `jaxrepsim.pipeline.parts.AnalysisConfig`, and so that of its settings, of its
    group in the results file and of its section in the report. What it computes is cached, resumed, reported and
    labelled by `jaxrepsim.pipeline.analysis`, which also sees to float64.
    """

    needs: ClassVar[Need] = "compressed"
    by_layer: ClassVar[bool] = True
    """Whether it gives one group per layer; else one of all layers."""
    uses: ClassVar[tuple[str, ...]] = ()
    """Parts whose groups it reads, or its section does: they are computed wherever it is asked for, and before it."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Settings other than its own that its numbers depend on, and that may change between sittings."""
    asked_by: ClassVar[str] = ""
    """The setting that asks for it, by any value but False, 0 and (); every comparison has a part without one."""
    requirements: ClassVar[tuple[Requirement, ...]] = ()
    """What its settings must be; see `jaxrepsim.settings.require`."""

    def __post_init__(self) -> None:
        require(self, *self.requirements)

    @property
    def asked(self) -> bool:
        """Whether its settings ask for it."""
        return not self.asked_by or bool(getattr(self, self.asked_by))

    @property
    def only(self) -> tuple[str, ...]:
        """The layers that it is asked for; all where none is named."""
        return getattr(self, "layers", ())

    def check(self) -> None:
        """Raises where something that it needs is not installed.

        Raises:
            InputError: Names the package.
        """

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        """Computes its group, by `of_layer` where it has nothing to do for all layers first. It is called in float64.

        Args:
            inputs: What there is to compute from.
            layers: Those of which there are no results yet.

        Yields:
            Of `by_layer` parts, for each layer in order, its variables with a leading dimension `layer` of one; else
            one group of all layers, with their names as the coordinate `layer`. Coordinates that all groups share
            (pair, network, epsilon, unit) are left to the caller. Padding is −1 in whole numbers and NaN elsewhere.
        """
        for layer in layers:
            yield self.of_layer(inputs, layer)

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        """The group of one layer."""
        raise NotImplementedError


@dataclass(frozen=True)
class Switch:
    """The setting of a part that is asked for by name."""

    asked_by = "on"

    on: bool = False
    """Whether it is computed."""


@dataclass(frozen=True)
class LayerPart(Part):
    """A part that can be asked for on some of the layers."""

    layers: tuple[str, ...] = ()
    """Which layers; by default all that are matched."""


def pairs(values: Sequence[T]) -> list[tuple[T, T]]:
    """Every two of them, in the order of the results' `pair`."""
    return list(combinations(values, 2))


def stacked(parts: Sequence[np.ndarray], *sizes: int) -> np.ndarray:
    """Arrays as one: −1 or NaN where one of them has fewer units, or whatever it has on its last axes, than `sizes`."""
    first = parts[0]
    fill = -1 if np.issubdtype(first.dtype, np.integer) else np.nan
    out = np.full((len(parts), *first.shape[: first.ndim - len(sizes)], *sizes), fill, first.dtype)
    for number, part in enumerate(parts):
        out[number, *map(slice, part.shape)] = part
    return out


def along(dim: str, found: Sequence[Mapping[str, tuple[tuple[str, ...], Any]]], **sizes: int) -> Variables:
    """The variables of all pairs, networks or ε, from those of each.

    Args:
        dim: What they become: the first dimension.
        found: The variables of each, of the same names.
        **sizes: Of dimensions that may differ, the largest size: −1 or NaN stands where one has fewer.
    """
    joined: Variables = {}
    for name, (dims, first) in found[0].items():
        shape = [sizes.get(each, int(size)) for each, size in zip(dims, np.shape(first), strict=True)]
        joined[name] = ((dim, *dims), stacked([np.asarray(one[name][1]) for one in found], *shape))
    return joined


def in_threads(work: Callable[[S], T], jobs: Sequence[S]) -> Iterator[T]:
    """The results of some work, in order, done in float64 and side by side.

    Compilations and searches are long chains of small steps that keep one core busy each, and so go well beside one
    another.
    """

    def in_float64(job: S) -> T:
        with enable_x64(True):  # a setting of the thread
            return work(job)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(in_float64, jobs)
