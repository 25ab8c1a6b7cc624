"""Whether the most similar layer of another network is the corresponding one."""

import numpy as np
from numpy.typing import NDArray


def identified(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which layers of one network are identified in another of the same architecture.

    Args:
        similarities: (..., layers, layers), of layer i of the first network to layer j of the second; more is more
            alike.

    Returns:
        (..., layers): 1 where the counterpart is the most similar layer, 1/t where it is one of t equally similar ones
        (how often a random choice among them is right), else 0. A layer with a NaN is not identified.

    Source: Kornblith et al. 2019 (arXiv:1905.00414), section 6.1; ties are ours.

    >>> identified(np.array([[0.9, 0.1, 0.2], [0.5, 0.5, 0.0], [0.3, 0.2, 0.1]])).tolist()
    [1.0, 0.5, 0.0]
    """
    largest = similarities.max(axis=-1)  # NaN where there is one, which nothing equals
    ties = (similarities == largest[..., None]).sum(axis=-1)
    right = np.diagonal(similarities, axis1=-2, axis2=-1) == largest
    return np.where(right, 1 / np.maximum(ties, 1), 0.0)


def accuracy(shares: NDArray[np.float64], places: NDArray[np.int_]) -> NDArray[np.float64]:
    """The share of layers that are identified, over all ordered pairs of different networks.

    Args:
        shares: (networks, networks, ...), as of `identified`.
        places: Which networks, perhaps some several times; pairs of two copies of one are left out.

    Returns:
        (...); NaN where there are no two networks.

    >>> accuracy(np.array([[9.0, 1.0], [0.0, 9.0]]), np.array([0, 1, 1])).item()
    0.5
    """
    x, y = (grid.ravel() for grid in np.meshgrid(places, places, indexing="ij"))
    return shares[x[x != y], y[x != y]].mean(axis=0) if len(set(places)) > 1 else np.full(shares.shape[2:], np.nan)
