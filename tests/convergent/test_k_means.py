"""k-means against scikit-learn's, and against every partition where there are few points."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.cluster import KMeans as TheirKMeans
from sklearn.metrics import adjusted_rand_score

from jaxrepsim.convergent import k_means
from jaxrepsim.convergent.k_means import draw, lloyd
from tests.convergent.planted import by_first_appearance
from tests.matching.calls import LOGIC_DTYPES, call

N, D, K = 24, 3, 3
PRECISION = {np.float64: 1e-12, np.float32: 1e-5}


def clusters(points, seed, where):
    return k_means(points, K, jax.random.key(seed), where=where)


compiled, batched = jax.jit(clusters), jax.jit(jax.vmap(clusters))


def found(points, seed=0, dtype=np.float64):
    """Of up to N points in up to D dimensions, padded with rows that are not numbers."""
    points = np.asarray(points)
    n, d = points.shape
    padded = np.full((N, D), np.nan)
    padded[:n] = np.pad(points, ((0, 0), (0, D - d)))
    labels, centres, inertia = call(compiled, padded, seed, np.arange(N) < n, dtype=dtype)
    assert (labels[n:] == -1).all()
    assert centres.dtype == inertia.dtype == dtype
    return labels[:n], centres[:, :d], inertia


def inertia_of(points, labels):
    return sum(np.sum((points[labels == c] - points[labels == c].mean(axis=0)) ** 2) for c in np.unique(labels))


def blobs(seed, n=N, spread=0.3):
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    return 4 * np.eye(K)[truth] + spread * rng.normal(size=(n, D)), truth


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_planted_clusters_and_no_more_inertia_than_scikit_learn(dtype):
    for seed in range(10):
        points, truth = blobs(seed)
        labels, _, inertia = found(points, seed, dtype)
        theirs = TheirKMeans(K, n_init=10, tol=0, random_state=seed).fit(points)
        assert adjusted_rand_score(labels, truth) == adjusted_rand_score(labels, theirs.labels_) == 1
        assert inertia <= theirs.inertia_ * (1 + (1e-6 if dtype == np.float64 else 1e-5))


def test_no_structure_and_still_no_more_inertia_than_scikit_learn():
    ours, theirs = [], []
    for seed in range(10):
        points = np.random.default_rng(seed).normal(size=(N, D))
        ours.append(found(points, seed)[2])
        theirs.append(TheirKMeans(K, n_init=10, tol=0, random_state=seed).fit(points).inertia_)
    assert np.median(np.divide(ours, theirs)) <= 1 + 1e-9
    assert np.mean(ours) < 1.02 * np.mean(theirs)


def test_the_best_of_all_partitions():
    partitions = np.array(list(itertools.product(range(K), repeat=7)))
    member = (partitions[:, None] == np.arange(K)[:, None]).astype(float)
    reached = []
    for seed in range(15):
        points = np.random.default_rng(seed).normal(size=(7, 2))
        sums, size = member @ points, member.sum(axis=2, keepdims=True)
        least = (np.sum(points**2) - np.sum(sums**2 / np.maximum(size, 1), axis=(1, 2))).min()
        _, _, inertia = found(points, seed)
        assert inertia >= least * (1 - 1e-12)
        reached.append(inertia <= least * (1 + 1e-9))
    assert np.mean(reached) > 0.9


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_the_result_is_what_the_definition_says(dtype):
    for seed in range(10):
        points = np.random.default_rng(seed).normal(size=(N, D)).astype(dtype)
        labels, centres, inertia = found(points, seed, dtype)
        means = np.array([points[labels == c].mean(axis=0) for c in range(K)])
        np.testing.assert_allclose(centres, means, atol=PRECISION[dtype])
        square = np.sum((points[:, None] - means) ** 2, axis=2)
        assert (square[np.arange(N), labels] <= square.min(axis=1) + PRECISION[dtype]).all()
        assert inertia == pytest.approx(inertia_of(points, labels), rel=PRECISION[dtype])
        np.testing.assert_array_equal(labels, by_first_appearance(labels))


def test_points_that_do_not_count_change_nothing():
    """Padded with NaN, against a program of its own for the shape without."""
    points, _ = blobs(3, 17)
    labels, centres, inertia = found(points, 5)
    with jax.enable_x64(True):
        alone = k_means(jnp.asarray(points), K, jax.random.key(5))
    np.testing.assert_array_equal(labels, alone.labels)
    np.testing.assert_allclose(centres, alone.centres, atol=1e-12)
    assert inertia == pytest.approx(alone.inertia.item(), rel=1e-12)


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_any_scale_and_place(dtype):
    points, _ = blobs(1)
    points = points.astype(dtype)
    labels, centres, inertia = found(points, 2, dtype)
    for power in (-80, 50):
        other, moved, scaled = found(points * 2.0**power, 2, dtype)
        np.testing.assert_array_equal(other, labels)
        np.testing.assert_array_equal(moved, np.ldexp(centres, power))
        if dtype == np.float64:  # its square is beyond what float32 holds
            assert scaled == np.ldexp(inertia, 2 * power)
    far, _, near_inertia = found(points + 1000, 2, dtype)
    assert adjusted_rand_score(far, labels) == 1
    assert near_inertia == pytest.approx(inertia, rel=1e-9 if dtype == np.float64 else 1e-2)


def test_as_many_clusters_as_points():
    points = np.random.default_rng(0).normal(size=(K, D))
    labels, centres, inertia = found(points)
    np.testing.assert_array_equal(labels, np.arange(K))
    np.testing.assert_allclose(centres, points, atol=1e-15)
    assert inertia < 1e-28


def test_one_cluster_and_one_point():
    points = np.random.default_rng(0).normal(size=(4, 2))
    with jax.enable_x64(True):
        one = k_means(jnp.asarray(points), 1, jax.random.key(0), starts=1)
        np.testing.assert_allclose(one.centres[0], points.mean(axis=0), atol=1e-15)
    assert one.labels.tolist() == [0] * 4
    assert one.inertia.item() == pytest.approx(inertia_of(points, np.zeros(4)))
    labels, centres, inertia = found(points[:1])
    assert labels.tolist() == [0]
    np.testing.assert_array_equal(centres, [points[0], [np.nan] * 2, [np.nan] * 2])
    assert inertia == 0


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
def test_fewer_different_points_than_clusters(dtype):
    for seed in range(5):
        points = np.array([[0.1, 0.7], [2.3, 1.9]])[[0, 1, 1, 0, 0, 1, 0]]
        labels, centres, inertia = found(points, seed, dtype)
        assert labels.tolist() == [0, 1, 1, 0, 0, 1, 0]
        np.testing.assert_allclose(centres[:2], [[0.1, 0.7], [2.3, 1.9]], rtol=1e-6)
        assert np.isnan(centres[2]).all()
        assert inertia == pytest.approx(0, abs=1e-12)


def test_no_point_counts():
    labels, centres, inertia = call(compiled, np.ones((N, D)), 0, np.zeros(N, bool), dtype=np.float32)
    assert (labels == -1).all()
    assert np.isnan(centres).all()
    assert inertia == 0


def test_a_nan_shows():
    points, _ = blobs(0)
    points[4, 1] = np.nan
    assert np.isnan(found(points)[2])


def test_the_key_alone_decides():
    points = np.random.default_rng(0).normal(size=(N, D))
    first, again = (found(points, 1) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[2] == again[2]
    alone = [call(single, points, seed, dtype=np.float64).inertia for seed in range(6)]
    assert len(np.unique(np.round(alone, 9))) > 1  # one start ends where its draws lead it


single = jax.jit(lambda points, seed: k_means(points, K, jax.random.key(seed), starts=1))


@pytest.mark.long
def test_a_batch_is_each_by_itself():
    points = np.stack([blobs(seed)[0] for seed in range(3)])
    where = np.arange(N) < np.array([[N], [10], [0]])
    together = call(batched, points, np.arange(3), where, dtype=np.float64)
    for i in range(3):
        alone = call(compiled, points[i], i, where[i], dtype=np.float64)
        np.testing.assert_array_equal(together.labels[i], alone.labels)
        np.testing.assert_allclose(together.centres[i], alone.centres, atol=1e-12)
        assert together.inertia[i] == pytest.approx(alone.inertia)


def test_empty_clusters_take_the_farthest_points():
    """Lloyd's steps from two centres that no point is near to."""
    points = np.zeros((N, D))
    points[:, 0] = np.arange(N)
    centres = np.array([[11.0, 0, 0], [1e6, 0, 0], [2e6, 0, 0]])
    there = np.array([[True, True, True], [True, False, False]])
    both = call(jax.jit(lloyd), points, np.ones(N, bool), np.stack([centres] * 2), there, dtype=np.float64)
    result, absent = (jax.tree.map(lambda part, start=start: part[start], both) for start in range(2))
    assert len(np.unique(result.labels)) == K
    assert result.inertia == pytest.approx(inertia_of(points, result.labels))
    assert result.inertia < 1.2 * 3 * inertia_of(points[:8], np.zeros(8))  # three groups of eight are best
    assert (absent.labels == 0).all()


def test_draws_follow_the_weights():
    weight = np.array([0.0, 0.5, 0.0, 0.3, 0.2, 0.0], np.float32)
    uniform = np.concatenate([np.linspace(0, 1, 1001)[:-1], [np.nextafter(np.float32(1), np.float32(0))]])
    index = np.asarray(jax.vmap(draw, (None, 0))(jnp.asarray(weight), jnp.asarray(uniform, jnp.float32)))
    np.testing.assert_allclose(np.bincount(index, minlength=6) / 1001, weight, atol=2e-3)
    assert (np.bincount(index, minlength=6)[weight == 0] == 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k must be at least 1 and at most the number of points, 4; received 0"),
        ({"k": 5}, "k must be .* 4; received 5"),
        ({"points": jnp.zeros((0, 2))}, "k must be .* 0; received 2"),
        ({"points": jnp.zeros(4)}, r"points must have the shape \(n, d\), not \(4,\)"),
        ({"starts": 0}, "starts must be at least 1, received 0"),
        ({"where": jnp.ones(3, bool)}, r"where must have the shape \(4,\), .* received \(3,\)"),
    ],
)
def test_faults_are_named(options, message):
    given = {"points": jnp.zeros((4, 2)), "k": 2, "key": jax.random.key(0)} | options
    with pytest.raises(ValueError, match=message):
        k_means(**given)
    with pytest.raises(TypeError, match="not int32"):
        k_means(jnp.zeros((4, 2), jnp.int32), 2, jax.random.key(0))
