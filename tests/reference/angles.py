"""Strong linear independence by its definition: the least angle between the spans of two disjoint groups of units."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import subspace_angles

from tests.reference.definitions import unit_columns

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def angle(z: Array, group: Mask) -> float:
    """The least principal angle between the spans of a group of the columns and of the rest; π/2 where one is empty."""
    if group.all() or not group.any():
        return np.pi / 2
    return float(subspace_angles(z[:, group], z[:, ~group]).min())


def theta(z: Array) -> float:
    """The least angle over all groups of live units against all the rest of them; π/2 with fewer than two."""
    z = _live(z)
    groups = (np.arange(1, 2 ** max(z.shape[1] - 1, 0))[:, None] >> np.arange(z.shape[1]) & 1).astype(bool)
    return min((angle(z, group) for group in groups), default=np.pi / 2)


def theta_of_all_pairs(z: Array) -> float:
    """The least angle over all pairs of disjoint groups of live units, whether or not they hold all of them."""
    z, least = _live(z), np.pi / 2
    for code in np.ndindex(*(3,) * z.shape[1]):
        first, second = np.array(code) == 1, np.array(code) == 2
        if first.any() and second.any():
            least = min(least, float(subspace_angles(z[:, first], z[:, second]).min()))
    return least


def stability_factor(x: Array, y: Array, *, dependent: float = 1e-6) -> float:
    """λ = 2/sin θ + 1 for the smaller θ of the two networks; infinite where that is below `dependent`."""
    least = min(theta(x), theta(y))
    return 2 / np.sin(least) + 1 if least > dependent else np.inf


def _live(z: Array) -> Array:
    return unit_columns(z[:, z.any(axis=0)])
