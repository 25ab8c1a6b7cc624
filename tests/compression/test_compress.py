import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls

compress = jax.jit(jaxrepsim.compress)
TOLERANCE = {np.float64: 1e-14, np.float32: 5e-6}  # of an inner product of unit vectors


def inner(activations):
    joint = np.concatenate([np.asarray(a, np.float64) for a in activations], axis=1)
    norms = np.linalg.norm(joint, axis=0)
    return joint.T @ joint, np.outer(norms, norms)


def assert_same_geometry(before, after, dtype):
    """As many arrays with as many units, the same inner products for their norms, and no more rows than needed."""
    assert len(after) == len(before)
    rows = min(before[0].shape[0], sum(a.shape[1] for a in before))
    for a, b in zip(before, after, strict=True):
        assert b.shape[1] == a.shape[1]
        assert b.shape[0] <= rows
        assert b.dtype == dtype
    wanted, scale = inner(a.astype(dtype) for a in before)
    found, _ = inner(after)
    assert (np.abs(found - wanted) <= TOLERANCE[dtype] * scale).all()


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("widths", [(3,), (3, 2), (4, 1, 3), (0, 3), (3, 0), (0, 0), (1, 1)])
@pytest.mark.parametrize("m", [30, 8, 3, 1])
def test_keeps_the_inner_products(dtype, widths, m):
    rng = np.random.default_rng(0)
    before = [rng.normal(size=(m, n)) for n in widths]
    after = calls.call(jaxrepsim.compress, *before, dtype=dtype)
    assert isinstance(after, tuple)
    assert_same_geometry(before, after, dtype)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("change", calls.CHANGES)
@calls.over_seeds(2)
def test_keeps_them_after_any_change(dtype, change, seed):
    rng = np.random.default_rng(seed)
    x, y = ref.latent_pair(rng, 80, 24, 24, rank=20, noise=0.5)
    changed = change(rng, x, y, dtype)
    assert_same_geometry(changed[:2], calls.call(compress, changed.x, changed.y, dtype=dtype), dtype)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(4)
def test_keeps_the_residuals(dtype, dependent, crossed, seed):
    """Which takes more than the inner products: these alone would hold them to κ² times the rounding."""
    for share in (0.5, 1.0):
        before = calls.hard(seed, dtype, share, dependent=dependent, crossed=crossed)
        after = calls.call(compress, *before, dtype=dtype)
        assert_same_geometry(before, after, dtype)
        cutoff = calls.CUTOFF[dtype]
        for (x, y), (p, q) in ((before, after), (before[::-1], after[::-1])):
            wanted, found = ref.residuals(x, y, cutoff=cutoff), ref.residuals(p, q, cutoff=cutoff)
            np.testing.assert_allclose(found**2, wanted**2, rtol=0, atol=calls.BOUND[dtype])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(4)
def test_results_are_those_of_the_raw_pair(dtype, seed):
    x, y = ref.grouped_pair(np.random.default_rng(seed), 200, 24, 4)
    raw = calls.joint(calls.call(calls.profile, x, y, dtype=dtype))
    p, q = calls.call(compress, x, y, dtype=dtype)
    assert p.shape == q.shape == (48, 24)
    p, q = calls.pad(p, 200, 24), calls.pad(q, 200, 24)  # which spares the compilations of another shape
    compressed = calls.joint(calls.call(calls.profile, p, q, dtype=dtype))
    calls.assert_critical_close(compressed, raw, 2 * calls.BOUND[dtype])
    np.testing.assert_allclose(
        calls.call(calls.residuals, p, q, dtype=dtype) ** 2,
        calls.call(calls.residuals, x, y, dtype=dtype) ** 2,
        atol=2 * calls.BOUND[dtype],
    )
    (epsilon,) = ref.clear_epsilons(raw, (np.quantile(raw, 0.6),), calls.MARGIN[dtype])
    for function, more in ((calls.maximum, (epsilon,)), (calls.minimal, (epsilon, int(np.argmin(raw))))):
        one, other = (calls.joint(calls.call(function, *pair, *more, dtype=dtype)) for pair in ((x, y), (p, q)))
        assert one.any()
        if function is calls.maximum or dtype == np.float64:  # many near ties decide a minimal match
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_dead_units_stay_exactly_zero(dtype):
    rng = np.random.default_rng(1)
    x, y = (ref.with_dead(rng, a, 5) for a in ref.random_pair(rng, 80, 24, 24))
    p, q = calls.call(compress, x, y, dtype=dtype)
    np.testing.assert_array_equal(p.any(axis=0), x.any(axis=0))
    np.testing.assert_array_equal(q.any(axis=0), y.any(axis=0))
    for out in calls.call(compress, 0 * x, 0 * y, dtype=dtype):
        np.testing.assert_array_equal(out, 0.0)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("m", [48, 40, 20])
def test_about_as_many_samples_as_units_or_fewer(dtype, m):
    x, y = ref.random_pair(np.random.default_rng(2), m, 24, 24)
    assert_same_geometry((x, y), calls.call(compress, x, y, dtype=dtype), dtype)


def test_again_changes_nothing():
    x, y = ref.random_pair(np.random.default_rng(3), 80, 24, 24)
    once = calls.call(compress, x, y, dtype=np.float64)
    assert_same_geometry((x, y), calls.call(compress, *once, dtype=np.float64), np.float64)


def test_over_stacked_layers():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(3, 80, 24)), rng.normal(size=(3, 80, 24))
    after = calls.call(jax.jit(jax.vmap(jaxrepsim.compress)), x, y, dtype=np.float64)
    for layer in range(3):
        assert_same_geometry((x[layer], y[layer]), tuple(a[layer] for a in after), np.float64)


def test_keeps_float32_where_x64_is_on():
    with jax.enable_x64(True):
        x = jnp.ones((4, 2), jnp.float32)
        assert {a.dtype for a in jaxrepsim.compress(x, x)} == {jnp.dtype(jnp.float32)}


def test_inputs_are_left_alone():
    x = jnp.asarray(np.random.default_rng(5).normal(size=(9, 2)), jnp.float32)
    kept = np.array(x)
    jaxrepsim.compress(x, x)
    np.testing.assert_array_equal(x, kept)
