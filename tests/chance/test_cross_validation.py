import jax
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim.chance import cross_validated_residuals
from jaxrepsim.chance.cross_validation import halves
from tests import reference as ref
from tests.matching import calls

M = 60

validated = jax.jit(lambda x, y, seed: cross_validated_residuals(x, y, jax.random.key(seed)))
by_four = jax.jit(lambda x, y, seed: cross_validated_residuals(x, y, jax.random.key(seed), 4))
over_seeds = jax.jit(jax.vmap(lambda x, y, seed: cross_validated_residuals(x, y, jax.random.key(seed)), (None, 0, 0)))
ordinary = jax.jit(jax.vmap(jaxrepsim.residuals, (None, 0)))


def by_lstsq(x, y, seed, dtype, group_size=1):
    """The definition, with NumPy's least squares of minimum norm on the same halves."""
    with jax.enable_x64(dtype == np.float64):
        first, second = (np.asarray(rows) for rows in halves(jax.random.key(seed), len(x), group_size))
    x, y = ref.unit_columns(x), ref.unit_columns(y)
    squared = np.zeros(x.shape[1])
    for fitted, tested in ((first, second), (second, first)):
        c = np.linalg.lstsq(y[fitted], x[fitted], rcond=calls.CUTOFF[dtype])[0]
        squared += np.sum((x[tested] - y[tested] @ c) ** 2, axis=0)
    return np.where(x.any(axis=0), np.sqrt(squared), 1.0)


def assert_close(found, expected, dtype):
    assert found.dtype == dtype
    resolution = calls.RESOLUTION[dtype]
    np.testing.assert_array_equal(found[expected < resolution / 2], 0.0)
    seen = expected > 2 * resolution
    tolerance = 1e-9 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(found[seen], expected[seen], rtol=tolerance)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize(("function", "group_size"), [(validated, 1), (by_four, 4)])
def test_equals_least_squares_on_the_halves(function, group_size, dtype):
    """Of structure to find; of more units than a half has samples; of dependent and dead ones."""
    rng = np.random.default_rng(0)
    few = ref.latent_pair(rng, M, 8, 10, rank=4, noise=0.5)
    many = ref.random_pair(rng, M, 8, 45)
    dependent = few[0], ref.with_dead(rng, ref.with_dependent(rng, few[1], duplicates=3, sums=3), 2)
    for x, y in (few, many, dependent):
        x, y = (a.astype(dtype).astype(np.float64) for a in (calls.pad(x, M, 8), calls.pad(y, M, 45)))
        found = calls.call(function, x, y, 3, dtype=dtype)
        assert_close(found, by_lstsq(x, y, 3, dtype, group_size), dtype)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_of_many_samples(dtype):
    """Where each half is factored before it is fitted."""
    x, y = ref.latent_pair(np.random.default_rng(1), 301, 5, 6, rank=3, noise=0.5)
    x, y = (a.astype(dtype).astype(np.float64) for a in (x, y))
    assert_close(calls.call(validated, x, y, 0, dtype=dtype), by_lstsq(x, y, 0, dtype), dtype)


def test_does_not_fall_when_units_approach_the_samples():
    """Independent units: √(1 − n/m) remains of residuals, and nothing at 60 units on 60 samples."""
    rng = np.random.default_rng(2)
    widths = np.array([5, 15, 28, 45, 55, 60])
    x, y = rng.normal(size=(M, 20)), rng.normal(size=(M, M))
    ys = y * (np.arange(M) < widths[:, None])[:, None, :]
    same = calls.call(ordinary, x, ys, dtype=np.float64)
    np.testing.assert_allclose(np.mean(same**2, axis=1), 1 - widths / M, atol=0.06)
    np.testing.assert_array_equal(same[-1], 0.0)
    other = calls.call(over_seeds, x, ys, np.arange(len(widths)), dtype=np.float64)
    assert (np.mean(other**2, axis=1) > 1.0).all()
    assert (np.median(other, axis=1) > 0.98).all()
    assert np.mean(other[2]) > 2.0  # 28 units on halves of 30: by far


def test_follows_what_is_there():
    """y predicts a unit but for noise of a share s of its norm: r is √(s² + a little)."""
    rng = np.random.default_rng(3)
    y = calls.pad(rng.normal(size=(M, 3)), M, 45)
    signal, noise = (ref.unit_columns(a) for a in (y[:, :3] @ rng.normal(size=(3, 8)), rng.normal(size=(M, 8))))
    shares = np.array([0.0, 0.0, 0.1, 0.1, 0.3, 0.3, 0.6, 0.6])
    found = calls.call(validated, np.sqrt(1 - shares**2) * signal + shares * noise, y, 0, dtype=np.float64)
    np.testing.assert_array_equal(found[:2], 0.0)
    np.testing.assert_allclose(found[2:], shares[2:], rtol=0.35)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_does_not_depend_on_a_units_scale(dtype):
    rng = np.random.default_rng(4)
    x, y = ref.latent_pair(rng, M, 8, 45, rank=4, noise=0.5)
    exponents = rng.integers(-60, 60, size=53) if dtype == np.float32 else rng.integers(-600, 600, size=53)
    before = calls.call(validated, x, y, 0, dtype=dtype)
    after = calls.call(validated, x * 2.0 ** exponents[:8], y * 2.0 ** exponents[8:], 0, dtype=dtype)
    np.testing.assert_allclose(after, before, rtol=1e-9 if dtype == np.float64 else 1e-3)


def test_dead_in_one_half():
    rng = np.random.default_rng(5)
    first, second = (np.asarray(rows) for rows in halves(jax.random.key(0), M, 1))
    x, y = calls.pad(rng.normal(size=(M, 6)), M, 8), calls.pad(rng.normal(size=(M, 6)), M, 45)
    x[first, 0] = 0  # fitted on zeros, predicted from the other half
    x[second, 1] = 0
    y[first, 0] = 0  # no use where it is fitted, and so none where it is tested
    y[second, 1] = 0
    found = calls.call(validated, x, y, 0, dtype=np.float64)
    assert_close(found, by_lstsq(x, y, 0, np.float64), np.float64)
    assert (found[:2] > 1.0).all()
    np.testing.assert_array_equal(found[6:], 1.0)
    # Its own copy does not predict a unit that is there in the one half alone: nothing was to be fitted in the other.
    found = calls.call(validated, x, calls.pad(x[:, :1], M, 45), 0, dtype=np.float64)
    assert found[0] == pytest.approx(1.0, abs=1e-12)


def test_copies_read_zero():
    x = np.random.default_rng(6).normal(size=(M, 8))
    for dtype in calls.DTYPES:
        np.testing.assert_array_equal(calls.call(validated, x, calls.pad(3 * x[:, ::-1], M, 45), 0, dtype=dtype), 0.0)


def test_dead_units():
    x, y = ref.random_pair(np.random.default_rng(7), M, 8, 45)
    np.testing.assert_array_equal(calls.call(validated, 0 * x, y, 0, dtype=np.float32), 1.0)
    np.testing.assert_allclose(calls.call(validated, x, 0 * y, 0, dtype=np.float32), 1.0, atol=1e-6)
    np.testing.assert_array_equal(calls.call(validated, 0 * x, 0 * y, 0, dtype=np.float32), 1.0)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@pytest.mark.parametrize(("m", "n_x", "n_y"), [(5, 0, 3), (5, 3, 0), (5, 0, 0), (1, 1, 1), (3, 4, 5), (0, 2, 2)])
def test_any_size(m, n_x, n_y, dtype):
    x, y = ref.random_pair(np.random.default_rng(8), m, n_x, n_y)
    found = calls.call(validated, x, y, 0, dtype=dtype)
    assert found.shape == (n_x,)
    if m < 2 or n_y == 0:
        np.testing.assert_allclose(found, 1.0, atol=1e-6)
    else:
        assert_close(found, by_lstsq(x, y, 0, dtype), dtype)


def test_the_key_alone_decides():
    x, y = ref.latent_pair(np.random.default_rng(9), M, 8, 45, rank=4, noise=0.5)
    first, again, other = (calls.call(validated, x, y, seed, dtype=np.float32) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


@pytest.mark.parametrize(("samples", "size", "sizes"), [(60, 1, (30, 30)), (60, 4, (28, 32)), (5, 5, (0, 5))])
def test_halves_share_no_group(samples, size, sizes):
    first, second = (np.asarray(rows) for rows in halves(jax.random.key(0), samples, size))
    assert (len(first), len(second)) == sizes
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(samples))
    assert not set(first // size) & set(second // size)
