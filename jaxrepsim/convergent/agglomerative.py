"""Many to many: the units of both networks in clusters, by joining what is most alike. On the host, by SciPy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxrepsim._typing import ArrayLike
from jaxrepsim.convergent.graph import check_graph
from jaxrepsim.convergent.leaf_order import best_leaf_order
from jaxrepsim.extras import needs

ORDERED = 1024
"""Up to so many units the leaves are put in the best order, whose time grows with the cube of their number."""


class Agglomerative(NamedTuple):
    """A tree of units, and its cut into clusters. NumPy arrays."""

    labels: NDArray[np.int64]
    """(n,): the cluster of each unit, numbered by first appearance; −1 for an isolated unit."""
    order: NDArray[np.int64]
    """(n,): the units in the order of the tree's leaves, and then the isolated ones."""
    tree: NDArray[np.float64]
    """(connected − 1, 4): SciPy's linkage matrix of the units that are not isolated. Its leaf i is the i-th of these.
    Each row holds the two clusters that are joined, their distance, and how many units they are together."""


def agglomerative(similarity: ArrayLike, k: int) -> Agglomerative:
    """Clusters by average linkage: from single units upwards, the two clusters of least distance are joined.

    The distance of two units is 1 − similarity, and that of two clusters its mean over all pairs of a unit of one and a
    unit of the other. The distances at which clusters are joined never fall, so that the tree can be cut at any number
    of clusters. Here it is cut at exactly k, also where distances tie.

    A unit that is alike to none (similarity 0 with all others), such as a dead one, is isolated and not in the tree.

    Args:
        similarity: (n, n), concrete, symmetric, in [0, 1]; its diagonal does not matter.
        k: How many clusters.

    Returns:
        Labels, an order to draw the units in, and the tree. Up to 1024 units the order is the one, of all that the tree
        allows, in which neighbours are most alike in sum; above that the tree's own. With fewer than k units that are
        not isolated, each of them is a cluster.

    Raises:
        TypeError: A similarity that is not of real floating numbers.
        ValueError: A similarity that is not square, not finite, negative, above 1 or not symmetric, or k below 1 or
            above n.

    Source: Li et al. 2015 (arXiv:1511.07543), many-to-many alignment; Sokal and Michener 1958 (average linkage);
    Müllner 2011, arXiv:1109.2378 (the algorithm); Bar-Joseph, Gifford and Jaakkola 2001, Bioinformatics 17 (the order).

    >>> similarity = np.array([[1, 0, 0.9, 0], [0, 1, 0.1, 0], [0.9, 0.1, 1, 0], [0, 0, 0, 1]])
    >>> found = agglomerative(similarity, 2)
    >>> found.labels.tolist(), found.order.tolist()
    ([0, 1, 0, -1], [1, 2, 0, 3])
    >>> found.tree[:, 2:].round(3).tolist()  # units 0 and 2 at the distance 0.1; then 1, at the mean of 1 and 0.9
    [[0.1, 2.0], [0.95, 3.0]]
    """
    with needs("measures", "agglomerative clustering"):
        from scipy.cluster import hierarchy
        from scipy.spatial.distance import squareform

    check_graph(similarity, k)
    given = np.asarray(similarity, np.float64)
    weights = np.where(np.eye(len(given), dtype=bool), 0.0, (given + given.T) / 2)
    largest = weights.max()
    if largest > 1 + 1e-6:
        raise ValueError(f"a similarity must be at most 1, received {largest}; divide by its largest value")
    connected = np.flatnonzero(weights.any(axis=1))
    isolated = np.flatnonzero(~weights.any(axis=1))
    labels, tree, leaves = np.full(len(weights), -1), np.zeros((0, 4)), np.arange(len(connected))
    if len(connected) > 1:
        distances = np.maximum(1 - weights[np.ix_(connected, connected)], 0)
        np.fill_diagonal(distances, 0)
        tree = hierarchy.linkage(squareform(distances), "average")
        leaves = hierarchy.leaves_list(tree).astype(np.int64)
        if len(connected) <= ORDERED:
            tree, leaves = best_leaf_order(tree, distances)
    labels[connected] = _cut(tree, len(connected), k)
    return Agglomerative(labels, np.concatenate([connected[leaves], isolated]), tree)


def _cut(tree: NDArray[np.float64], n: int, k: int) -> NDArray[np.int64]:
    """The clusters of n units after all joins but the last k − 1, numbered by first appearance."""
    joins = max(n - k, 0)
    above = np.arange(n + joins)
    above[tree[:joins, :2].astype(np.int64)] = np.arange(n, n + joins)[:, None]
    for node in reversed(range(n + joins)):  # from the roots down, each node its root
        above[node] = above[above[node]]
    _, first, which = np.unique(above[:n], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[which]
