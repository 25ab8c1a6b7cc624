"""Whether layers of one network are less alike the further they are apart."""

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr


class Monotonicity(NamedTuple):
    """How far similarity falls with distance in layers."""

    correlation: float
    """Spearman's, of dissimilarity with distance from a layer, forwards or backwards; the mean of those defined."""
    violations: float
    """Of a layer, a nearer one and a further one on the same side, the share of which the further is more similar."""


def monotonicity(similarities: NDArray[np.float64]) -> Monotonicity:
    """Over all layers of a network.

    Args:
        similarities: (layers, layers), from input to output; more is more alike. The diagonal plays no part.

    Returns:
        Both numbers; NaN of fewer than three layers.

    Source: Klabunde et al. 2025 (arXiv:2408.00531), test 6, and mklabunde/resi, `monotonicity_experiment`.

    >>> apart = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    >>> monotonicity(1.0 - apart / 4)
    Monotonicity(correlation=1.0, violations=0.0)
    """
    count = len(similarities)
    triples = list(combinations(range(count), 3))
    worse = [
        similarities[here, near] < similarities[here, far]
        for i, j, k in triples
        for here, near, far in ((i, j, k), (k, j, i))
    ]
    sides = [np.arange(start + 1, count) for start in range(count)], [np.arange(start)[::-1] for start in range(count)]
    rows = [
        (-similarities[here, others], np.abs(others - here))
        for side in sides
        for here, others in enumerate(side)
        if len(others) > 1
    ]
    # What does not vary has no order, and neither has a NaN.
    known: list[Any] = [spearmanr(apart, steps) for apart, steps in rows if np.ptp(apart) > 0]
    return Monotonicity(
        float(np.mean([one.statistic for one in known])) if known else np.nan,
        float(np.mean(worse)) if worse else np.nan,
    )
