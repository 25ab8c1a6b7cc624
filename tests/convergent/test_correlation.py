"""Pearson's correlation against NumPy's float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent import correlation
from tests.matching import calls

SAMPLES, N_X, N_Y = 2300, 4, 3  # two blocks and a rest
TOLERANCE = {np.float64: 1e-13, np.float32: 2e-6}

correlate = jax.jit(correlation)


def pair(seed=0, samples=SAMPLES):
    """Units of two networks that share signals, one of them with a share of all others."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(samples, 5))
    x, y = (signals @ rng.normal(size=(5, n)) + rng.normal(size=(samples, n)) for n in (N_X, N_Y))
    return x, np.maximum(y, 0)


def by_numpy(x, y, dtype):
    """The definition, of what `dtype` makes of the activations, from the first on: then no mean is too large."""
    sides = []
    for side in (x, y):
        exact = np.asarray(side, dtype).astype(np.longdouble)
        shifted = exact - exact[0]
        centred = shifted - shifted.mean(axis=0)
        largest = np.abs(centred).max(axis=0)
        centred /= np.where(largest > 0, largest, 1)
        norm = np.sqrt((centred**2).sum(axis=0))
        sides.append(centred / np.where(norm > 0, norm, 1))
    return (sides[0].T @ sides[1]).astype(np.float64)


def found(x, y, dtype=np.float64):
    result = calls.call(correlate, x, y, dtype=dtype)
    assert result.dtype == dtype
    assert np.nanmax(np.abs(result), initial=0) <= 1
    return result


def assert_right(x, y, dtype, tolerance=None):
    tolerance = tolerance or TOLERANCE[dtype]
    np.testing.assert_allclose(found(x, y, dtype), by_numpy(x, y, dtype), rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("samples", [2, 5, 1000, 1001, SAMPLES])
def test_equals_corrcoef(samples, dtype):
    x, y = (side.astype(dtype) for side in pair(samples=samples))
    wanted = np.corrcoef(x, y, rowvar=False, dtype=np.float64)[:N_X, N_X:]
    np.testing.assert_allclose(found(x, y, dtype), wanted, rtol=0, atol=TOLERANCE[dtype])
    assert samples < 5 or 0.1 < np.abs(wanted).max() < 0.99
    np.testing.assert_allclose(by_numpy(x, y, dtype), wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(10)
def test_scale_and_shift_change_nothing_but_the_sign(dtype, seed):
    """To the bit, where scaling is by powers of two and shifting rounds nothing."""
    rng = np.random.default_rng(seed)
    x, y = (np.round(side * 64) / 64 for side in pair(seed))
    plain = found(x, y, dtype)
    power = 90 if dtype == np.float32 else 900
    signs, scales = rng.choice([-1, 1], size=N_X), 2.0 ** rng.integers(-power, power, size=N_X)
    shifts = rng.integers(-1000, 1000, size=N_X)
    np.testing.assert_array_equal(found((x + shifts) * signs * scales, y, dtype), plain * signs[:, None])
    shifts = rng.integers(-1000, 1000, size=N_Y)
    np.testing.assert_array_equal(found(x, y + shifts, dtype), plain)
    assert_right(x * rng.uniform(-9, 9, size=N_X), y * rng.uniform(0.1, 9, size=N_Y) + rng.normal(size=N_Y), dtype)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(6)
def test_order_of_units_and_samples(dtype, seed):
    rng = np.random.default_rng(seed)
    x, y = pair(seed)
    plain = found(x, y, dtype)
    units, others = rng.permutation(N_X), rng.permutation(N_Y)
    np.testing.assert_allclose(found(x[:, units], y[:, others], dtype), plain[units][:, others], rtol=0, atol=1e-6)
    samples = rng.permutation(SAMPLES)
    np.testing.assert_allclose(found(x[samples], y[samples], dtype), plain, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(
        found(y[:, [0, 1, 2, 0]], x[:, :N_Y], dtype)[:N_Y], plain[:N_Y].T, rtol=0, atol=TOLERANCE[dtype]
    )


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_units_whose_squares_overflow_or_vanish(dtype, scale):
    x, y = pair()
    scale = scale if dtype == np.float32 else scale**10
    assert_right((x + 3) * [scale, 1, 1 / scale, -scale], y * [1 / scale, scale, 1], dtype)


@pytest.mark.parametrize("ratio", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_means_far_larger_than_deviations(dtype, ratio):
    """As many digits as of centred units: the oracle takes the rounded activations for exact."""
    x, y = pair()
    ratio = ratio if dtype == np.float32 else ratio**2
    assert_right(x + ratio, y - ratio, dtype)


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_units_that_vary_by_one_unit_in_the_last_place(dtype):
    rng = np.random.default_rng(1)
    step = np.finfo(dtype).eps
    x = 1 + step * (rng.uniform(size=(SAMPLES, N_X)) < [1e-3, 0.5, 0.999, 0.3])
    y = 1e-3 * (1 + step * (x[:, :N_Y] > 1))
    assert (np.ptp(x, axis=0) > 0).all()
    assert_right(x, y, dtype, 5 * TOLERANCE[dtype])  # equal summands round alike


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_first_sample_far_off_and_means_that_drift(dtype):
    x, y = pair()
    x, y = x + np.linspace(0, 1000, SAMPLES)[:, None], y + 30 * (np.arange(SAMPLES) // 400)[:, None]
    assert_right(x, y, dtype)
    x[0], y[0] = 1e4, -1e3
    assert_right(x, y, dtype, 10 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_constant_units(dtype):
    x, y = pair()
    x[:, 1], x[:, 2], y[:, 0] = 0.1, 0, -1e20
    result = found(x, y, dtype)
    np.testing.assert_array_equal(result[1:3], 0)
    np.testing.assert_array_equal(result[:, 0], 0)
    assert_right(x, y, dtype)
    np.testing.assert_array_equal(found(np.full_like(x, 0.3), y, dtype), 0)


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_duplicates(dtype):
    x, _ = pair()
    y = np.stack([x[:, 2], -7 * x[:, 2] + 1, x[:, 0]], axis=1)
    result = found(x, y, dtype)
    np.testing.assert_allclose(result[2, :2], [1, -1], atol=TOLERANCE[dtype])
    np.testing.assert_allclose(result[0, 2], 1, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(result[:, 1], -result[:, 0], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("samples", "n_x", "n_y"), [(0, 2, 3), (1, 2, 3), (5, 0, 3), (5, 3, 0), (0, 0, 0), (1001, 0, 2)]
)
def test_no_sample_one_sample_no_unit(samples, n_x, n_y):
    result = correlate(jnp.ones((samples, n_x)) * 0.7, jnp.ones((samples, n_y)))
    assert result.shape == (n_x, n_y)
    np.testing.assert_array_equal(result, 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_with_its_unit(bad):
    x, y = pair()
    plain = found(x, y)
    x[77, 1] = bad
    result = found(x, y)
    assert np.isnan(result[1]).all()
    np.testing.assert_array_equal(np.delete(result, 1, axis=0), np.delete(plain, 1, axis=0))


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_layers_in_a_batch(dtype):
    pairs = [pair(seed) for seed in range(3)]
    x, y = (np.stack(side) for side in zip(*pairs, strict=True))
    y[1, :, 2] = 4
    result = calls.call(jax.jit(jax.vmap(correlation)), x, y, dtype=dtype)
    for layer in range(3):
        wanted = by_numpy(x[layer], y[layer], dtype)
        np.testing.assert_allclose(result[layer], wanted, rtol=0, atol=TOLERANCE[dtype])


def test_half_precision_is_summed_in_single():
    x, y = (jnp.asarray(side, jnp.float16) for side in pair())
    result = correlate(x, y)
    assert result.dtype == jnp.float32
    np.testing.assert_allclose(result, by_numpy(x, y, np.float32), atol=TOLERANCE[np.float32])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((jnp.ones((3, 2)), jnp.ones((4, 2))), ValueError, "different numbers of samples, 3 and 4"),
        ((jnp.ones((3, 2)), jnp.ones(3)), ValueError, r"shape \(samples, units\), not \(3,\)"),
        ((jnp.ones((3, 2)), jnp.ones((3, 2), jnp.complex64)), TypeError, "real numbers, not complex64"),
    ],
)
def test_what_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        correlate(*arguments)
