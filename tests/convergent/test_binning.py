"""Adaptive bins against counting."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent.binning import bin_edges, bin_index
from tests.convergent.binned_units import SAMPLES, bins_by_counting, units
from tests.matching import calls

edges = jax.jit(lambda x: bin_edges(x, 10))


@jax.jit
def binned(x):
    return bin_index(x, bin_edges(x, 10))


@calls.over_seeds(5)
def test_bins_are_those_of_counting(seed):
    x = units(seed)
    found = calls.call(binned, x, dtype=np.float64)
    wanted = np.stack([bins_by_counting(unit, 10) for unit in x.T], axis=1)
    np.testing.assert_array_equal(found, wanted)
    # The order of values is the same in float32, but for what rounds to equal values, which the seeds do not have.
    np.testing.assert_array_equal(calls.call(binned, x, dtype=np.float32), wanted)


@pytest.mark.parametrize("bins", [2, 3, 80])
def test_any_number_of_bins(bins):
    x = units(0)
    found = calls.call(lambda x: bin_index(x, bin_edges(x, bins)), x, dtype=np.float64)
    np.testing.assert_array_equal(found, np.stack([bins_by_counting(unit, bins) for unit in x.T], axis=1))


@pytest.mark.parametrize("samples", [0, 1, 2, 5])
def test_few_samples(samples):
    x = units(0, samples)
    found = calls.call(binned, x, dtype=np.float64)
    assert found.shape == x.shape
    np.testing.assert_array_equal(found, np.stack([bins_by_counting(unit, 10) for unit in x.T], axis=1))
    at = calls.call(edges, x, dtype=np.float64)
    assert at.shape == (12, 8)
    assert not np.isnan(at).any()


def test_no_units():
    assert edges(jnp.zeros((5, 0))).shape == (0, 8)
    assert bin_index(jnp.zeros((5, 0)), jnp.zeros((0, 8))).shape == (5, 0)


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_edges_are_values_of_the_unit_in_order(dtype):
    x = units(3, dtype=dtype)
    at = calls.call(edges, x, dtype=dtype)
    assert at.dtype == dtype
    assert (at[:, :-1] <= at[:, 1:]).all()
    for unit, row in zip(x.T, at, strict=True):
        assert set(row) <= set(unit[unit != 0]) | {-np.inf}
    np.testing.assert_array_equal(at[10], -np.inf)


def test_counts_are_equal_where_all_values_differ():
    x = np.random.default_rng(0).normal(size=(SAMPLES, 12))
    x[:16] = 0
    for bins in (3, 10):
        indices = calls.call(lambda x, bins=bins: bin_index(x, bin_edges(x, bins)), x, dtype=np.float64)
        counts = np.stack([np.bincount(unit, minlength=bins) for unit in indices.T])
        np.testing.assert_array_equal(counts[:, 0], 16)
        assert np.ptp(counts[:, 1:], axis=1).max() <= 1


def test_many_bins_of_many_values():
    """Of more than 2³¹ / bins values, where the number of them times that of bins is too large for an integer."""
    found = bin_edges(jnp.arange(300_000.0, 0, -1)[:, None], 10_000)[0]
    wanted = [round(Fraction(j * 300_000, 9_999)) for j in range(1, 9_999)]  # 9,999 is odd: there are no halves
    np.testing.assert_array_equal(found, wanted)


def test_equal_values_stay_together_and_two_are_told_apart():
    """However rare one of the two is."""
    for rare in (1, 2, 29):
        x = np.full((SAMPLES, 12), 2.0)
        x[:rare] = 1.0
        found = calls.call(binned, x, dtype=np.float64)
        assert (found[:rare] == found[0]).all()
        assert (found[rare:] == found[-1]).all()
        assert (found[0] < found[-1]).all()


@calls.over_seeds(3)
def test_only_the_order_of_the_values_and_zero_matter(seed):
    x = units(seed)
    plain = calls.call(binned, x, dtype=np.float64)
    np.testing.assert_array_equal(calls.call(binned, np.sinh(3 * x), dtype=np.float64), plain)
    np.testing.assert_array_equal(calls.call(binned, 1e-30 * x, dtype=np.float64), plain)
    order = np.random.default_rng(seed).permutation(SAMPLES)
    np.testing.assert_array_equal(calls.call(binned, x[order], dtype=np.float64), plain[order])
    # An odd number of groups, and all values different: no two cuts are as near, and the bins turn round.
    x, plain = x[:, [0, 1, 2, 11]], plain[:, [0, 1, 2, 11]]
    turned = calls.call(binned, calls.pad(-x, SAMPLES, 12), dtype=np.float64)[:, :4]
    np.testing.assert_array_equal(turned, np.where(x == 0, 0, 10 - plain))


def test_zero_rows_change_no_edge():
    x = units(4)
    np.testing.assert_array_equal(
        calls.call(edges, calls.pad(x, 97, 12), dtype=np.float64), calls.call(edges, x, dtype=np.float64)
    )


def test_stacked_layers():
    x = np.stack([units(0), units(1)])
    found = calls.call(jax.jit(jax.vmap(binned)), x, dtype=np.float64)
    for each, layer in zip(found, x, strict=True):
        np.testing.assert_array_equal(each, calls.call(binned, layer, dtype=np.float64))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: bin_edges(x, 1), r"bins must be at least 2, one of them for zeros; received 1"),
        (lambda x: bin_edges(x[0], 10), r"must have the shape \(samples, units\), not \(2,\)"),
        (lambda x: bin_index(x, x[:, :1]), r"edges must have the shape .* of 2 units, not \(3, 1\)"),
    ],
)
def test_what_is_wrong_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(jnp.ones((3, 2)))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers, not complex64"):
        bin_edges(jnp.ones((3, 2), jnp.complex64), 10)
