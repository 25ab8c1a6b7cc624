"""Spearman's ρ, against SciPy's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr

from jaxrepsim.convergent import rank_correlation
from tests.matching.calls import over_seeds

SHAPE = (12, 9)
batched = jax.jit(jax.vmap(rank_correlation))


def cases(rng, dtype):
    """Pairs of matrices without ties, with many, with infinities and both zeros, and related ones."""
    a, b = rng.standard_normal((2, *SHAPE))
    odd = a.copy()
    odd[0, :3], odd[1, :4], odd[2, 0], odd[3, 0] = 0.0, -0.0, np.inf, -np.inf
    pairs = [(a, b), (np.round(a), np.round(b)), (np.maximum(a, 0), b), (odd, b + a), (a, np.exp(3 * a)), (a, -a)]
    return tuple(np.array(side).astype(dtype) for side in zip(*pairs, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@over_seeds(6)
def test_equals_scipy(dtype, seed):
    first, second = cases(np.random.default_rng(seed), dtype)
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)]
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    with jax.enable_x64(dtype == np.float64):
        np.testing.assert_allclose(batched(jnp.asarray(first), jnp.asarray(second)), expected, atol=tolerance)
        one = rank_correlation(jnp.asarray(first[1]), jnp.asarray(second[1]))
        assert one.dtype == dtype
        assert float(one) == pytest.approx(expected[1], abs=tolerance)


def test_float32_keeps_its_digits_over_many_pairs_of_units():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((300, 400)).astype(np.float32)
    b = np.round(a**3 + rng.standard_normal(a.shape), 1).astype(np.float32)
    expected = spearmanr(a.ravel(), b.ravel()).statistic
    assert float(rank_correlation(a, b)) == pytest.approx(expected, abs=1e-5)


def test_only_the_order_counts():
    a, b = np.random.default_rng(1).standard_normal((2, *SHAPE)).astype(np.float32)
    found = float(rank_correlation(a, b))
    assert float(rank_correlation(5 * a - 2, np.arctan(b))) == pytest.approx(found, abs=1e-6)
    assert float(rank_correlation(b, a)) == pytest.approx(found, abs=1e-6)
    assert float(rank_correlation(-a, b)) == pytest.approx(-found, abs=1e-6)
    assert float(rank_correlation(a[::-1], b[::-1])) == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (4,)])
def test_where_all_are_equal_it_is_zero(shape):
    values = jnp.full(shape, 2.0)
    assert float(rank_correlation(values, values)) == 0
    assert float(rank_correlation(jnp.arange(4.0), jnp.ones(4))) == 0


def test_not_a_number():
    a = np.ones(SHAPE, np.float32)
    a[3, 4] = np.nan
    with pytest.raises(ValueError, match=r"b is not a number at \(3, 4\)"):
        rank_correlation(np.ones(SHAPE, np.float32), a)
    stacked = jnp.asarray(np.array([a, np.arange(a.size).reshape(SHAPE)] * 3, np.float32))
    found = np.asarray(batched(stacked, stacked))
    np.testing.assert_allclose(found, [np.nan, 1] * 3, rtol=1e-6)


def test_static_faults():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\)"):
        jax.jit(rank_correlation)(jnp.ones((2, 3)), jnp.ones((3, 2)))
    with pytest.raises(TypeError, match="b must hold real floating numbers, not int32"):
        rank_correlation(jnp.ones(3), jnp.ones(3, jnp.int32))
