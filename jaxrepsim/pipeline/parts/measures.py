"""Other measures of similarity beside the match, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.compression import Compressed
from jaxrepsim.errors import unknown
from jaxrepsim.measures import MEASURES
from jaxrepsim.measures.networks import Activations
from jaxrepsim.pipeline.part import Inputs, LayerPart, pairs

OF_PROFILES = ("match_similarity", "match_auc")
"""Rows of the table that every comparison has anyway."""


@dataclass(frozen=True)
class Measures(LayerPart):
    """Measures of similarity beside the match; `jaxrepsim measures` lists them."""

    asked_by = "computed"
    reads = ("sampling",)

    names: tuple[str, ...] = ("match_similarity", "match_auc", "linear_cka", "debiased_cka", "procrustes")
    """Which. Similarity by the match is there in any case."""

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in MEASURES:
                raise unknown("measure", name, MEASURES)
        super().__post_init__()

    @property
    def computed(self) -> list[str]:
        """Those that are not read off the match profile."""
        return [name for name in dict.fromkeys(self.names) if name not in OF_PROFILES]

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        found = np.full((2, len(inputs.pair_names), len(self.computed)), np.nan)
        for at, name in enumerate(self.computed):
            networks = [_given(inputs, network, layer, MEASURES[name].needs == "rows") for network in inputs.networks]
            for pair, (x, y) in enumerate(pairs(networks)):
                found[:, pair, at] = in_both_orders(name, x, y)
        dims = ("pair", "measure")
        return xr.Dataset({"value": (dims, found[0]), "swapped": (dims, found[1])}, {"measure": self.computed})


def in_both_orders(name: str, x: Sequence[Activations], y: Sequence[Activations]) -> tuple[float, float]:
    """A measure of two networks, and with them exchanged.

    Args:
        name: A row of the table.
        x: The first network, in each redraw; none where it is not there in a form that the measure takes.
        y: The second.

    Returns:
        The means over redraws; NaN where there are none.
    """
    measure = MEASURES[name]

    def mean(x: Sequence[Activations], y: Sequence[Activations]) -> float:
        return float(np.mean([measure.function(*both) for both in zip(x, y, strict=True)])) if x and y else np.nan

    value = mean(x, y)
    return value, value if measure.symmetric else mean(y, x)


def _given(inputs: Inputs, network: str, layer: str, rows: bool) -> list[Activations]:
    """A network's layer as measures take it: raw, where that is there or where they need rows, or with its means."""
    file = inputs.networks[network]
    array = np.asarray(file.layers[layer], np.float64)
    if not file.basis and len(array) == file.samples[layer]:
        return [array]
    if rows:
        return [] if inputs.networks_at is None else [np.asarray(inputs.sampled[network].positions[layer], np.float64)]
    if layer not in file.squares:
        return []
    squares = np.asarray(file.squares[layer], np.float64)
    redraws = zip(array, squares, strict=True) if array.ndim == 3 else [(array, squares)]
    return [Compressed(rows, file.samples[layer], squares) for rows, squares in redraws]
