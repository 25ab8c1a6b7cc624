"""Spectral clusters against planted ones, scikit-learn's, and the normalised cut of every partition."""

import itertools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csgraph
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

from jaxrepsim.convergent import joint_graph, laplacian_spectrum, moments, spectral_clusters
from tests.convergent.planted import CLUSTERS, UNITS, by_first_appearance, co_clusters
from tests.matching.calls import DTYPES, LOGIC_DTYPES, call

N = 2 * UNITS


def clusters(graph, seed):
    return spectral_clusters(graph, CLUSTERS, jax.random.key(seed))


compiled, batched = jax.jit(clusters), jax.jit(jax.vmap(clusters))
spectrum = jax.jit(laplacian_spectrum)
joint = jax.jit(lambda x, y: joint_graph(moments.of(x, y)))


def found(graph, seed=0, dtype=np.float64):
    """Of a graph of up to N units, padded with isolated ones."""
    n = len(graph)
    labels = call(compiled, np.pad(graph, (0, N - n)), seed, dtype=dtype)
    assert (labels[n:] == -1).all()
    return labels[:n]


def theirs(graph, k=CLUSTERS):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the graph falls apart
        return SpectralClustering(k, affinity="precomputed", n_init=10, random_state=0).fit(graph).labels_


def normalised_cut(graph, labels):
    return sum(graph[labels == c][:, labels != c].sum() / graph[labels == c].sum() for c in np.unique(labels))


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
@pytest.mark.parametrize("relu", [False, True])
def test_planted_co_clusters_as_scikit_learn_finds_them(relu, dtype):
    for seed in range(3):
        plant = co_clusters(seed, relu=relu)
        labels = call(compiled, call(joint, plant.x, plant.y, dtype=dtype), seed, dtype=dtype)
        assert adjusted_rand_score(labels, plant.labels) == 1
        assert adjusted_rand_score(labels, theirs(plant.graph)) == 1
        np.testing.assert_array_equal(labels, by_first_appearance(plant.labels))


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_the_joint_graph_is_the_positive_part_of_all_correlations(dtype):
    plant = co_clusters(1, dead=5)
    graph = call(joint, plant.x, plant.y, dtype=dtype)
    np.testing.assert_allclose(graph, plant.graph, atol=1e-12 if dtype == np.float64 else 1e-5)
    assert not np.diagonal(graph).any()
    assert not graph[plant.labels < 0].any()
    assert (np.corrcoef(plant.x[:, plant.labels[:UNITS] >= 0].T) < -0.01).any()
    assert graph.min() == 0


@pytest.mark.long
def test_the_joint_graph_of_pairs_in_a_batch():
    plants = [co_clusters(seed) for seed in range(3)]
    x, y = (np.stack(side) for side in zip(*((plant.x, plant.y) for plant in plants), strict=True))
    graphs = call(jax.jit(jax.vmap(lambda x, y: joint_graph(moments.of(x, y)))), x, y, dtype=np.float64)
    np.testing.assert_allclose(graphs, [plant.graph for plant in plants], atol=1e-12)


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_dead_units_are_in_no_cluster_and_change_nothing_else(dtype):
    for seed in range(4):
        plant = co_clusters(seed, dead=9)
        labels = found(plant.graph, seed, dtype)
        np.testing.assert_array_equal(labels, by_first_appearance(plant.labels))
        live = plant.labels >= 0
        np.testing.assert_array_equal(found(plant.graph[np.ix_(live, live)], seed, dtype), labels[live])


def test_padding_against_a_program_for_the_shape_without():
    graph = co_clusters(2).graph[5:33, 5:33]
    with jax.enable_x64(True):
        alone = spectral_clusters(jnp.asarray(graph), CLUSTERS, jax.random.key(7))
    np.testing.assert_array_equal(found(graph, 7), alone)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_spectrum_is_that_of_the_normalised_laplacian(dtype):
    plant = co_clusters(0, dead=7)
    live = plant.labels >= 0
    values = call(spectrum, plant.graph, dtype=dtype)
    expected = np.linalg.eigvalsh(csgraph.laplacian(plant.graph[np.ix_(live, live)], normed=True))
    atol = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(values[:-7], expected, atol=atol)
    assert np.isinf(values[-7:]).all()
    assert values.min() >= 0
    degree = plant.graph[live].sum(axis=1)
    quotient = np.diag(degree) - plant.graph[np.ix_(live, live)]  # the same from the definition, D^{-1} (D − S)
    np.testing.assert_allclose(values[:-7], np.sort(np.linalg.eigvals(quotient / degree[:, None]).real), atol=atol)
    assert np.argmax(np.diff(values[:-7])) + 1 == CLUSTERS  # the eigengap


def test_components_are_counted_and_found():
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat(np.arange(CLUSTERS), N // CLUSTERS))
    weights = rng.uniform(0.1, 1, (N, N))
    graph = np.where(truth[:, None] == truth, weights + weights.T, 0)
    np.testing.assert_array_equal(found(graph), by_first_appearance(truth))
    np.testing.assert_array_equal(found(graph, dtype=np.float32), by_first_appearance(truth))
    values = call(spectrum, graph, dtype=np.float64)
    assert (values[:CLUSTERS] < 1e-12).all()
    assert values[CLUSTERS] > 0.1
    assert adjusted_rand_score(theirs(graph), truth) == 1


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_units_of_small_and_large_degree_are_treated_alike(dtype):
    """Components whose units have degrees that differ by a factor of thousands, and a little of everything between."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth = rng.permutation(np.repeat(np.arange(CLUSTERS), N // CLUSTERS))
        loud = 10 ** rng.uniform(-4, 0, N)
        graph = np.where(truth[:, None] == truth, 1.0, 1e-4) * loud[:, None] * loud * (1 - np.eye(N))
        np.testing.assert_array_equal(found(graph, seed, dtype), by_first_appearance(truth))


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_the_least_normalised_cut_of_all_partitions(dtype):
    """Of eight units in two clusters, all 127 of them."""
    cut = jax.jit(lambda graph: spectral_clusters(graph, 2, jax.random.key(0)))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        side = rng.permutation([0, 0, 0, 1, 1, 1, 1, 1])
        weights = np.where(side[:, None] == side, 1.0, 0.2) * rng.uniform(0.3, 1, (8, 8))
        graph = (weights + weights.T) * (1 - np.eye(8))
        splits = [np.array((0, *rest)) for rest in itertools.product((0, 1), repeat=7)][1:]
        best = min(splits, key=lambda split: normalised_cut(graph, split))
        np.testing.assert_array_equal(call(cut, graph, dtype=dtype), best)


def test_units_in_another_order():
    for seed in range(4):
        plant = co_clusters(seed, dead=3)
        order = np.random.default_rng(seed).permutation(N)
        moved = found(plant.graph[np.ix_(order, order)], seed)
        np.testing.assert_array_equal(moved, by_first_appearance(found(plant.graph, seed)[order]))


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_scale_and_diagonal_do_not_matter(dtype):
    graph = co_clusters(3, noise=1.5).graph.astype(dtype)
    labels = found(graph, 1, dtype)
    values = call(spectrum, graph, dtype=dtype)
    for power in (-100, 127):  # in float32 the degrees would overflow
        np.testing.assert_array_equal(found(np.ldexp(graph, power), 1, dtype), labels)
        scaled = call(spectrum, np.ldexp(graph, power), dtype=dtype)
        np.testing.assert_allclose(scaled, values, atol=1e-14 if dtype == np.float64 else 2e-6)
    np.testing.assert_array_equal(found(graph * dtype(3e37), 1, dtype), labels)
    np.testing.assert_array_equal(found(graph + np.diag(np.arange(N)), 1, dtype), labels)
    np.testing.assert_array_equal(found(graph - np.eye(N), 1, dtype), labels)


def test_the_key_alone_decides():
    graph = np.random.default_rng(0).uniform(size=(N, N))
    graph = graph + graph.T  # no clusters at all
    first, again = found(graph, 4), found(graph, 4)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(np.unique(first), np.arange(CLUSTERS))


def test_all_isolated_and_a_single_edge():
    assert (found(np.zeros((N, N))) == -1).all()
    assert np.isinf(call(spectrum, np.zeros((N, N)), dtype=np.float32)).all()
    graph = np.zeros((N, N))
    graph[3, 8] = graph[8, 3] = 0.2
    expected = np.full(N, -1)
    expected[[3, 8]] = 0, 1  # fewer units than clusters: no two of them together
    np.testing.assert_array_equal(found(graph), expected)


def test_duplicate_units_are_together():
    plant = co_clusters(5)
    z = np.concatenate([plant.x, plant.x], axis=1)
    graph = np.maximum(np.corrcoef(z.T), 0)
    labels = found(graph)
    np.testing.assert_array_equal(labels[:UNITS], labels[UNITS:])
    np.testing.assert_array_equal(labels[:UNITS], by_first_appearance(plant.labels[:UNITS]))


def test_as_many_clusters_as_units_one_cluster_and_one_unit():
    graph = jnp.asarray(np.random.default_rng(0).uniform(0.1, 1, (5, 5)))
    graph = graph + graph.T
    key = jax.random.key(0)
    assert spectral_clusters(graph, 5, key).tolist() == [0, 1, 2, 3, 4]
    assert spectral_clusters(graph, 1, key).tolist() == [0] * 5
    assert spectral_clusters(jnp.ones((1, 1)), 1, key).tolist() == [-1]


@pytest.mark.long
def test_pairs_and_layers_in_a_batch():
    """The second is padded."""
    graphs = [co_clusters(0).graph, co_clusters(1).graph[:30, :30], np.zeros((N, N))]
    stacked = np.stack([np.pad(graph, (0, N - len(graph))) for graph in graphs])
    together = call(batched, stacked, np.arange(3), dtype=np.float64)
    for i in range(3):
        np.testing.assert_array_equal(together[i], call(compiled, stacked[i], i, dtype=np.float64))
    assert (together[1, 30:] == -1).all()


def test_traced_numbers_that_are_not_finite_isolate_their_units():
    plant = co_clusters(0)
    graph = plant.graph
    graph[2, 7] = graph[7, 2] = np.nan
    expected = plant.labels.copy()
    expected[[2, 7]] = -1
    np.testing.assert_array_equal(found(graph), by_first_appearance(expected))


@pytest.mark.parametrize(
    ("similarity", "k", "message"),
    [
        (np.zeros((3, 3)), 4, "k must be at least 1 and at most the number of units, 3; received 4"),
        (np.zeros((3, 3)), 0, "k must be .* received 0"),
        (np.zeros((0, 0)), 1, "at most the number of units, 0; received 1"),
        (np.zeros((3, 2)), 1, r"must have the shape \(n, n\), all units with all, not \(3, 2\)"),
        (np.zeros(3), 1, r"not \(3,\)"),
        (np.array([[0, 0.5], [0.5, 0]]) * np.nan, 1, "similarity of unit 0 with unit 1 is nan, not a finite"),
        (np.array([[0, np.inf], [np.inf, 0]]), 1, "similarity of unit 0 with unit 1 is inf, not a finite"),
        (np.array([[1, -0.5], [-0.5, 1]]), 1, r"similarity of unit 0 with unit 1 is -0\.5, below 0"),
        (np.array([[1, 0.5], [0.25, 1]]), 1, r"unit 0 with unit 1 is 0\.5, and of unit 1 with unit 0 0\.25"),
    ],
)
def test_faults_are_named(similarity, k, message):
    with pytest.raises(ValueError, match=message):
        spectral_clusters(similarity, k, jax.random.key(0))
    if k == 1:
        with pytest.raises(ValueError, match=message):
            laplacian_spectrum(jnp.asarray(similarity))


def test_faults_that_a_trace_shows():
    with pytest.raises(TypeError, match="real floating numbers, not int32"):
        spectral_clusters(jnp.zeros((2, 2), jnp.int32), 1, jax.random.key(0))
    with pytest.raises(ValueError, match="the number of units, 3; received 4"):
        compiled(jnp.zeros((3, 3)), 0)
    graph = np.array([[1, 0.5], [0.5 + 1e-6, 1]], np.float32)  # symmetric up to rounding
    assert spectral_clusters(graph, 1, jax.random.key(0)).tolist() == [0, 0]
