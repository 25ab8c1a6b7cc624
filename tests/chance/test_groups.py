"""The order of the samples that a draw uses."""

from collections import Counter

import jax
import numpy as np
import pytest
from scipy import stats

from jaxrepsim.chance.groups import groups_of, permuted_rows


@pytest.mark.parametrize(("samples", "size"), [(12, 1), (12, 3), (12, 12), (0, 1), (0, 4)])
def test_groups_stay_together_and_in_order(samples, size):
    rows = np.asarray(permuted_rows(jax.random.key(3), samples, size))
    np.testing.assert_array_equal(np.sort(rows), np.arange(samples))
    blocks = rows.reshape(-1, size)
    np.testing.assert_array_equal(blocks, blocks[:, :1] + np.arange(size))
    np.testing.assert_array_equal(blocks[:, 0] % size, 0)


def test_every_order_of_the_groups_is_equally_likely():
    keys = jax.random.split(jax.random.key(0), 4800)
    orders = np.asarray(jax.vmap(lambda key: permuted_rows(key, 8, 2))(keys))[:, ::2] // 2
    counts = Counter(map(tuple, orders.tolist()))
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


@pytest.mark.parametrize(("samples", "size"), [(12, 5), (12, 0), (12, -3), (3, 4)])
def test_groups_that_do_not_divide_the_samples(samples, size):
    with pytest.raises(ValueError, match=rf"{samples} samples.*{size}"):
        groups_of(samples, size)
