import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls


@pytest.mark.parametrize(("dtype", "expected"), [(np.float64, 1e-5), (np.float32, 3e-3)])
def test_resolution(dtype, expected):
    assert float(jaxrepsim.resolution(dtype)) == pytest.approx(expected)
    assert float(jaxrepsim.resolution(jnp.dtype(dtype))) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(6)
def test_equals_the_svd(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    found = calls.call(calls.batch_residuals, batch.x, batch.y, dtype=dtype)
    expected = np.array(
        [ref.residuals(x, y, cutoff=calls.CUTOFF[dtype]) for x, y in zip(batch.x, batch.y, strict=True)]
    )
    assert found.dtype == dtype
    assert (found >= 0).all()
    assert (found <= 1).all()
    np.testing.assert_allclose(found**2, expected**2, rtol=0, atol=calls.BOUND[dtype])


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(6)
def test_accuracy_of_the_policy(dtype, dependent, crossed, seed):
    """Squared residuals within 1e-9 of an SVD up to κ = 1e6 in float64, within 1e-5 up to 1e3 in float32."""
    for share in (0.3, 0.6, 1.0):
        x, y = calls.hard(seed, dtype, share, dependent=dependent, crossed=crossed)
        found = calls.call(calls.residuals, x, y, dtype=dtype)
        expected = ref.residuals(x, y, cutoff=calls.CUTOFF[dtype])
        np.testing.assert_allclose(found**2, expected**2, rtol=0, atol=calls.BOUND[dtype])


@pytest.mark.parametrize("change", calls.CHANGES[:-1])
@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(2)
def test_invariant(dtype, change, seed):
    batch = calls.small_batch(seed, dtype)
    changed = change(np.random.default_rng(seed), batch.x, batch.y, dtype)
    before = calls.call(calls.batch_residuals, batch.x, batch.y, dtype=dtype)
    after = calls.call(calls.batch_residuals, changed.x, changed.y, dtype=dtype)
    back = before[:, changed.origin[: calls.UNITS]]
    np.testing.assert_allclose(after**2, back**2, rtol=0, atol=2 * calls.BOUND[dtype])


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_reads_zero_below_the_resolution(dtype):
    resolution = calls.RESOLUTION[dtype]
    y = np.eye(4)[:, :2]
    x = np.array([[1, 1, 0.6], [1, 0, 0.8], [0.5 * resolution, 2 * resolution, 0], [0, 0, 0]])
    found = calls.call(calls.residuals, x, y, dtype=dtype)
    assert found[0] == 0.0
    assert found[1] == pytest.approx(2 * resolution, rel=0.05)
    assert found[2] == 0.0


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_zero_inside_the_span(dtype):
    rng = np.random.default_rng(0)
    y = ref.with_dependent(rng, rng.normal(size=(80, 16)), duplicates=4, sums=4)
    x = calls.pad(y[:, :10] @ rng.normal(size=(10, 10)), 80, 24)
    found = calls.call(calls.residuals, x, y, dtype=dtype)
    np.testing.assert_array_equal(found[:10], 0.0)
    np.testing.assert_array_equal(found[10:], 1.0)  # padding: dead units


@pytest.mark.parametrize(("dtype", "m", "n_x", "n_y"), calls.SIZES)
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    found = calls.call(calls.residuals, x, y, dtype=dtype)
    assert found.shape == (n_x,)
    expected = ref.residuals(x, y, cutoff=calls.CUTOFF[dtype], resolution=calls.RESOLUTION[dtype])
    np.testing.assert_allclose(found**2, expected**2, rtol=0, atol=calls.BOUND[dtype])


def test_more_units_than_samples_span_everything():
    rng = np.random.default_rng(1)
    found = calls.call(calls.residuals, *ref.random_pair(rng, 50, 60, 60), dtype=np.float64)
    np.testing.assert_array_equal(found, 0.0)


@pytest.mark.parametrize("side", ["x", "y", "both"])
def test_dead_units(side):
    rng = np.random.default_rng(2)
    x, y = ref.random_pair(rng, calls.SAMPLES, calls.UNITS, calls.UNITS)
    x, y = (x if side == "y" else 0 * x), (y if side == "x" else 0 * y)
    found = calls.call(calls.residuals, x, y, dtype=np.float32)
    np.testing.assert_allclose(found, 1.0, atol=1e-6)
    assert (found <= 1).all()
    np.testing.assert_array_equal(found[~x.any(axis=0)], 1.0)


def test_keeps_float32_where_x64_is_on():
    with jax.enable_x64(True):
        x = jnp.ones((4, 2), jnp.float32)
        assert calls.residuals(x, x).dtype == jnp.float32


def test_over_all_pairs_of_networks():
    rng = np.random.default_rng(3)
    networks = rng.normal(size=(3, calls.SAMPLES, calls.UNITS))
    pairs = jax.vmap(jax.vmap(jaxrepsim.residuals, (None, 0)), (0, None))
    found = calls.call(jax.jit(pairs), networks, networks, dtype=np.float64)
    expected = [[ref.residuals(x, y, resolution=1e-5) for y in networks] for x in networks]
    np.testing.assert_allclose(found, expected, atol=1e-9)


# Gradients

gradient = jax.jit(jax.grad(lambda x, y, weights: jnp.sum(weights * jaxrepsim.residuals(x, y)), argnums=(0, 1)))


@calls.over_seeds(5)
def test_gradient_equals_finite_differences_of_the_svd(seed):
    rng = np.random.default_rng(seed)
    x, y = ref.random_pair(rng, calls.SAMPLES, calls.UNITS, calls.UNITS)
    x, y = x * rng.uniform(0.1, 10.0, size=calls.UNITS), y * rng.uniform(0.1, 10.0, size=calls.UNITS)
    dx, dy = ref.random_pair(rng, calls.SAMPLES, calls.UNITS, calls.UNITS)
    weights = rng.normal(size=calls.UNITS)
    g_x, g_y = calls.call(gradient, x, y, weights, dtype=np.float64)
    h = 1e-5
    for step_x, step_y, slope in ((dx, 0, np.sum(g_x * dx)), (0, dy, np.sum(g_y * dy))):
        up, down = (weights @ ref.residuals(x + t * step_x, y + t * step_y) for t in (h, -h))
        assert slope == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("case", ["exact", "duplicates", "dependent", "dead x", "dead y", "all dead", "padded", "wide"])
def test_gradient_is_finite(dtype, case):
    rng = np.random.default_rng(4)
    x, y = ref.random_pair(rng, calls.SAMPLES, calls.UNITS, calls.UNITS)
    if case == "exact":
        x = y.copy()
    if case == "duplicates":
        y[:, 1], y[:, 2], x[:, 3] = y[:, 0], -2 * y[:, 0], y[:, 0]
    if case == "dependent":
        y[:, 4] = y[:, 0] + 0.7 * y[:, 1]
    if case in ("dead x", "all dead"):
        x[:, :] = 0
    if case in ("dead y", "all dead"):
        y[:, :] = 0
    if case == "padded":
        x[:, 3:], y[:, 2:], x[9:], y[9:] = 0, 0, 0, 0
    if case == "wide":  # more units than samples
        x[3:], y[3:] = 0, 0
    for g in calls.call(gradient, x, y, np.ones(calls.UNITS), dtype=dtype):
        assert np.isfinite(g).all()


def test_gradient_of_a_dependent_span_is_right():
    """A duplicate in y adds nothing to the span: moving x gives the slope that the plain span gives."""
    rng = np.random.default_rng(5)
    x, y = ref.random_pair(rng, calls.SAMPLES, calls.UNITS, calls.UNITS)
    y[:, 4] = -2 * y[:, 0]
    dx, weights, h = rng.normal(size=x.shape), rng.normal(size=calls.UNITS), 1e-5
    g_x, _ = calls.call(gradient, x, y, weights, dtype=np.float64)
    up, down = (weights @ ref.residuals(x + t * dx, y) for t in (h, -h))
    assert np.sum(g_x * dx) == pytest.approx((up - down) / (2 * h), rel=1e-5)


def test_a_second_derivative_is_refused_in_words():
    x, y = (jnp.asarray(np.random.default_rng(side).normal(size=(12, 3)), jnp.float32) for side in (0, 1))
    with pytest.raises(TypeError, match="no second one"):
        jax.hessian(lambda x: jnp.sum(jaxrepsim.residuals(x, y)))(x)


def test_the_gradient_grows_with_the_coefficients_that_a_near_duplicate_takes():
    """−2 (x − yc) cᵀ: the true one, by finite differences in float64 too."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(12, 1))
    with jax.enable_x64(True):
        y = jnp.asarray(np.concatenate([base, base + 1e-4 * rng.normal(size=(12, 1))], axis=1))
        x = jnp.asarray(rng.normal(size=(12, 1)))
        step = jnp.asarray(rng.normal(size=y.shape))
        gradient = jax.grad(lambda y: jnp.sum(jaxrepsim.residuals(x, y)))(y)
        ahead, behind = (float(jaxrepsim.residuals(x, y + h * step)[0]) for h in (1e-8, -1e-8))
    gradient = np.asarray(gradient)
    assert np.abs(gradient).max() > 1e2
    assert np.sum(gradient * np.asarray(step)) == pytest.approx((ahead - behind) / 2e-8, rel=1e-2)
