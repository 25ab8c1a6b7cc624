"""Whether a measure sees what a representation loses with its principal components, in proportion to their use."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

PENALTY = 1e-3
"""Of the probe, as a share of the mean squared singular value."""


class Deletion(NamedTuple):
    """A representation without its weaker principal components."""

    fitted: NDArray[np.float64]
    """(training samples, units)."""
    seen: NDArray[np.float64]
    """(samples, units), others without the same directions."""


def leading(training: NDArray[np.float64], samples: NDArray[np.float64], share: float) -> Deletion:
    """A representation projected on its leading principal components, its mean kept.

    Args:
        training: (training samples, units), by which components are found.
        samples: (samples, units).
        share: Of the components that stay, in (0, 1]; at least one stays.

    >>> x = np.array([[2.0, 0.1], [-2.0, -0.1], [1.0, -0.1], [-1.0, 0.1]])
    >>> np.linalg.matrix_rank(leading(x, x, 0.5).seen).item()
    1
    """
    mean = training.mean(axis=0)
    directions = np.linalg.svd(training - mean, full_matrices=False)[2]
    kept = directions[: max(1, round(share * len(directions)))]
    return Deletion(*(mean + (rows - mean) @ kept.T @ kept for rows in (training, samples)))


def probe_accuracy(deletion: Deletion, training_labels: NDArray[np.int_], labels: NDArray[np.int_]) -> float:
    """The accuracy of a linear probe: least squares to one-hot labels, with a small ridge penalty.

    Args:
        deletion: The representation.
        training_labels: (training samples,), classes from 0.
        labels: (samples,).

    >>> x = np.array([[1.0], [1.1], [-1.0], [-1.1]])
    >>> probe_accuracy(Deletion(x, x), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    """
    mean = deletion.fitted.mean(axis=0)
    centred = deletion.fitted - mean
    targets = np.eye(training_labels.max() + 1)[training_labels]
    gram = centred.T @ centred
    penalty = PENALTY * np.trace(gram) / len(gram)
    weights = np.linalg.lstsq(gram + penalty * np.eye(len(gram)), centred.T @ (targets - targets.mean(0)), rcond=None)[
        0
    ]
    predicted = (deletion.seen - mean) @ weights + targets.mean(axis=0)
    return float((predicted.argmax(axis=1) == labels).mean())


def functionality_correlation(
    dissimilarities: NDArray[np.float64], accuracies: NDArray[np.float64], reference: float
) -> tuple[float, float]:
    """Spearman's ρ and Kendall's τ_b of dissimilarity to a reference with the difference in accuracy from it.

    Args:
        dissimilarities: (representations,), of each to the reference.
        accuracies: (representations,), of a probe.
        reference: The accuracy of the reference.

    Returns:
        Both; NaN where one side does not vary or has a NaN.

    Source: Ding et al. 2021 (arXiv:2108.01661), section 4.

    >>> functionality_correlation(np.array([0.1, 0.3, 0.2]), np.array([0.9, 0.5, 0.8]), 0.95)
    (1.0, 1.0)
    """
    lost = np.abs(accuracies - reference)
    if not (np.ptp(dissimilarities) > 0 and np.ptp(lost) > 0):  # so a NaN too
        return np.nan, np.nan
    both: tuple[Any, Any] = spearmanr(dissimilarities, lost), kendalltau(dissimilarities, lost)
    return float(both[0].statistic), float(both[1].statistic)


def detection(dissimilarities: NDArray[np.float64], shares: NDArray[np.float64], between: float) -> float:
    """The largest share of components kept at which a network is further from itself than two seeds are apart.

    Args:
        dissimilarities: (shares,), of the representation with that share of components to the full one.
        shares: (shares,).
        between: The mean dissimilarity of two seeds.

    Returns:
        The share; 0 where it never is.

    Source: Ding et al. 2021 (arXiv:2108.01661), section 3.

    >>> detection(np.array([0.1, 0.3, 0.6]), np.array([0.5, 0.25, 0.1]), between=0.2)
    0.25
    """
    return float(max(shares[dissimilarities > between], default=0.0))
