"""The match of all networks at once, in one layer."""

from collections.abc import Sequence

import jax
import numpy as np
import xarray as xr

from jaxrepsim.matching import joint_profile
from jaxrepsim.numerics.precision import reached


def joint_layer(networks: Sequence[np.ndarray], epsilons: np.ndarray) -> xr.Dataset:
    """The variables of the group `joint` of `jaxrepsim.report.schema`, without coordinates.

    Args:
        networks: (rows, units) of each.
        epsilons: (e,).
    """
    with jax.enable_x64(True):
        found = [np.asarray(critical) for critical in joint_profile(list(networks)).networks]
    critical = np.full((1, len(found), max(map(len, found))), np.nan)
    for network, values in enumerate(found):
        critical[0, network, : len(values)] = values
    matched = reached(critical[:, None], epsilons[None, :, None, None]).sum(axis=-1)
    return xr.Dataset(
        {
            "joint_similarity": (("layer", "epsilon"), matched.sum(axis=-1) / max(1, sum(map(len, found)))),
            "joint_profile": (("layer", "network", "unit"), critical),
            "joint_matched": (("layer", "epsilon", "network"), matched),
        }
    )
