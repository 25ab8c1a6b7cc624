"""Mutual information of all units of every pair, and their partners by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.pipeline.part import Inputs, LayerPart
from jaxrepsim.pipeline.parts.aligned import group, partners, stacked
from jaxrepsim.pipeline.passes.joint_bins import mutual_informations
from jaxrepsim.settings import require


@dataclass(frozen=True)
class MutualInformation(LayerPart):
    """Mutual information, by bins of each unit."""

    needs = "statistics"
    uses = ("one_to_one",)
    reads = ("alignment",)

    bins: int = 0
    """So many bins of each unit, 10 in the paper; 0 for none of it."""

    def __post_init__(self) -> None:
        require(self, ("bins", "0, or 3 or more: one for zeros, and two", lambda value: value == 0 or value >= 3))

    @property
    def asked(self) -> bool:
        return self.bins > 0

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        statistics = {layer: inputs.statistics[layer] for layer in layers}
        found = mutual_informations(inputs.raw, statistics, self.bins, inputs.progress)
        for layer, information in zip(layers, found, strict=True):
            values = stacked(information).astype(np.float32)
            variables = {"mutual_information": (("pair", "unit", "other_unit"), values), **partners(information)}
            yield group(variables, max(statistics[layer].widths))
