"""Means, deviations and correlations of all units, and their partners one to one and best."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np
import xarray as xr

from jaxrepsim.pipeline.part import Inputs, LayerPart, Switch, pairs, stacked
from jaxrepsim.pipeline.parts.aligned import gathered, partners

_described = jax.jit(lambda whole: (whole.std, whole.constant, whole.correlation))


@dataclass(frozen=True)
class OneToOne(Switch, LayerPart):
    """Correlations of all units, and their partners one to one and best; computed with every other alignment too."""

    needs = "statistics"
    # Moments are those of two halves where sparse prediction is asked for, and differ in the last digit.
    reads = ("alignment", "sparse_prediction")

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        state = gathered(inputs.statistics[layer])
        whole, widths, width = state.whole, state.widths, max(state.widths)
        means, (std, constant, joint) = jax.device_get((whole.means, _described(whole)))
        places = state.places(*range(len(widths)))
        joint = joint[np.ix_(places, places)]
        blocks = [slice(start, stop) for start, stop in pairwise(np.cumsum([0, *widths]))]
        between = [joint[a, b] for a, b in pairs(blocks)]
        within = [joint[block, block] for block in blocks]

        def cut(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
            return [np.asarray(part)[:own] for part, own in zip(parts, widths, strict=True)]

        return xr.Dataset(
            {
                "unit_mean": (("network", "unit"), stacked(cut(means), width)),
                "unit_std": (("network", "unit"), stacked(cut(std), width)),
                "constant": (("network",), np.array([part.sum() for part in cut(constant)], np.int32)),
                "correlation": (("pair", "unit", "other_unit"), stacked(between, width, width).astype(np.float32)),
                "correlation_within": (
                    ("network", "unit", "other_unit"),
                    stacked(within, width, width).astype(np.float32),
                ),
                **partners(between, width),
                "samples": ((), np.asarray(whole.samples, np.int64)),
            }
        )
