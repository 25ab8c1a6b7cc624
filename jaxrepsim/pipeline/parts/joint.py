"""The match of all networks at once, in one layer."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.matching import joint_profile
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.part import Inputs, Part, Switch, stacked


@dataclass(frozen=True)
class Joint(Switch, Part):
    """The match of all networks at once."""

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        found = [np.asarray(critical) for critical in joint_profile(inputs.rows(layer)).networks]
        critical = stacked(found, max(map(len, found)))
        matched = reached(critical[None], inputs.epsilons[:, None, None]).sum(axis=-1)
        return xr.Dataset(
            {
                "similarity": (("epsilon",), matched.sum(axis=-1) / max(1, sum(map(len, found)))),
                "profile": (("network", "unit"), critical),
                "matched": (("epsilon", "network"), matched),
            }
        )
