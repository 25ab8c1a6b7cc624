"""Mixed clusters counted one by one, and chance against every way to put units into clusters."""

import itertools
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent import mixing
from tests.matching.calls import call

K, N_X, N_Y = 5, 12, 9
compiled = jax.jit(lambda x, y: mixing(x, y, K))


def shares(labels_x, labels_y):
    """Of clusters and of units that are mixed, by sets."""
    in_x, in_y = set(labels_x) - {-1}, set(labels_y) - {-1}
    units = [label for label in (*labels_x, *labels_y) if label >= 0]
    return len(in_x & in_y) / len(in_x | in_y), sum(label in in_x & in_y for label in units) / len(units)


def mixes_by_chance(size, n_x, n_y):
    pure = math.comb(n_x, size) + math.comb(n_y, size)
    return 1 - Fraction(pure, math.comb(n_x + n_y, size)) if size else Fraction(0)


def test_counts_and_shares():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, y = rng.integers(-1, 3, N_X), rng.integers(-1, K, N_Y)
        found = compiled(x, y)
        for c in range(K):
            a, b = (x == c).sum(), (y == c).sum()
            assert (found.x[c], found.y[c], found.mixed[c]) == (a, b, a > 0 and b > 0)
            assert found.size[c] == a + b
            balance = found.balance[c].item()
            assert balance == pytest.approx(2 * min(a, b) / (a + b)) if a + b else np.isnan(balance)
        found_shares = found.share_of_clusters.item(), found.share_of_units.item()
        assert found_shares == pytest.approx(shares(x.tolist(), y.tolist()))


def test_chance_is_the_mean_over_every_way_to_put_units_into_clusters():
    """Four of nine units are those of x: all 126 choices, with two more units in no cluster."""
    labels = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3])
    found = mixing(np.append(labels[:4], -1), np.append(labels[4:], -1), K)
    ways = []
    for chosen in itertools.combinations(range(9), 4):
        of_x = np.isin(np.arange(9), chosen)
        ways.append(shares(labels[of_x].tolist(), labels[~of_x].tolist()))
    expected = found.chance_share_of_clusters.item(), found.chance_share_of_units.item()
    assert expected == pytest.approx(np.mean(ways, axis=0), rel=1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize(("n_x", "n_y"), [(1000, 1000), (30, 1970), (2000, 0)])
def test_chance_of_many_units_against_binomial_coefficients(n_x, n_y, dtype, tolerance):
    sizes = [1, 2, 3, 15, 60, 400, 1519]
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(7), sizes))
    found = call(lambda x, y: mixing(x, y, 8), labels[:n_x], labels[n_x:], dtype=dtype)
    expected = [float(mixes_by_chance(size, n_x, n_y)) for size in (*sizes, 0)]
    np.testing.assert_allclose(found.chance, expected, atol=tolerance)
    assert found.chance.dtype == dtype


def test_clusters_of_one_network_and_of_copies():
    apart = mixing(jnp.array([0, 0, 1]), jnp.array([2, 2, 3]), 4)
    assert apart.share_of_clusters == apart.share_of_units == 0
    assert apart.balance.tolist() == [0.0] * 4
    assert 0 < apart.chance_share_of_clusters < 1
    copies = mixing(jnp.arange(4), jnp.arange(4), 4)
    assert copies.share_of_clusters == copies.share_of_units == 1
    assert copies.balance.tolist() == [1.0] * 4
    np.testing.assert_allclose(copies.chance, 4 / 7, rtol=1e-6)  # the other unit is one of 4 among 7
    swapped = mixing(jnp.array([2, 2, 3]), jnp.array([0, 0, 1]), 4)
    np.testing.assert_allclose(swapped.chance, np.roll(apart.chance, 2), rtol=1e-6)


@pytest.mark.parametrize(("x", "y"), [([], []), ([-1, -1], [-1]), ([], [-1])])
def test_no_unit_in_a_cluster(x, y):
    found = mixing(np.array(x, int), np.array(y, int), 2)
    assert found.size.tolist() == [0, 0]
    assert found.chance.tolist() == [0, 0]
    for share in (found.share_of_clusters, found.share_of_units, found.chance_share_of_clusters, found.balance[0]):
        assert np.isnan(share)


def test_one_unit_mixes_with_none():
    found = mixing(jnp.array([0]), jnp.array([], int), 1)
    assert found.share_of_clusters == found.chance_share_of_clusters == 0


def test_a_batch_is_each_by_itself():
    rng = np.random.default_rng(0)
    x, y = rng.integers(-1, K, (3, N_X)), rng.integers(-1, K, (3, N_Y))
    together = jax.vmap(lambda x, y: mixing(x, y, K))(x, y)
    for i in range(3):
        alone = compiled(x[i], y[i])
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[i], part, rtol=1e-6)
        for name in ("share_of_clusters", "share_of_units", "chance_share_of_clusters", "chance_share_of_units"):
            np.testing.assert_allclose(getattr(together, name)[i], getattr(alone, name), rtol=1e-6)


def test_faults_are_named():
    good = jnp.array([0, 1])
    with pytest.raises(ValueError, match="k must be at least 1, received 0"):
        mixing(good, good, 0)
    with pytest.raises(ValueError, match=r"labels must lie in \[-1, 2\), received some from 0 to 2"):
        mixing(good, jnp.array([0, 2]), 2)
    with pytest.raises(ValueError, match=r"received some from -2 to 1"):
        mixing(jnp.array([-2, 1]), good, 2)
    with pytest.raises(ValueError, match=r"labels must have the shape \(units,\), not \(2, 1\)"):
        mixing(good[:, None], good, 2)
    with pytest.raises(TypeError, match="labels must be integers, not float32"):
        mixing(good.astype(jnp.float32), good, 2)
