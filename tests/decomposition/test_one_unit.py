"""All v-minimal matches of one unit, and the smallest of them, against brute force."""

import jax
import numpy as np
import pytest

from jaxrepsim import minimal_matches_of, simple_matches, smallest_match
from tests import reference as ref
from tests.decomposition import cases
from tests.matching import calls


def search(function, x, y, epsilon, unit, dtype, **options):
    with jax.enable_x64(dtype == np.float64):
        found = function(x.astype(dtype), y.astype(dtype), epsilon, unit, **options)
    return list(found) if function is minimal_matches_of else found


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_equal_brute_force(dtype, seed):
    batch, rng = calls.small_batch(seed, dtype), np.random.default_rng(seed)
    several = 0
    for c, table in [*enumerate(batch.table)][::2]:
        real = np.flatnonzero(batch.real[c])
        for epsilon in np.unique(batch.epsilon[c])[::2]:
            i = int(rng.integers(len(real)))
            minimal = ref.minimal_matches_brute(table, epsilon, i)
            expected = {frozenset(real[row].tolist()) for row in minimal}
            arguments = (batch.x[c], batch.y[c], epsilon, int(real[i]), dtype)
            masks = cases.rows(search(minimal_matches_of, *arguments))
            assert len(masks) == len(set(masks))
            assert set(masks) == expected
            smallest = search(smallest_match, *arguments)
            assert smallest.exact
            assert smallest.bound == min(map(len, expected), default=0)
            (mask,) = cases.rows([smallest.match])
            assert mask in expected if expected else not mask
            several += len(expected) > 1
    assert several > 5


@pytest.mark.parametrize("name", cases.degenerate())
def test_degenerate(name):
    x, y, simple = cases.degenerate()[name]
    for v in (0, 5, 9):
        holding = [match for match in simple if v in match]
        found = cases.rows(search(minimal_matches_of, x, y, 0.2, v, np.float64))
        assert sorted(map(sorted, found)) == sorted(map(sorted, holding))
        smallest = search(smallest_match, x, y, 0.2, v, np.float64)
        assert (smallest.bound, smallest.exact) == (min(map(len, holding), default=0), True)


def test_the_smallest_of_a_larger_pair_is_the_smallest_of_all():
    x, y, epsilon = cases.larger_pair(6)
    with jax.enable_x64(True):
        simple = [(calls.joint(match).sum(), calls.joint(units)) for match, units in simple_matches(x, y, epsilon)]
        compared = 0
        for v in np.flatnonzero(ref.maximum_match_lstsq(x, y, epsilon))[::3]:
            sizes = [size for size, units in simple if units[v]]
            smallest = smallest_match(x, y, epsilon, int(v))
            assert smallest.exact
            assert smallest.bound == int(smallest.match.size) == min(sizes)
            compared += len(set(sizes)) > 1
    assert compared


def test_bounds_close_in_as_rounds_are_allowed():
    rng = np.random.default_rng(7)
    x, y = ref.latent_pair(rng, cases.SAMPLES, cases.UNITS, cases.UNITS, rank=7, noise=0.3)
    epsilon = 0.35
    v = int(np.flatnonzero(ref.maximum_match_lstsq(x, y, epsilon))[0])
    exact = search(smallest_match, x, y, epsilon, v, np.float64)
    before = 0
    for rounds in (0, 1, 2, 4):
        found = search(smallest_match, x, y, epsilon, v, np.float64, rounds=rounds)
        assert before <= found.bound <= exact.bound <= int(found.match.size)
        match = calls.joint(found.match)
        inside = x * match[: cases.UNITS], y * match[cases.UNITS :]
        np.testing.assert_array_equal(ref.minimal_match_lstsq(*inside, epsilon, v), match)
        before = found.bound


@pytest.mark.parametrize("function", [minimal_matches_of, smallest_match])
def test_errors(function):
    x = np.eye(3, dtype=np.float32)
    with pytest.raises(ValueError, match="unit 6 is not there"):
        function(x, x, 0.1, 6)
    with pytest.raises(ValueError, match=r"epsilon must lie in \[0, 1\)"):
        function(x, x, 1.5, 0)


def test_rounds_below_zero():
    with pytest.raises(ValueError, match="rounds must be at least 0, received -1"):
        smallest_match(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), 0.1, 0, rounds=-1)
