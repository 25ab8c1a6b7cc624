"""What float32 cannot tell is said."""

import warnings

import jax
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim.numerics.conditioning import condition
from tests import reference as ref
from tests.matching import calls


def told(x, y, dtype):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        calls.call(jaxrepsim.match_profile, x, y, dtype=dtype)
    return [warning for warning in seen if warning.category is jaxrepsim.IllConditionedWarning]


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_beyond_the_limit_of_the_dtype(dtype):
    rng = np.random.default_rng(0)
    well, ill = (ref.conditioned_pair(rng, 300, 24, calls.CONDITION[dtype] * times) for times in (0.1, 10))
    assert not told(*well, dtype)
    (warning,) = told(*ill, dtype)
    assert np.dtype(dtype).name in str(warning.message)
    assert ("use float64" in str(warning.message)) == (dtype is np.float32)
    assert warning.filename == calls.__file__


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_exact_dependencies_and_dead_units_are_no_ill_condition(dtype):
    x, y = ref.conditioned_pair(np.random.default_rng(1), 300, 20, 10)
    x = np.concatenate([x, x[:, :2], x[:, :1] + x[:, 1:2], 0 * x[:, :2]], axis=1)
    assert not told(x, y, dtype)


def test_the_condition_number_is_that_of_an_svd():
    x, _ = ref.conditioned_pair(np.random.default_rng(2), 80, 16, 1e4)
    columns = x / np.linalg.norm(x, axis=0)
    assert condition(x * 10.0 ** np.arange(16)) == pytest.approx(np.linalg.cond(columns), rel=1e-6)


def test_rectified_units_in_float32_stay_within_what_rounding_may_do():
    """33 + 20 rectified units of condition 2e2 and more, where the error was seen to pass 1e-5."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        signals = rng.normal(size=(90, 24))
        x, y = (
            np.maximum(signals @ rng.normal(size=(24, n)) + 0.3 * rng.normal(size=(90, n)) + 1, 0).astype(np.float32)
            for n in (33, 20)
        )
        with jax.enable_x64(False):
            found = calls.joint(jaxrepsim.match_profile(x, y)).astype(np.float64)
        expected = ref.profile_peel(x.astype(np.float64), y.astype(np.float64), cutoff=1e-5)
        kappa = max(condition(x), condition(y))
        bound = 2 * 2.0**-24 * kappa * np.sqrt(33) + 3e-3**2
        calls.assert_critical_close(found, expected, bound)
