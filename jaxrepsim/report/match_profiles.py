"""What match profiles give: similarity at any ε, its mean over ε, and where half of the units are matched."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from jaxrepsim.report.results import Floats, Results


def profile_similarity(results: Results, epsilons: ArrayLike) -> Floats:
    """Similarity at any ε, read off the profile: the share of units whose critical ε is at most ε.

    Args:
        results: The tree of results.
        epsilons: The values of ε, (k,).

    Returns:
        (layer, pair, k), the mean over redraws.
    """
    wanted = np.asarray(epsilons, dtype=np.float64)
    return _over_redraws(
        results, len(wanted), lambda critical: np.searchsorted(np.sort(critical), wanted, side="right") / len(critical)
    )


def profile_auc(results: Results, upper: float = 0.5) -> Floats:
    """Mean similarity over ε from 0 to `upper`: the area under the profile, divided by `upper`.

    Args:
        results: The tree of results.
        upper: The largest ε that counts.

    Returns:
        (layer, pair), in [0, 1], the mean over redraws.
    """
    return _over_redraws(results, 1, lambda critical: np.clip(1 - critical / upper, 0, 1).mean(keepdims=True))[..., 0]


def half_matched(results: Results) -> Floats:
    """The ε from which on at least half of a layer's units are matched.

    Args:
        results: The tree of results.

    Returns:
        (layer, pair), the mean over redraws; inf where half of the units are dead.
    """
    return _over_redraws(results, 1, lambda critical: np.sort(critical)[(len(critical) - 1) // 2 :][:1])[..., 0]


def live_shares(results: Results) -> Floats:
    """The share of both networks' units that are not dead, which similarity cannot exceed: (layer, pair)."""
    return _over_redraws(results, 1, lambda critical: np.isfinite(critical).mean(keepdims=True))[..., 0]


def _over_redraws(results: Results, length: int, measure: Callable[[Floats], Floats]) -> Floats:
    x, y = results["similarity/profile_x"], results["similarity/profile_y"]
    layers, pairs, redraws = x.shape[:3]
    means = np.zeros((layers, pairs, length))
    for layer in range(layers):
        # One layer at a time: all of them together may not fit beside a copy of themselves.
        both = np.concatenate([x[layer].values, y[layer].values], axis=-1)
        for pair in range(pairs):
            units = [both[pair, redraw][~np.isnan(both[pair, redraw])] for redraw in range(redraws)]
            values = [measure(critical) for critical in units if len(critical)]
            if values:
                means[layer, pair] = np.mean(values, axis=0)
    return means
