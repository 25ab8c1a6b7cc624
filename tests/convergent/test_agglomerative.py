"""Average linkage against scikit-learn's, and against the definition."""

import itertools

import numpy as np
import pytest
from scipy.cluster import hierarchy
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from jaxrepsim.convergent import agglomerative
from tests.convergent.planted import CLUSTERS, UNITS, by_first_appearance, co_clusters


def theirs(graph, k):
    model = AgglomerativeClustering(k, metric="precomputed", linkage="average")
    return model.fit(np.where(np.eye(len(graph), dtype=bool), 0, 1 - graph)).labels_


def naive(graph, k):
    """Joins, from the definition: the means over all pairs, anew for each; heights, and labels at k clusters."""
    groups, heights, labels = [[i] for i in range(len(graph))], [], np.zeros(len(graph), int)
    while True:
        if len(groups) == k:
            for c, group in enumerate(groups):
                labels[group] = c
        if len(groups) == 1:
            return np.array(heights), by_first_appearance(labels)
        pairs = itertools.combinations(range(len(groups)), 2)
        height, a, b = min((np.mean(1 - graph[np.ix_(groups[a], groups[b])]), a, b) for a, b in pairs)
        heights.append(height)
        groups[a] += groups.pop(b)


def random_graph(seed, n):
    weights = np.random.default_rng(seed).uniform(0.01, 1, (n, n))
    return (weights + weights.T) / 2 * (1 - np.eye(n))


def length(graph, order):
    """Of a walk along the order, over the units that have an edge."""
    return np.sum(1 - graph[order[:-1], order[1:]])


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_planted_co_clusters_as_scikit_learn_finds_them(relu, dtype):
    for seed in range(6):
        plant = co_clusters(seed, relu=relu)
        labels = agglomerative(plant.graph.astype(dtype), CLUSTERS).labels
        np.testing.assert_array_equal(labels, by_first_appearance(plant.labels))
        assert adjusted_rand_score(labels, theirs(plant.graph, CLUSTERS)) == 1


def test_any_number_of_clusters():
    graph = random_graph(0, 30)
    for k in range(1, 31):
        labels = agglomerative(graph, k).labels
        np.testing.assert_array_equal(labels, by_first_appearance(theirs(graph, k)))
        assert len(np.unique(labels)) == k


def test_the_tree_from_the_definition():
    for seed in range(5):
        graph = random_graph(seed, 12)
        heights, labels = naive(graph, 5)
        found = agglomerative(graph, 5)
        np.testing.assert_allclose(found.tree[:, 2], heights, atol=1e-12)
        np.testing.assert_array_equal(found.labels, labels)
        assert hierarchy.is_valid_linkage(found.tree)


def test_exactly_as_many_clusters_as_asked_for_where_distances_tie():
    graph = np.full((6, 6), 0.5)
    for k in range(1, 7):
        found = agglomerative(graph, k)
        assert len(np.unique(found.labels)) == k
        if 1 < k < 6:
            assert len(np.unique(hierarchy.fcluster(found.tree, k, "maxclust"))) < k
    copies = np.kron(np.array([[1, 0.1], [0.1, 1]]), np.ones((4, 4)))  # two units, four times each
    assert agglomerative(copies, 2).labels.tolist() == [0] * 4 + [1] * 4
    assert len(np.unique(agglomerative(copies, 5).labels)) == 5


def test_isolated_units_are_in_no_cluster_and_last_in_the_order():
    plant = co_clusters(0, dead=9)
    found = agglomerative(plant.graph, CLUSTERS)
    np.testing.assert_array_equal(found.labels, by_first_appearance(plant.labels))
    np.testing.assert_array_equal(found.order[-9:], np.flatnonzero(plant.labels < 0))
    np.testing.assert_array_equal(np.sort(found.order), np.arange(2 * UNITS))
    live = np.flatnonzero(plant.labels >= 0)
    alone = agglomerative(plant.graph[np.ix_(live, live)], CLUSTERS)
    np.testing.assert_array_equal(found.tree, alone.tree)
    np.testing.assert_array_equal(found.order[:-9], live[alone.order])


def test_clusters_are_together_in_the_order():
    for seed in range(5):
        found = agglomerative(co_clusters(seed, noise=2).graph, 7)
        changes = np.count_nonzero(np.diff(found.labels[found.order]))
        assert changes == 6


def test_the_order_is_the_best_that_the_tree_allows():
    def orders(tree, node, n):
        if node < n:
            return [[node]]
        a, b = (orders(tree, int(child), n) for child in tree[node - n, :2])
        return [order for p, q in itertools.product(a, b) for order in (p + q, q + p)]

    for seed in range(10):
        graph = random_graph(seed, 8)
        found = agglomerative(graph, 2)
        best = min(length(graph, np.array(order)) for order in orders(found.tree, 14, 8))
        assert length(graph, found.order) == pytest.approx(best)
        np.testing.assert_array_equal(found.order, hierarchy.leaves_list(found.tree))


def test_more_units_than_are_put_in_the_best_order():
    graph = random_graph(0, 1030)
    found = agglomerative(graph, 10)
    np.testing.assert_array_equal(np.sort(found.order), np.arange(1030))
    assert np.count_nonzero(np.diff(found.labels[found.order])) == 9
    plain = hierarchy.linkage((1 - graph)[np.triu_indices(1030, 1)], "average")
    np.testing.assert_array_equal(found.order, hierarchy.leaves_list(plain))


def test_units_in_another_order():
    plant = co_clusters(1, dead=4, noise=1.5)
    order = np.random.default_rng(0).permutation(2 * UNITS)
    found, moved = (agglomerative(graph, 6) for graph in (plant.graph, plant.graph[np.ix_(order, order)]))
    np.testing.assert_array_equal(moved.labels, by_first_appearance(found.labels[order]))
    np.testing.assert_allclose(moved.tree[:, 2], found.tree[:, 2], atol=1e-12)


@pytest.mark.parametrize(("n", "edges", "k"), [(1, 0, 1), (4, 0, 2), (4, 1, 1), (4, 1, 4)])
def test_few_units(n, edges, k):
    graph = np.zeros((n, n))
    if edges:
        graph[0, 2] = graph[2, 0] = 0.4
    found = agglomerative(graph, k)
    expected = [0, -1, min(k - 1, 1), -1] if edges else [-1] * n
    assert found.labels.tolist() == expected
    assert found.tree.shape == (edges, 4)
    assert sorted(found.order.tolist()) == list(range(n))


@pytest.mark.parametrize(
    ("similarity", "k", "message"),
    [
        (np.zeros((3, 3)), 4, "k must be at least 1 and at most the number of units, 3; received 4"),
        (np.zeros((3, 3)), 0, "k must be .* received 0"),
        (np.zeros((0, 0)), 1, "at most the number of units, 0; received 1"),
        (np.zeros((3, 2)), 1, r"must have the shape \(n, n\), all units with all, not \(3, 2\)"),
        (np.array([[0, np.nan], [np.nan, 0]]), 1, "similarity of unit 0 with unit 1 is nan, not a finite"),
        (np.array([[1, -0.5], [-0.5, 1]]), 1, r"similarity of unit 0 with unit 1 is -0\.5, below 0"),
        (np.array([[1, 0.5], [0.25, 1]]), 1, "a similarity must be symmetric"),
        (np.array([[0, 3.0], [3.0, 0]]), 1, r"a similarity must be at most 1, received 3\.0; divide"),
    ],
)
def test_faults_are_named(similarity, k, message):
    with pytest.raises(ValueError, match=message):
        agglomerative(similarity, k)
    with pytest.raises(TypeError, match="real floating numbers"):
        agglomerative(np.zeros((2, 2), int), 1)
