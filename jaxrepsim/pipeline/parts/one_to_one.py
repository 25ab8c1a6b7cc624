"""Means, deviations and correlations of all units, and their partners one to one and best."""

from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.pipeline.part import Inputs, LayerPart, Switch, along, pairs
from jaxrepsim.pipeline.parts.aligned import partners


@dataclass(frozen=True)
class OneToOne(Switch, LayerPart):
    """Correlations of all units, and their partners one to one and best; computed with every other alignment too."""

    needs = "statistics"
    # Moments are those of two halves where sparse prediction is asked for, and differ in the last digit.
    reads = ("alignment", "sparse_prediction")

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        whole, widths = inputs.statistics[layer].whole, inputs.statistics[layer].widths
        means, std, constant = (jax.device_get(parts) for parts in (whole.means, whole.std, whole.constant))
        joint = np.asarray(whole.correlation).reshape(2 * (len(means), len(means[0])))  # (network, unit) twice
        units = ("unit", "other_unit")
        of_networks = [
            {
                "unit_mean": (("unit",), means[network][:own]),
                "unit_std": (("unit",), std[network][:own]),
                "constant": ((), constant[network][:own].sum(dtype=np.int32)),
                "correlation_within": (units, joint[network, :own, network, :own].astype(np.float32)),
            }
            for network, own in enumerate(widths)
        ]
        between = [joint[a, : widths[a], b, : widths[b]] for a, b in pairs(range(len(widths)))]
        of_pairs = [{"correlation": (units, correlation.astype(np.float32))} for correlation in between]
        sizes = dict.fromkeys(units, max(widths))
        return xr.Dataset(
            {
                **along("network", of_networks, **sizes),
                **along("pair", of_pairs, **sizes),
                **partners(between, max(widths)),
                "samples": ((), np.asarray(whole.samples, np.int64)),
            }
        )
