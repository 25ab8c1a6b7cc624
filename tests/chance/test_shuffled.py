import jax
import numpy as np
import pytest

from jaxrepsim.chance import shuffled_profiles
from jaxrepsim.chance.groups import permuted_rows
from tests import reference as ref
from tests.matching import calls

DRAWS = 3


def shuffled(draws=DRAWS, group_size=1):
    return jax.jit(lambda x, y, seed: shuffled_profiles(x, y, jax.random.key(seed), draws, group_size))


by_row, by_four = shuffled(), shuffled(group_size=4)


@pytest.fixture(scope="module")
def pair():
    return ref.grouped_pair(np.random.default_rng(0), 80, 24, 4)


def expected(x, y, seed, group_size, dtype):
    """The definition, draw by draw: y's rows in the order of the draw, and a peel with a fresh SVD at each step."""
    profiles = []
    with jax.enable_x64(dtype == np.float64):
        for key in jax.random.split(jax.random.key(seed), DRAWS):
            rows = np.asarray(permuted_rows(key, len(y), group_size))
            profiles.append(ref.profile_peel(x, y[rows], cutoff=calls.CUTOFF[dtype]))
    return np.array(profiles)


WAYS = pytest.mark.parametrize(
    ("function", "group_size", "dtype"), [(by_row, 1, np.float32), (by_four, 4, np.float64)], ids=["rows", "fours"]
)


@WAYS
def test_equals_the_profiles_of_permuted_rows(function, group_size, dtype, pair):
    x, y = (a.astype(dtype).astype(np.float64) for a in pair)
    found = calls.call(function, x, y, 7, dtype=dtype)
    assert found.x.dtype == found.y.dtype == dtype
    assert found.x.shape == found.y.shape == (DRAWS, 24)
    calls.assert_critical_close(calls.joint(found), expected(x, y, 7, group_size, dtype), calls.BOUND[dtype])


@WAYS
def test_dependent_and_dead_units_and_any_scale(function, group_size, dtype):
    """Of a Gram matrix that cannot be trusted, and of units whose squares overflow."""
    x, y = calls.hard(1, dtype, 0.6, dependent=True, crossed=False)
    x, y = calls.pad(x[:, :20], 80, 24), calls.pad(y[:, :22], 80, 24)
    found = calls.call(function, x, y, 7, dtype=dtype)
    wanted = expected(x, y, 7, group_size, dtype)
    calls.assert_critical_close(calls.joint(found), wanted, calls.BOUND[dtype])
    np.testing.assert_array_equal(np.isinf(wanted).sum(axis=1), 6)
    huge = 2.0**70 if dtype == np.float32 else 2.0**600
    scaled = calls.call(function, x * huge, y / huge, 7, dtype=dtype)
    np.testing.assert_array_equal(calls.joint(scaled), calls.joint(found))


def test_the_key_alone_decides(pair):
    first, again, other = (calls.joint(calls.call(by_row, *pair, seed, dtype=np.float32)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    draws = np.concatenate([first, other])
    assert len(np.unique(draws, axis=0)) == 2 * DRAWS


@pytest.mark.long
def test_pairs_and_keys_in_a_batch(pair):
    batch = jax.jit(jax.vmap(lambda x, y, seed: shuffled_profiles(x, y, jax.random.key(seed), DRAWS, 4)))
    x, y = pair
    found = calls.joint(calls.call(batch, np.stack([x, y]), np.stack([y, y]), np.array([7, 8]), dtype=np.float64))
    assert found.shape == (2, DRAWS, 48)
    for i, (a, b, seed) in enumerate([(x, y, 7), (y, y, 8)]):
        alone = calls.joint(calls.call(by_four, a, b, seed, dtype=np.float64))
        np.testing.assert_allclose(found[i], alone, atol=1e-9)


@pytest.mark.parametrize(("m", "n_x", "n_y"), [(5, 0, 3), (3, 4, 5)])
def test_any_size(m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    found = calls.call(lambda x, y: shuffled_profiles(x, y, jax.random.key(7), DRAWS), x, y, dtype=np.float32)
    assert found.x.shape == (DRAWS, n_x)
    assert found.y.shape == (DRAWS, n_y)
    wanted = expected(x, y, 7, 1, np.float32)
    calls.assert_critical_close(calls.joint(found), wanted, calls.BOUND[np.float32])


@pytest.mark.parametrize("dead", ["x", "y", "both"])
def test_all_dead(dead, pair):
    x, y = pair
    found = calls.call(by_row, x if dead == "y" else 0 * x, y if dead == "x" else 0 * y, 7, dtype=np.float32)
    np.testing.assert_allclose(found.x, np.inf if dead != "y" else 1.0, atol=1e-6)
    np.testing.assert_allclose(found.y, np.inf if dead != "x" else 1.0, atol=1e-6)


def test_the_mean_direction_survives():
    """Half of a normal variable's square is kept by ReLU, 1/2π of it as the mean: residuals √(1 − 1/π) = 0.83."""
    rng = np.random.default_rng(0)
    x, y = (calls.pad(np.maximum(rng.normal(size=(80, 4)), 0), 80, 24) for _ in range(2))
    found = calls.call(by_row, x, y, 0, dtype=np.float32)
    assert found.x[:, :4].mean() < 0.92
    x, y = (calls.pad(rng.normal(size=(80, 4)), 80, 24) for _ in range(2))
    found = calls.call(by_row, x, y, 0, dtype=np.float32)
    assert found.x[:, :4].mean() > 0.97
