"""P-values: the formula, that they are uniform where nothing is to be found, and small where something is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxrepsim
from jaxrepsim.chance import AgainstChance, p_value, random_profiles, shuffled_profiles, similarity_against_chance
from jaxrepsim.chance.groups import permuted_rows
from tests import reference as ref
from tests.matching import calls

M, N, DRAWS, REPEATS = 24, 4, 19, 128
EPSILONS = np.array([0.0, 0.3, 0.6, 0.9])

# The samples in six groups of four.
against = jax.jit(
    lambda x, y, epsilons, seed: similarity_against_chance(x, y, epsilons, jax.random.key(seed), DRAWS, 4)
)
by_row = jax.jit(lambda x, y, seed: shuffled_profiles(x, y, jax.random.key(seed), DRAWS))


def test_p_value_counts_the_draws_that_reach_what_was_observed():
    rng = np.random.default_rng(0)
    observed, null = rng.integers(0, 5, size=(3, 2)) / 4, rng.integers(0, 5, size=(3, 2, 40)) / 4
    found = np.asarray(jax.jit(p_value)(observed, null))
    for i in np.ndindex(3, 2):
        reached = sum(bool(value >= observed[i]) for value in null[i])
        assert found[i] == pytest.approx((1 + reached) / 41)


def test_p_value_at_its_ends():
    assert float(p_value(1.0, jnp.zeros(9))) == pytest.approx(0.1)
    assert float(p_value(0.0, jnp.zeros(9))) == 1.0  # a tie counts for chance
    assert float(p_value(1.0, jnp.zeros(0))) == 1.0
    assert np.isnan(p_value(jnp.nan, jnp.zeros(9)))
    assert np.isnan(p_value(1.0, jnp.full(9, jnp.nan)))
    assert p_value(jnp.zeros(0), jnp.zeros((0, 9))).shape == (0,)


@pytest.mark.parametrize(("observed", "null"), [((), ()), ((2,), (3, 9)), ((2,), (9,)), ((), (2, 9))])
def test_p_value_of_shapes_that_do_not_go_together(observed, null):
    with pytest.raises(ValueError, match="null must have the shape"):
        p_value(jnp.zeros(observed), jnp.zeros(null))


def test_uniform_for_independent_networks():
    """Both nulls are exact for normal activations; the area under the curve has no ties."""

    def one(x, y, seed):
        first, second = jax.random.split(jax.random.key(seed))
        observed = jaxrepsim.match_profile(x, y).auc(1.0)
        nulls = shuffled_profiles(x, y, first, DRAWS), random_profiles(x, y, second, DRAWS)
        return [p_value(observed, null.auc(1.0)) for null in nulls]

    x, y = np.random.default_rng(0).normal(size=(2, REPEATS, M, N))
    for p in calls.call(jax.jit(jax.vmap(one)), x, y, np.arange(REPEATS), dtype=np.float32):
        assert p.shape == (REPEATS,)
        counts = np.bincount(np.rint(p * (DRAWS + 1)).astype(int) - 1, minlength=DRAWS + 1)
        assert counts.sum() == REPEATS
        assert stats.chisquare(counts.reshape(5, -1).sum(axis=1)).pvalue > 0.01
        assert abs(p.mean() - 0.525) < 4 * np.sqrt(1 / 12 / REPEATS)


def test_identical_networks_are_never_reached():
    x = np.random.default_rng(1).normal(size=(M, N))
    found = calls.call(against, x, x, EPSILONS, 0, dtype=np.float64)
    np.testing.assert_array_equal(found.observed, 1.0)
    assert found.shuffled.shape == found.random.shape == (len(EPSILONS), DRAWS)
    np.testing.assert_allclose(found.p_shuffled[:3], 1 / (1 + DRAWS))
    np.testing.assert_allclose(found.p_random[:3], 1 / (1 + DRAWS))


def test_is_what_the_parts_give():
    x, y = ref.latent_pair(np.random.default_rng(2), M, N, N, rank=2, noise=0.5)
    found = calls.call(against, x, y, EPSILONS, 5, dtype=np.float64)
    with jax.enable_x64(True):
        first, second = jax.random.split(jax.random.key(5))
        orders = [np.asarray(permuted_rows(key, M, 4)) for key in jax.random.split(first, DRAWS)]
        of_random = jax.jit(lambda x, y, key: random_profiles(x, y, key, DRAWS))(x, y, second)
    nulls = np.array([ref.profile_peel(x, y[rows]) for rows in orders]), calls.joint(of_random)
    for i, epsilon in enumerate(EPSILONS):
        assert found.observed[i] == ref.maximum_match_lstsq(x, y, epsilon, resolution=1e-5).mean()
        for part, null in zip((found.shuffled, found.random), nulls, strict=True):
            np.testing.assert_array_equal(part[i], (null <= epsilon).mean(axis=1))
    assert len(np.unique(np.concatenate([found.shuffled, found.random]))) > 3


def test_alike_within_groups():
    """Four rows an image, nearly the same ones: six images are few, and only their permutation knows it."""
    rng = np.random.default_rng(3)
    x, y = (np.repeat(rng.normal(size=(6, N)), 4, axis=0) + 0.01 * rng.normal(size=(M, N)) for _ in range(2))
    groups = calls.call(against, x, y, EPSILONS, 0, dtype=np.float64)
    rows = calls.call(by_row, x, y, 0, dtype=np.float64).similarity(EPSILONS[3])
    assert groups.shuffled[3].mean() > rows.mean() + 0.4
    assert groups.p_shuffled[3] > 0.2
    assert float(p_value(groups.observed[3], rows)) == pytest.approx(1 / (1 + DRAWS))


def test_random_vectors_lose_the_mean_direction():
    rng = np.random.default_rng(4)
    x, y = np.maximum(rng.normal(size=(2, M, N)), 0)
    found = calls.call(against, x, y, EPSILONS, 0, dtype=np.float64)
    assert found.shuffled[3].mean() > found.random[3].mean() + 0.3


@pytest.mark.parametrize("dead", ["x", "y", "both"])
def test_all_dead(dead):
    x, y = np.random.default_rng(5).normal(size=(2, M, N))
    x, y = (x if dead == "y" else 0 * x), (y if dead == "x" else 0 * y)
    found = calls.call(against, x, y, EPSILONS, 0, dtype=np.float64)
    for similarity in found:
        np.testing.assert_array_equal(similarity, 0.0)
    np.testing.assert_array_equal(found.p_shuffled, 1.0)
    np.testing.assert_array_equal(found.p_random, 1.0)


@pytest.mark.parametrize(("n_x", "n_y"), [(0, 3), pytest.param(1, 1, marks=pytest.mark.long)])
def test_shapes_of_any_size(n_x, n_y):
    pair = [jax.ShapeDtypeStruct((8, n), np.float32) for n in (n_x, n_y)]
    found = jax.eval_shape(against, *pair, jax.ShapeDtypeStruct((2,), np.float32), 0)
    assert [part.shape for part in found] == [(2,), (2, DRAWS), (2, DRAWS)]
    assert all(part.dtype == np.float32 for part in found)


def test_a_batch_has_p_values():
    batch = AgainstChance(jnp.ones((2, 3)), jnp.zeros((2, 3, 9)), jnp.ones((2, 3, 9)))
    np.testing.assert_allclose(batch.p_shuffled, np.full((2, 3), 0.1))
    np.testing.assert_array_equal(batch.p_random, np.ones((2, 3)))
