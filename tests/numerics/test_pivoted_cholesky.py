"""Against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.numerics.pivoted_cholesky import pivoted_cholesky
from tests import reference as ref


def gram_of(rng, n, rank):
    units = ref.unit_columns(rng.normal(size=(3 * n + 1, rank)) @ rng.normal(size=(rank, n)))
    return units.T @ units


@pytest.mark.parametrize(
    ("n", "rank"),
    [(0, 0), (1, 1), *(pytest.param(n, n, marks=pytest.mark.long) for n in (5, 32)), (33, 20), (70, 70), (70, 3)],
)
def test_it_is_a_factor(n, rank):
    gram = gram_of(np.random.default_rng(n + rank), n, rank)
    with jax.enable_x64(True):
        found = pivoted_cholesky(jnp.asarray(gram), 1e-12)
        rows, order = np.asarray(found.rows), np.asarray(found.order)
        np.testing.assert_allclose(rows.T @ rows, gram, atol=1e-11)
        pivots = order[:rank]
        assert sorted(set(pivots)) == sorted(pivots)
        assert (order[rank:] == n).all()
        np.testing.assert_array_equal(rows[rank:], 0)
        np.testing.assert_array_equal(np.tril(rows[:rank, pivots], -1), 0)
        wanted = np.trace(np.linalg.inv(gram[np.ix_(pivots, pivots)])) if rank else 0
        np.testing.assert_allclose(found.inverse_diagonal().sum(), wanted, rtol=1e-6)


def test_stacked():
    rng = np.random.default_rng(0)
    grams = np.stack([gram_of(rng, 6, rank) for rank in (6, 4)])
    with jax.enable_x64(True):
        found = jax.vmap(lambda gram: pivoted_cholesky(gram, 1e-12))(grams)
        np.testing.assert_allclose(np.swapaxes(found.rows, 1, 2) @ found.rows, grams, atol=1e-12)
        assert jax.vmap(lambda one: one.inverse_diagonal().sum())(found).shape == (2,)
