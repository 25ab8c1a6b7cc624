"""Whether networks of one group are more alike than networks of different groups."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Separation(NamedTuple):
    """How well a measure tells groups apart; each number is the mean over groups."""

    auprc: float
    """The average precision with which pairs within a group are told from pairs of the group with others."""
    violations: float
    """Of a pair within and a pair across, the share of which the former is not the more similar."""


def separation(
    similarities: NDArray[np.float64], groups: NDArray[np.int_], places: NDArray[np.int_] | None = None
) -> Separation:
    """Tells groups apart by a similarity.

    Args:
        similarities: (networks, networks), symmetric; more is more alike.
        groups: (networks,), to which group each belongs.
        places: Which networks, perhaps some several times; by default all. Pairs of two copies of one are left out.

    Returns:
        AUPRC and violation rate; NaN where a group has no two networks, or a similarity is NaN.

    Source: Klabunde et al. 2025 (arXiv:2408.00531), and mklabunde/resi, `measure_quality_metrics`.

    >>> alike = np.array([[1, 0.9, 0.1, 0.2], [0.9, 1, 0.3, 0.1], [0.1, 0.3, 1, 0.2], [0.2, 0.1, 0.2, 1]])
    >>> separation(alike, np.array([0, 0, 1, 1]))  # 0.3 and 0.2 across are not below 0.2 within the second group
    Separation(auprc=0.666..., violations=0.25)
    """
    at = np.arange(len(groups)) if places is None else places
    found = []
    for group in np.unique(groups):
        inside, outside = at[groups[at] == group], at[groups[at] != group]
        first, second = (inside[index] for index in np.triu_indices(len(inside), 1))
        within = similarities[first[first != second], second[first != second]]
        across = similarities[np.ix_(inside, outside)].ravel()
        if not len(within) or not len(across) or np.isnan(within).any() or np.isnan(across).any():
            return Separation(np.nan, np.nan)
        below = within[:, None] <= across
        found.append((_average_precision(within, across), below.mean()))
    return Separation(*map(float, np.mean(found, axis=0)))


def _average_precision(within: NDArray[np.float64], across: NDArray[np.float64]) -> float:
    """Σ over thresholds of the precision there times the rise of recall; equal scores share a threshold."""
    thresholds, counts = np.unique(within, return_counts=True)
    right = (within >= thresholds[:, None]).sum(axis=1)
    wrong = (across >= thresholds[:, None]).sum(axis=1)
    return float((right / (right + wrong) * counts).sum() / len(within))
