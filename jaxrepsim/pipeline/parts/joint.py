"""The match of all networks at once, in one layer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.matching import joint_profile
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.part import Inputs, Part, Switch


@dataclass(frozen=True)
class Joint(Switch, Part):
    """The match of all networks at once."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        for layer in layers:
            yield joint_layer(inputs.rows(layer), inputs.epsilons)


def joint_layer(networks: Sequence[np.ndarray], epsilons: np.ndarray) -> xr.Dataset:
    """One layer's group.

    Args:
        networks: (rows, units) of each.
        epsilons: (e,).
    """
    found = [np.asarray(critical) for critical in joint_profile(list(networks)).networks]
    critical = np.full((len(found), max(map(len, found))), np.nan)
    for network, values in enumerate(found):
        critical[network, : len(values)] = values
    matched = reached(critical[None], epsilons[:, None, None]).sum(axis=-1)
    return xr.Dataset(
        {
            "similarity": (("epsilon",), matched.sum(axis=-1) / max(1, sum(map(len, found)))),
            "profile": (("network", "unit"), critical),
            "matched": (("epsilon", "network"), matched),
        }
    )
