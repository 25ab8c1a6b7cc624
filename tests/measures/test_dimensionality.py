"""Participation ratio and effective rank against NumPy's eigenvalues, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.measures import dimensionality
from tests.compilations import traces
from tests.matching import calls
from tests.wrapped import under_checks, under_shard_map

jitted = jax.jit(dimensionality)


def by_eigenvalues(z):
    """From the eigenvalues of the second moments, and not from singular values."""
    values = np.clip(np.linalg.eigvalsh(z.T @ z), 0, None)
    p = np.sqrt(values) / np.sqrt(values).sum()
    return values.sum() ** 2 / (values**2).sum(), np.exp(-(p[p > 0] * np.log(p[p > 0])).sum())


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("shape", [(60, 7), (7, 20), (1, 3), (40, 1)])
def test_equals_the_definition(shape, dtype):
    rng = np.random.default_rng(0)
    z = np.maximum(rng.normal(size=shape) * 10.0 ** rng.uniform(-2, 2, size=shape[1]), 0) + 0.1
    for function in (dimensionality, jitted):
        found = calls.call(function, z, dtype=dtype)
        np.testing.assert_allclose(found, by_eigenvalues(z), rtol=1e-6 if dtype == np.float64 else 1e-3)
        assert found.participation_ratio.dtype == dtype


def test_equally_strong_directions_count_alike():
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(50, 12)))[0]
    for k in (1, 5, 12):
        np.testing.assert_allclose(dimensionality(basis[:, :k] @ np.eye(12)[:k]), k, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_rotation_and_compression_change_nothing(scale):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(80, 9)) @ np.diag(np.arange(1.0, 10))
    turn = np.linalg.qr(rng.normal(size=(9, 9)))[0]
    for changed in (scale * z, z @ turn, np.linalg.qr(z)[1], np.concatenate([z, np.zeros((80, 3))], axis=1)):
        np.testing.assert_allclose(dimensionality(changed), dimensionality(z), rtol=1e-4)


def test_degenerate_layers():
    for z in (np.zeros((5, 3)), np.zeros((5, 0)), np.zeros((0, 3))):
        np.testing.assert_array_equal(dimensionality(z), 0)
        np.testing.assert_array_equal(jitted(z), 0)
    bad = np.ones((5, 3))
    bad[2, 1] = np.nan
    with pytest.raises(ValueError, match="unit 1 is nan at sample 2"):
        dimensionality(bad)
    assert np.isnan(jitted(bad)).all()


def test_plain_calls_compile_once_and_it_works_in_what_users_wrap_around_it():
    rng = np.random.default_rng(2)
    dimensionality(rng.normal(size=(100, 12)))
    with traces() as seen:
        dimensionality(rng.normal(size=(100, 12)))
        dimensionality(rng.normal(size=(97, 10)))
    assert not seen
    layers = jnp.asarray(rng.normal(size=(3, 20, 4)), jnp.float32)
    each = [dimensionality(layer) for layer in layers]
    np.testing.assert_allclose(np.transpose(jax.vmap(dimensionality)(layers)), each, rtol=1e-4)
    z = rng.normal(size=(20, 4)).astype(np.float32)
    np.testing.assert_allclose(under_shard_map(lambda x, y: dimensionality(x), z, z), dimensionality(z), rtol=1e-4)
    under_checks(lambda x, y: dimensionality(x), z, z)
