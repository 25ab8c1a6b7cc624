"""The order of a tree's leaves in which neighbours are nearest. On the host.

SciPy's `optimal_leaf_ordering` does not always find it: its orders can even be longer than the one that it was given
(scipy issue 11227).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Leaves = NDArray[np.int64]


def best_leaf_order(tree: Floats, distances: Floats) -> tuple[Floats, Leaves]:
    """Of the 2^(n−1) orders that turning the nodes of a tree gives, the one of least Σ d(leaf, next leaf).

    With T(i, j) the least sum within the smallest subtree that holds leaves i and j, i at one end and j at the other:
    where its two branches hold i and j, T(i, j) = min over m, l of T(i, m) + d(m, l) + T(l, j). Here m is a leaf of
    i's branch at whose root i and m part, and l one of j's. The two minima are taken one after the other, which makes
    it O(n³) at most.

    Args:
        tree: (n − 1, 4), SciPy's linkage matrix of n leaves, at least two.
        distances: (n, n), symmetric.

    Returns:
        The tree with its nodes turned, and (n,), its leaves from left to right.

    Source: Bar-Joseph, Gifford and Jaakkola 2001, Fast optimal leaf ordering for hierarchical clustering,
    Bioinformatics 17.
    """
    n = len(distances)
    children = tree[:, :2].astype(np.int64).tolist()
    leaves = [np.array([leaf]) for leaf in range(n)]
    for first, second in children:
        leaves.append(np.concatenate([leaves[first], leaves[second]]))

    def ends(node: int) -> list[tuple[Leaves, Leaves]]:
        """Leaves at one end of a subtree, and those that may be at the other."""
        if node < n:
            return [(leaves[node], leaves[node])]
        first, second = (leaves[child] for child in children[node - n])
        return [(first, second), (second, first)]

    least = np.zeros((n, n))
    for left, right in children:
        for i, m in ends(left):
            for l, j in ends(right):  # noqa: E741
                beside = _least_sum(least[np.ix_(i, m)], distances[np.ix_(m, l)])
                path = _least_sum(beside, least[np.ix_(l, j)])
                least[np.ix_(i, j)], least[np.ix_(j, i)] = path, path.T

    def partners(node: int, leaf: np.int64) -> Leaves:
        return next(other for own, other in ends(node) if leaf in own)

    turned, order = tree.copy(), []
    left, right = (leaves[child] for child in children[-1])
    start, stop = np.unravel_index(np.argmin(least[np.ix_(left, right)]), (len(left), len(right)))
    waiting = [(2 * n - 2, left[start], right[stop])]
    while waiting:
        node, i, j = waiting.pop()
        if node < n:
            order.append(node)
            continue
        left, right = children[node - n]
        if i not in leaves[left]:
            left, right = right, left
        turned[node - n, :2] = left, right
        ms, ls = partners(left, i), partners(right, j)
        path = least[i, ms][:, None] + distances[np.ix_(ms, ls)] + least[ls, j]
        m, l = np.unravel_index(np.argmin(path), path.shape)  # noqa: E741
        waiting += [(right, ls[l], j), (left, i, ms[m])]
    return turned, np.array(order)


def _least_sum(a: Floats, b: Floats) -> Floats:
    """min over m of a[i, m] + b[m, j]: the product of matrices with + for times and min for plus."""
    if len(a) > b.shape[1]:
        return _least_sum(b.T, a.T).T
    return np.array([np.min(row[:, None] + b, axis=0) for row in a])
