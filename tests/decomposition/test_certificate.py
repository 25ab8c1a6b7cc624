"""Necessary units, and the certificates that follow from them, against brute force."""

import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.decomposition import cases
from tests.matching import calls


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(1)
def test_equals_brute_force(dtype, seed):
    """The necessary units of every unit; the v-minimum match where there is one, two v-minimal ones where not."""
    batch = calls.small_batch(seed, dtype)
    found = cases.certificates(batch.x, batch.y, batch.epsilon, dtype)
    unique = several = 0
    for c, table in enumerate(batch.table):
        real = np.flatnonzero(batch.real[c])
        for e, epsilon in enumerate(batch.epsilon[c]):
            expected = np.zeros((10, 10), bool)
            expected[np.ix_(real, real)] = ref.necessary_units_brute(table, epsilon)
            np.testing.assert_array_equal(found.necessary[c, e], expected)
            first, second = calls.joint(found.first)[c, e], calls.joint(found.second)[c, e]
            for i, v in enumerate(real):
                minimal = ref.minimal_matches_brute(table, epsilon, i)
                assert found.minimum[c, e, v] == (len(minimal) == 1)
                assert found.several[c, e, v] == (len(minimal) > 1)
                if not len(minimal):
                    assert not first[v].any()
                    assert not second[v].any()
                elif len(minimal) == 1:
                    np.testing.assert_array_equal(first[v][real], minimal[0])
                    assert not second[v].any()
                else:
                    assert (minimal == first[v][real]).all(axis=1).any()
                    assert (minimal == second[v][real]).all(axis=1).any()
                    assert (first[v] != second[v]).any()
                unique += len(minimal) == 1
                several += len(minimal) > 1
            dead = np.setdiff1d(np.arange(10), real)
            assert not first[dead].any()
            assert not second[dead].any()
    assert unique > 100
    assert several > 100


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_necessity_is_reflexive_and_transitive(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    found = calls.one_by_one(jaxrepsim.necessary_units, batch.x, batch.y, batch.epsilon[:, 1], dtype=dtype)
    matched = found.any(axis=1)  # v is in a match
    np.testing.assert_array_equal(np.diagonal(found, axis1=1, axis2=2), matched)
    chained = (found[..., :, :, None] & found[..., None, :, :]).any(axis=-2)  # t needed by u, u needed by v
    assert (found >= chained).all()


@pytest.mark.parametrize("name", cases.degenerate())
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_degenerate(dtype, name):
    x, y, simple = cases.degenerate()[name]
    found = calls.call(jaxrepsim.certificates, x, y, 0.2, dtype=dtype)
    expected = np.zeros((10, 10), bool)
    for v in range(10):
        holding = [match for match in simple if v in match]
        if holding:
            expected[list(set.intersection(*holding)), v] = True
        assert found.minimum[v] == (len(holding) == 1)
        assert found.several[v] == (len(holding) > 1)
    np.testing.assert_array_equal(found.necessary, expected)


def test_a_larger_pair_by_least_squares():
    """u is necessary for v exactly if v is not in the maximum match of the pair without u."""
    x, y, epsilon = cases.larger_pair(5)
    found = calls.call(jaxrepsim.necessary_units, x, y, epsilon, dtype=np.float64)
    everyone = np.ones(24, bool)
    matched = ref.maximum_match_lstsq(x, y, epsilon)
    assert matched.sum() > 5
    for u in range(24):
        without = everyone.copy()
        without[u] = False
        rest = ref.maximum_match_lstsq(x, y, epsilon, within=without)
        np.testing.assert_array_equal(found[u], matched & ~rest if matched[u] else np.zeros(24, bool))


@pytest.mark.parametrize(("dtype", "m", "n_x", "n_y"), [(np.float32, 5, 0, 3), (np.float64, 3, 4, 5)])
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    table = ref.subset_table(x, y, cutoff=calls.CUTOFF[dtype], resolution=calls.RESOLUTION[dtype])
    for epsilon in ref.clear_epsilons(table.values, (0.3, 0.6), calls.MARGIN[dtype]):
        found = calls.call(jaxrepsim.certificates, x, y, epsilon, dtype=dtype)
        assert found.first.x.shape == (n_x + n_y, n_x)
        np.testing.assert_array_equal(found.necessary, ref.necessary_units_brute(table, epsilon))
