"""The enumeration of simple matches: complete, proven, ordered, bounded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim import minimal_matches_of, simple_matches, smallest_match
from tests import reference as ref
from tests.decomposition import cases
from tests.matching import calls


def enumerate_all(x, y, epsilon, dtype, **options):
    with jax.enable_x64(dtype == np.float64):
        found = simple_matches(jnp.asarray(x.astype(dtype)), jnp.asarray(y.astype(dtype)), epsilon, **options)
    return list(found), found  # read outside the block, as a user may


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(1)
def test_equals_brute_force(dtype, seed):
    """On random pairs of up to 5 + 5 units, 16 a seed at 8 ε each; and each says rightly for which units."""
    batch = calls.small_batch(seed, dtype)
    for c, table in [*enumerate(batch.table)][::2]:
        real = np.flatnonzero(batch.real[c])
        for epsilon in np.unique(batch.epsilon[c]):
            found, iterator = enumerate_all(batch.x[c], batch.y[c], epsilon, dtype)
            assert iterator.complete
            expected = {frozenset(real[row].tolist()) for row in ref.simple_matches_brute(table, epsilon)}
            masks = cases.rows(simple.match for simple in found)
            assert len(masks) == len(set(masks))
            assert set(masks) == expected
            minimal = [
                {frozenset(real[row]) for row in ref.minimal_matches_brute(table, epsilon, i)} for i in range(len(real))
            ]
            for simple, mask in zip(found, masks, strict=True):
                holders = {int(real[i]) for i in range(len(real)) if mask in minimal[i]}
                assert set(np.flatnonzero(calls.joint(simple.minimal_for)).tolist()) == holders
                assert holders


@pytest.mark.parametrize("name", cases.degenerate())
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_degenerate(dtype, name):
    x, y, expected = cases.degenerate()[name]
    found, iterator = enumerate_all(x, y, 0.2, dtype)
    assert iterator.complete
    assert sorted(map(sorted, cases.rows(simple.match for simple in found))) == sorted(map(sorted, expected))


@pytest.mark.parametrize(
    ("dtype", "m", "n_x", "n_y"), [(np.float32, 5, 0, 3), (np.float32, 1, 1, 1), (np.float64, 3, 4, 5)]
)
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    table = ref.subset_table(x, y, cutoff=calls.CUTOFF[dtype], resolution=calls.RESOLUTION[dtype])
    (epsilon,) = ref.clear_epsilons(table.values, (0.5,), calls.MARGIN[dtype])
    found, _ = enumerate_all(x, y, epsilon, dtype)
    expected = [frozenset(np.flatnonzero(row).tolist()) for row in ref.simple_matches_brute(table, epsilon)]
    assert set(cases.rows(simple.match for simple in found)) == set(expected)


@pytest.fixture(scope="module")
def larger():
    x, y, epsilon = cases.larger_pair(3)
    found, iterator = enumerate_all(x, y, epsilon, np.float64)
    assert iterator.complete
    return x, y, epsilon, found


def test_two_searches_agree_where_brute_force_does_not_reach(larger):
    """The map of all units together, and for each unit the paper's rule."""
    x, y, epsilon, found = larger
    masks = cases.rows(simple.match for simple in found)
    assert len(masks) > 10
    with jax.enable_x64(True):
        for v in range(2 * cases.UNITS):
            of_v = {mask for simple, mask in zip(found, masks, strict=True) if calls.joint(simple.minimal_for)[v]}
            if len(of_v) < 12:  # the paper's rule takes time exponential in their number
                assert set(cases.rows(minimal_matches_of(x, y, epsilon, v))) == of_v


def test_each_is_minimal_by_least_squares(larger):
    x, y, epsilon, found = larger
    for simple in found[:20]:
        match = calls.joint(simple.match)
        v = int(np.flatnonzero(calls.joint(simple.minimal_for))[0])
        inside = x * match[: cases.UNITS], y * match[cases.UNITS :]
        np.testing.assert_array_equal(ref.minimal_match_lstsq(*inside, epsilon, v), match)


def test_the_first_ones_make_up_the_maximum_match(larger):
    """So that a bounded enumeration says something of every matched unit: one for each unit comes before any other."""
    x, y, epsilon, found = larger
    maximum = ref.maximum_match_lstsq(x, y, epsilon)
    first = np.zeros_like(maximum)
    for simple in found[: int(maximum.sum())]:
        first |= calls.joint(simple.match)
    np.testing.assert_array_equal(first, maximum)


def test_the_order_is_always_the_same_and_limits_cut_it_short(larger):
    x, y, epsilon, found = larger
    everything = cases.rows(simple.match for simple in found)
    for limit in (0, 1, 7, len(found), len(found) + 1):
        some, iterator = enumerate_all(x, y, epsilon, np.float64, limit=limit)
        assert cases.rows(simple.match for simple in some) == everything[:limit]
        assert iterator.complete == (limit > len(found))
    some, iterator = enumerate_all(x, y, epsilon, np.float64, seconds=0.0)
    assert cases.rows(simple.match for simple in some) == everything[: len(some)]
    assert set().union(*cases.rows(simple.match for simple in some)) == set().union(*everything)
    assert not iterator.complete


def test_bounded_in_time():
    """Far too many to enumerate: 2 of 12 + 12 units in general position span all of a plane."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2, 12))
    enumerate_all(x, y, 0.01, np.float64, limit=2)  # compiled before the clock runs
    found, iterator = enumerate_all(x, y, 0.01, np.float64, seconds=0.3)
    assert len(found) > 0
    assert not iterator.complete
    assert len(set(cases.rows(simple.match for simple in found))) == len(found)


def ties(seed):
    """Activations of 0 and 1, at ε that many of their residuals equal but for rounding."""
    rng = np.random.default_rng(seed)
    x, y = (rng.uniform(size=(2, 8, 6)) < 0.5).astype(float)
    return x, y, float(np.sqrt(rng.choice([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4])))


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_ties_with_epsilon_end_and_give_matches(dtype):
    """Where rounding decides, two factorisations may disagree: a search still ends, and never gives what holds no v."""
    for seed in (0, 1, 2, 5, 7, 8, 11, 13):
        x, y, epsilon = ties(seed)
        found, iterator = enumerate_all(x, y, epsilon, dtype)
        assert iterator.complete
        masks = cases.rows(simple.match for simple in found)
        assert len(masks) == len(set(masks))
        for simple in found:
            assert calls.joint(simple.minimal_for).any()
            assert (calls.joint(simple.minimal_for) <= calls.joint(simple.match)).all()
        with jax.enable_x64(dtype == np.float64):
            for v in (0, 9):
                smallest = smallest_match(x.astype(dtype), y.astype(dtype), epsilon, v, rounds=20)
                assert smallest.bound <= int(smallest.match.size)
                assert not int(smallest.match.size) or calls.joint(smallest.match)[v]
                assert all(calls.joint(match)[v] for match in minimal_matches_of(x, y, epsilon, v))


def test_epsilon_is_one_number_and_the_limit_not_negative():
    x = np.eye(3, dtype=np.float32)
    with pytest.raises(ValueError, match="epsilon must be one number"):
        simple_matches(x, x, np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="limit must be at least 0, received -1"):
        simple_matches(x, x, 0.1, limit=-1)
