"""Correlations of ranks."""

import numpy as np
from numpy.typing import NDArray


def ranks(values: NDArray) -> NDArray[np.float64]:
    """(n,), from 1; equal values have the mean of their ranks.

    >>> ranks(np.array([3, 1, 3])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def spearman(x: NDArray, y: NDArray) -> float:
    """Spearman's correlation; NaN where either does not vary, or has a NaN.

    Args:
        x: (n,).
        y: (n,).

    >>> spearman(np.array([1, 2, 3]), np.array([10, 40, 20])), spearman(np.array([1, 1]), np.array([1, 2]))
    (0.5, nan)
    """
    if np.isnan(x).any() or np.isnan(y).any():
        return float("nan")
    a, b = (each - each.mean() for each in (ranks(x), ranks(y)))
    lengths = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / lengths) if lengths else float("nan")


def kendall(x: NDArray, y: NDArray) -> float:
    """Kendall's τ_b; NaN where either does not vary, or has a NaN.

    Args:
        x: (n,).
        y: (n,).

    >>> kendall(np.array([1, 2, 3]), np.array([10, 40, 20]))
    0.333...
    """
    if np.isnan(x).any() or np.isnan(y).any():
        return float("nan")
    above = np.triu_indices(len(x), 1)
    a, b = (np.sign(np.subtract.outer(each, each))[above] for each in (x, y))
    pairs = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / pairs) if pairs else float("nan")
