"""Rows of a representation moved, which changes nothing of what is known of the others."""

import numpy as np
from numpy.typing import NDArray


def moved_rows(
    x: NDArray[np.float64], places: NDArray[np.int_], distance: float, direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows moved together along one direction.

    Args:
        x: (samples, units).
        places: Which rows.
        distance: How far, in root mean squared lengths of the centred rows.
        direction: (units,), of any length but 0.

    Returns:
        (samples, units).

    Source: Davari et al. 2022 (arXiv:2210.16156), section 4, subset translations.

    >>> moved_rows(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1]), 3.0, np.array([0.0, 2.0])).tolist()
    [[1.0, 0.0], [-1.0, 3.0]]
    """
    length = np.sqrt(np.mean(np.sum((x - x.mean(axis=0)) ** 2, axis=1)))
    found = np.array(x, np.float64)
    found[places] += distance * length * direction / np.linalg.norm(direction)
    return found
