"""Means, deviations and correlations of all units, and their partners one to one and best."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np
import xarray as xr

from jaxrepsim.convergent import Moments
from jaxrepsim.pipeline.part import Inputs, LayerPart, Switch, pairs
from jaxrepsim.pipeline.parts.aligned import Gathered, gathered, group, partners, stacked


@dataclass(frozen=True)
class OneToOne(Switch, LayerPart):
    """Correlations of all units, and their partners one to one and best; computed with every other alignment too."""

    needs = "statistics"
    # Moments are those of two halves where sparse prediction is asked for, and differ in the last digit.
    reads = ("alignment", "sparse_prediction")

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        for layer in layers:
            yield _of_layer(gathered(inputs.statistics[layer]))


@jax.jit
def _described(whole: Moments) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...], jax.Array]:
    return whole.std, whole.constant, whole.correlation


def _of_layer(state: Gathered) -> xr.Dataset:
    whole, widths = state.whole, state.widths
    means, (std, constant, joint) = jax.device_get((whole.means, _described(whole)))
    places = state.places(*range(len(widths)))
    joint = joint[np.ix_(places, places)]
    blocks = [slice(start, stop) for start, stop in pairwise(np.cumsum([0, *widths]))]
    between = [joint[a, b] for a, b in pairs(blocks)]

    def cut(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(part)[:own] for part, own in zip(parts, widths, strict=True)]

    within = stacked([joint[block, block] for block in blocks])
    variables = {
        "unit_mean": (("network", "unit"), stacked(cut(means))),
        "unit_std": (("network", "unit"), stacked(cut(std))),
        "constant": (("network",), np.array([part.sum() for part in cut(constant)], np.int32)),
        "correlation": (("pair", "unit", "other_unit"), stacked(between).astype(np.float32)),
        "correlation_within": (("network", "unit", "other_unit"), within.astype(np.float32)),
        **partners(between),
        "samples": ((), np.asarray(whole.samples, np.int64)),
    }
    return group(variables, max(widths))
