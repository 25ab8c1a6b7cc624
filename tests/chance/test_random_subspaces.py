"""Random vectors of a given spectrum against direct draws in R^m, and against what is known of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxrepsim
from jaxrepsim.chance import random_profiles
from jaxrepsim.chance.random_subspaces import principal_factor, random_pair
from tests import reference as ref
from tests.matching import calls

DRAWS = 2000
ROWS, N_X, N_Y = 24, 6, 5

profiles = jax.jit(lambda x, y, samples, seed: random_profiles(x, y, jax.random.key(seed), 64, samples))


def draw_pairs(x, y, samples, seed):
    factors = principal_factor(x, samples), principal_factor(y, samples)
    keys = jax.random.split(jax.random.key(seed), DRAWS)
    return jax.lax.map(lambda key: random_pair(key, *factors, (x.shape[1], y.shape[1], samples)), keys)


pairs = jax.jit(draw_pairs)
factor = jax.jit(principal_factor)


def raw(m, seed=0, *, dependent=False):
    """A pair on m samples, the units of y correlated; in the shapes (24, 6) and (24, 5) by zero rows."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(m, N_X)), rng.normal(size=(m, N_Y)) + 0.7 * rng.normal(size=(m, 1))
    if dependent:
        x[:, 4], x[:, 5], y[:, 0], y[:, 3] = x[:, 0] + x[:, 1], 0.0, 2 * y[:, 1], 0.0
    return calls.pad(x, ROWS, N_X), calls.pad(y, ROWS, N_Y)


def direct(x, y, m, seed):
    """The definition: y' = U F, U the sign-fixed QR factor of a normal matrix in R^m. Unit columns."""
    rng = np.random.default_rng(seed)
    _, spectrum, right = np.linalg.svd(ref.unit_columns(y[:m]), full_matrices=False)
    q, r = np.linalg.qr(rng.normal(size=(DRAWS, m, len(spectrum))))
    frames = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    return ref.unit_columns(x[:m]), frames @ (spectrum[:, None] * right)


def numerical_rank(a):
    singular = np.linalg.svd(a, compute_uv=False)
    return (singular > 1e-8 * singular[..., :1]).sum(axis=-1)


@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("m", [24, 11, 9, 6, 5, 4, 1])
def test_inner_products_and_ranks_are_kept(m, dependent):
    """Samples for both networks, for one after the other, and fewer than either has units."""
    x, y = raw(m, dependent=dependent)
    found_x, found_y = calls.call(pairs, x, y, m, 0, dtype=np.float64)
    for found, given in ((found_x, x), (found_y, y)):
        units = ref.unit_columns(given)
        np.testing.assert_allclose(found.swapaxes(1, 2) @ found, np.tile(units.T @ units, (DRAWS, 1, 1)), atol=1e-12)
    together = np.concatenate([found_x, found_y], axis=2)[:20]
    joint = min(m, numerical_rank(x) + numerical_rank(y))
    np.testing.assert_array_equal(numerical_rank(together), joint)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@pytest.mark.parametrize(("m", "dependent"), [(24, False), (24, True), (10, False), (7, False), (5, True)])
def test_squared_residuals_follow_the_beta_distribution(m, dependent, dtype):
    """A random direction's share outside d dimensions of m is Beta((m − d)/2, d/2), of mean 1 − d/m."""
    x, y = raw(m, dependent=dependent)
    d = numerical_rank(x)
    found_x, found_y = calls.call(pairs, x, y, m, 1, dtype=dtype)
    basis = np.linalg.qr(found_x[0, :, :d].astype(np.float64))[0] if not dependent else None
    squares = []
    for i in range(DRAWS):
        if basis is None:
            squares.append(ref.residuals(found_y[i], found_x[i], cutoff=calls.CUTOFF[dtype]) ** 2)
        else:
            squares.append(np.sum(found_y[i] ** 2, axis=0) - np.sum((basis.T @ found_y[i]) ** 2, axis=0))
    squares = np.array(squares)
    for unit in np.flatnonzero(y.any(axis=0)):
        if d == m:
            np.testing.assert_allclose(squares[:, unit], 0.0, atol=1e-5)
            continue
        law = stats.beta((m - d) / 2, d / 2)
        assert law.mean() == pytest.approx(1 - d / m)
        assert abs(squares[:, unit].mean() - law.mean()) < 4 * law.std() / np.sqrt(DRAWS)
        assert stats.kstest(squares[:, unit], law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("m", [24, 11, 8, 6, 5, 4])
def test_distributed_as_direct_draws(m):
    """Signed inner products, their products between units, and principal angles: two-sample tests."""
    x, y = raw(m, seed=2)
    found_x, found_y = calls.call(pairs, x, y, m, 3, dtype=np.float64)
    direct_x, direct_y = direct(x, y, m, 4)

    def statistics(x, y):
        cross = x.swapaxes(-1, -2) @ y
        largest = np.linalg.svd(cross, compute_uv=False)[:, :2]
        products = cross[:, 0, 0] * cross[:, 0, 1], cross[:, 0, 0] * cross[:, 1, 0], cross[:, 2, 1] * cross[:, 3, 2]
        return [*cross[:, :2, :2].reshape(-1, 4).T, *products, *largest.T, cross.sum(axis=(1, 2))]

    for ours, theirs in zip(statistics(found_x, found_y), statistics(direct_x, direct_y), strict=True):
        if np.ptp(theirs) > 1e-9:
            assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
        else:  # in so few dimensions some of it is fixed
            np.testing.assert_allclose(ours, theirs[0], atol=1e-9)


@pytest.mark.parametrize("compressed", [False, True])
def test_profiles_are_distributed_as_those_of_direct_draws(compressed):
    m = 24
    x, y = raw(m, seed=5)
    direct_x, direct_y = direct(x, y, m, 6)
    theirs = calls.call(batch, direct_x, direct_y[:256], dtype=np.float64)
    if compressed:
        x, y = (calls.pad(a, ROWS, a.shape[1]) for a in calls.call(jaxrepsim.compress, x, y, dtype=np.float64))
        assert not x[11:].any()
    ours = [calls.call(profiles, x, y, m, seed, dtype=np.float64) for seed in range(4)]
    ours = jaxrepsim.MatchProfile(*(np.concatenate(side) for side in zip(*ours, strict=True)))
    assert ours.x.shape == (256, N_X)
    for a, b in ((ours.x[:, 0], theirs.x[:, 0]), (ours.y[:, 1], theirs.y[:, 1]), (ours.auc(1.0), theirs.auc(1.0))):
        assert stats.ks_2samp(np.asarray(a), np.asarray(b)).pvalue > 1e-3
    similarities = [np.asarray(profile.similarity(0.85)) for profile in (ours, theirs)]
    assert abs(np.mean(similarities[0]) - np.mean(similarities[1])) < 4 * np.std(similarities) * np.sqrt(2 / 256)


batch = jax.jit(jax.vmap(jaxrepsim.match_profile, (None, 0)))


def test_more_samples_less_similarity():
    x, y = raw(20)
    means = [calls.call(profiles, x, y, m, 0, dtype=np.float64).auc(1.0).mean() for m in (11, 20, 200, 10_000_000)]
    assert all(np.diff(means) < 0)
    assert means[-1] < 1e-3


def test_the_key_alone_decides():
    x, y = raw(ROWS)
    first, again, other = (calls.joint(calls.call(profiles, x, y, ROWS, seed, dtype=np.float64)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(np.concatenate([first, other]), axis=0)) == 128


@pytest.mark.long
def test_layers_of_different_width_and_samples_in_a_batch():
    """Padding with dead units changes no distribution, and each layer may have samples of its own."""
    (x, y), (few_x, few_y) = raw(ROWS), raw(5)
    x, y = x.copy(), y.copy()
    x[:, 2:], y[:, 3:] = 0, 0
    both = jax.jit(jax.vmap(lambda x, y, m, seed: random_profiles(x, y, jax.random.key(seed), 64, m)))
    stacked = (np.stack([x, few_x]), np.stack([y, few_y]), np.array([ROWS, 5]), np.array([3, 3]))
    found = calls.call(both, *stacked, dtype=np.float64)
    assert found.x.shape == (2, 64, N_X)
    assert np.isinf(found.x[0, :, 2:]).all()
    assert np.isinf(found.y[0, :, 3:]).all()
    assert (found.x[0, :, :2] > 0.3).all()
    np.testing.assert_array_equal(calls.joint(found)[1], 0.0)  # six and five units in five dimensions
    alone = calls.joint(calls.call(profiles, x, y, ROWS, 3, dtype=np.float64))
    calls.assert_critical_close(calls.joint(found)[0], alone, 1e-9)


@pytest.mark.parametrize(
    ("m", "n_x", "n_y", "dtype"),
    [(5, 0, 3, np.float32), (3, 4, 5, np.float32)],
)
def test_any_size_and_the_samples_default_to_the_rows(m, n_x, n_y, dtype):
    x, y = ref.random_pair(np.random.default_rng(0), m, n_x, n_y)
    found = calls.call(lambda x, y: random_profiles(x, y, jax.random.key(0), 2), x, y, dtype=dtype)
    assert found.x.dtype == found.y.dtype == dtype
    assert found.x.shape == (2, n_x)
    assert found.y.shape == (2, n_y)
    if n_x and n_y:  # each spans all that so few samples have
        np.testing.assert_array_equal(calls.joint(found), 0.0)
    else:
        np.testing.assert_allclose(calls.joint(found), 1.0, atol=1e-6)


@pytest.mark.parametrize("dead", ["x", "y", "both"])
def test_all_dead(dead):
    x, y = raw(ROWS)
    x, y = (x if dead == "y" else 0 * x), (y if dead == "x" else 0 * y)
    found = calls.call(profiles, x, y, ROWS, 0, dtype=np.float64)
    np.testing.assert_allclose(found.x, np.inf if dead != "y" else 1.0, atol=1e-6)
    np.testing.assert_allclose(found.y, np.inf if dead != "x" else 1.0, atol=1e-6)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_the_principal_factor_of_any_scale(dtype):
    x, _ = raw(ROWS, dependent=True)
    huge = 1e30 if dtype == np.float32 else 1e200
    found = calls.call(factor, x * np.array([huge, 1 / huge, 1, 1, 1, 1]), 24, dtype=dtype)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    # One unit is the sum of two whose scales are now too far apart for that: only those left tell.
    keep = [0, 1, 2, 3, 5]
    units = ref.unit_columns(x)[:, keep]
    np.testing.assert_allclose((found.T @ found)[np.ix_(keep, keep)], units.T @ units, atol=tolerance)
    norms = np.linalg.norm(found, axis=1)
    assert (np.diff(norms) <= tolerance).all()
    own = found @ found.T
    np.testing.assert_allclose(own, np.diag(np.diag(own)), atol=tolerance)


def test_no_unit_in_the_place_of_y():
    x, _ = raw(ROWS)
    with jax.enable_x64(True):
        pair = random_pair(jax.random.key(0), factor(x, 24), jnp.zeros((0, 0)), (x.shape[1], 0, 24))
    found_x, found_y = map(np.asarray, pair)
    assert found_y.shape == (N_X, 0)
    np.testing.assert_allclose(found_x.T @ found_x, ref.unit_columns(x).T @ ref.unit_columns(x), atol=1e-12)


def test_one_unit_of_each_in_one_sample():
    x, y = raw(1)
    x[:, 1:], y[:, 1:] = 0, 0
    found = calls.call(profiles, x, y, 1, 0, dtype=np.float64)
    np.testing.assert_array_equal(found.x[:, 0], 0.0)
    np.testing.assert_array_equal(found.y[:, 0], 0.0)


def test_samples_below_one_are_refused():
    x, y = jnp.ones((4, 2)), jnp.ones((4, 2))
    with pytest.raises(ValueError, match="samples must be at least 1, received 0"):
        random_profiles(x, y, jax.random.key(0), 2, 0)
