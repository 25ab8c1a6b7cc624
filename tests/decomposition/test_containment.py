"""The order of matches as a graph, and the numbers that say local or distributed."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from jaxrepsim import Match
from jaxrepsim.decomposition import containment, granularity


def matches_of(rows, n_x=4):
    return [Match(np.asarray(row[:n_x], bool), np.asarray(row[n_x:], bool)) for row in rows]


@pytest.mark.parametrize("seed", range(10))
def test_edges_are_the_direct_steps(seed):
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.uniform(size=(30, 7)) < rng.uniform(0.2, 0.8), axis=0)
    sets = [frozenset(np.flatnonzero(row).tolist()) for row in rows]
    expected = {
        (b, a)
        for b in range(len(sets))
        for a in range(len(sets))
        if sets[a] < sets[b] and not any(sets[a] < between < sets[b] for between in sets)
    }
    graph = containment(matches_of(rows))
    assert set(graph.edges) == expected
    assert nx.is_directed_acyclic_graph(graph)
    assert [graph.nodes[i]["size"] for i in range(len(sets))] == [len(s) for s in sets]
    reachable = {(a, b) for a, b in combinations(range(len(sets)), 2) if nx.has_path(graph, a, b)}
    assert reachable == {(a, b) for a, b in combinations(range(len(sets)), 2) if sets[b] < sets[a]}


def test_no_match_and_one_match():
    assert len(containment([])) == 0
    graph = containment(matches_of([[1, 0, 0, 0, 1]]))
    assert dict(graph.nodes(data="size")) == {0: 2}


def test_a_match_twice_is_refused():
    with pytest.raises(ValueError, match="a match is given twice"):
        containment(matches_of([[1, 0, 0, 0, 1]] * 2))


def test_granularity():
    rows = [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], [1, 1, 1, 0, 1, 1]]
    found = granularity(matches_of(rows), units=6)
    assert (found.matches, found.in_none) == (3, 1)
    assert found.one_to_one == pytest.approx(2 / 3)
    np.testing.assert_allclose(found.sizes, [2, 2, 2, 3.5, 5])


def test_granularity_of_nothing():
    found = granularity([], units=6)
    assert (found.matches, found.in_none) == (0, 6)
    assert np.isnan(found.one_to_one)
    assert np.isnan(found.sizes).all()
