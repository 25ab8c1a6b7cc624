"""Whether networks that answer differently are represented differently."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


class OutputDistances(NamedTuple):
    """How differently networks answer, (networks, networks) each."""

    accuracy: NDArray[np.float64]
    """The absolute difference of accuracies."""
    disagreement: NDArray[np.float64]
    """The share of samples whose predicted classes differ."""
    divergence: NDArray[np.float64]
    """The Jensen–Shannon divergence of the predicted probabilities, in nats, the mean over samples."""


def output_distances(logits: NDArray[np.float64], labels: NDArray[np.int_]) -> OutputDistances:
    """Of every two networks.

    Args:
        logits: (networks, samples, classes).
        labels: (samples,), the true classes.

    Source: Klabunde et al. 2025 (arXiv:2408.00531), tests 1 and 2.

    >>> found = output_distances(np.array([[[50.0, 0.0]], [[0.0, 50.0]]]), np.array([0]))
    >>> [round(float(each[0, 1]), 3) for each in found]
    [1.0, 1.0, 0.693]
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    shares = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
    predicted = logits.argmax(axis=-1)
    accuracies = (predicted == labels).mean(axis=-1)
    entropies = _entropy(shares)
    mixed = np.array([_entropy((one + shares) / 2).mean(axis=-1) for one in shares])
    means = entropies.mean(axis=-1)
    return OutputDistances(
        np.abs(np.subtract.outer(accuracies, accuracies)),
        (predicted[:, None] != predicted).mean(axis=-1),
        np.maximum(mixed - (means[:, None] + means) / 2, 0),
    )


def mantel(x: NDArray[np.float64], y: NDArray[np.float64], draws: int, seed: int) -> tuple[float, float]:
    """Spearman's correlation of two distances between networks, and how often random orders of networks give as much.

    Pairs that share a network are not independent of one another, so networks are permuted, and not pairs.

    Args:
        x: (networks, networks), symmetric.
        y: (networks, networks), symmetric.
        draws: How many orders, the observed one not counted.
        seed: Of the orders.

    Returns:
        The correlation and the one-sided p; NaN where one of them does not vary or has a NaN.

    Source: Mantel 1967, The detection of disease clustering and a generalized regression approach, Cancer Res. 27.

    >>> points = np.array([0.0, 1.0, 3.0, 7.0, 15.0, 31.0])
    >>> apart = np.abs(np.subtract.outer(points, points))
    >>> correlation, p = mantel(apart, apart**2, draws=199, seed=0)
    >>> round(correlation, 6), p < 0.05
    (1.0, True)
    """
    above = np.triu_indices(len(x), 1)
    a, b = (each[above] for each in (x, y))
    if np.isnan(a).any() or np.isnan(b).any() or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan, np.nan
    # Ranks are of pairs, and an order of networks moves pairs: they need no ranking again.
    ranked = np.zeros(x.shape)
    first = rankdata(a)
    ranked[above] = first
    ranked += ranked.T
    second = rankdata(b) - (len(b) + 1) / 2
    scale = np.sqrt((second @ second) * np.var(first) * len(a))
    random = np.random.default_rng(seed)
    orders = [np.arange(len(x)), *(random.permutation(len(x)) for _ in range(draws))]
    found = np.array([ranked[np.ix_(order, order)][above] @ second for order in orders]) / scale
    return float(found[0]), float((found >= found[0] - 1e-12).mean())


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=-1)
