import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxrepsim.activations import layer_key, sample_positions
from jaxrepsim.errors import InputError


@settings(max_examples=10, deadline=None)
@given(size=st.sampled_from([(2, 1), (7, 4), (100, 10), (100, 99)]), seed=st.integers(0, 99))  # each is a compilation
def test_draws_without_replacement(size, seed):
    samples, count = size
    rows = np.asarray(sample_positions(layer_key(seed, "conv1"), samples, count, 3))
    assert rows.shape == (3, count)
    assert rows.dtype == np.int32
    assert rows.min() >= 0
    assert rows.max() < samples
    assert (np.diff(rows, axis=1) > 0).all()


@pytest.mark.parametrize("count", [2, 4])  # by repeated draws, by a permutation
def test_every_set_is_equally_likely(count):
    """Chi-square over the subsets of 6 rows: 15 of size 2, 15 of size 4; 14 degrees of freedom, 99.99 % below 45."""
    rows = np.asarray(sample_positions(layer_key(0, "conv1"), 6, count, 6000))
    _, seen = np.unique(rows, axis=0, return_counts=True)
    assert seen.size == 15
    assert ((seen - 400) ** 2 / 400).sum() < 45


def test_the_papers_protocol():
    rows = np.asarray(sample_positions(layer_key(0, "conv1"), samples=10_240_000, count=10_000, redraws=16))
    assert (np.diff(rows, axis=1) > 0).all()
    assert abs(rows.mean() / 10_240_000 - 0.5) < 0.01
    assert not np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize("count", [5, 6])
def test_every_row_once(count):
    assert sample_positions(layer_key(0, "conv1"), 5, count, 16).tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("sizes", [(0, 1, 1), (5, 0, 1), (5, 1, 0), (2**31, 10, 1)])
def test_impossible_sizes(sizes):
    with pytest.raises(InputError, match="cannot draw"):
        sample_positions(layer_key(0, "conv1"), *sizes)


def test_key_is_of_the_layer_and_the_seed():
    keys = [jax.random.key_data(layer_key(seed, layer)) for seed in (0, 1) for layer in ("conv1", "conv2")]
    assert len({np.asarray(key).tobytes() for key in keys}) == 4


def test_same_in_every_process():
    program = "from jaxrepsim.activations import *; print(sample_positions(layer_key(3, 'conv1'), 1000, 4, 1).tolist())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stdout.strip() == str(sample_positions(layer_key(3, "conv1"), 1000, 4, 1).tolist())
