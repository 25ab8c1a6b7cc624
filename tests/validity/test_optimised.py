"""Noise that is made similar: it becomes so, and what it has learned is known from the target."""

import numpy as np
import pytest

from jaxrepsim import validity

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)) * [8.0, 2.0, 0.5]


@pytest.mark.parametrize("name", ["linear_cka", "bures"])
def test_noise_becomes_similar(name):
    found = validity.optimised(name, X, [0, 300], components=3, seed=1)
    assert found.value[0] < 0.6
    assert found.value[1] > 0.9
    assert found.explained[1, 0] > 0.9
    assert (np.diff(found.explained[1]) <= 1e-3).all()  # strong components before weak ones


def test_explained_is_that_of_least_squares():
    found = validity.optimised("linear_cka", X, [0], components=3, seed=1)
    noise = np.random.default_rng(1).normal(size=X.shape)
    np.testing.assert_allclose(found.rows[0], noise, rtol=1e-5)
    centred = X - X.mean(0)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    design = np.column_stack([np.ones(40), noise])
    for at in range(3):
        score = centred @ directions[:, at]
        rest = np.linalg.lstsq(design, score, rcond=None)[1]
        assert found.explained[0, at] == pytest.approx(1 - rest[0] / (score @ score), abs=1e-4)


def test_learned_at_is_where_half_is_explained_first():
    found = validity.Optimised(
        np.array([0.1, 0.6, 0.9]), np.array([[0.2, 0.0], [0.7, 0.1], [0.9, 0.4]]), np.zeros((3, 1, 1))
    )
    np.testing.assert_array_equal(found.learned_at(), [0.6, np.nan])
