"""Samples of rows against all rows."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent import row_sample
from jaxrepsim.convergent.binning import bin_edges
from jaxrepsim.convergent.row_sample import EMPTY
from tests.convergent.binned_units import SAMPLES, units

edges = jax.jit(lambda x: bin_edges(x, 10))
push = jax.jit(row_sample.update)
joined = jax.jit(row_sample.merge)


def sampled(x, y, capacity, batch=20, seed=0):
    state = row_sample.init((x.shape[1], y.shape[1]), capacity, jnp.asarray(x).dtype)
    for number, start in enumerate(range(0, len(x), batch)):
        key = jax.random.fold_in(jax.random.key(seed), number)
        state = push(state, key, jnp.asarray(x[start : start + batch]), jnp.asarray(y[start : start + batch]))
    return state


@pytest.mark.parametrize("capacity", [SAMPLES, 100])
def test_a_sample_that_holds_all_has_the_exact_edges(capacity):
    x, y = units(5, dtype=np.float32), units(6, dtype=np.float32)
    state = sampled(x, y, capacity)
    assert int(state.held) == SAMPLES
    assert (np.asarray(state.priority[SAMPLES:]) == EMPTY).all()
    for found, whole in zip(state.edges(10), (x, y), strict=True):
        np.testing.assert_array_equal(found, edges(jnp.asarray(whole)))


def test_rows_of_the_networks_stay_together():
    x = np.arange(1.0, 61, dtype=np.float32)[:, None]
    state = sampled(x, -x, 7)
    assert int(state.held) == 7
    np.testing.assert_array_equal(state.rows[0], -state.rows[1])
    assert len(np.unique(state.rows[0])) == 7
    assert (np.diff(state.priority) > 0).all()


def test_every_row_is_as_likely():
    """A row is held in a share 7/60 of 600 draws: the counts have the spread of such, and differ from draw to draw."""

    @jax.jit
    @jax.vmap
    def rows_of(key):
        state = row_sample.init((1,), 7)
        for number in range(3):
            batch = jnp.arange(20.0)[:, None] + 20 * number
            state = row_sample.update(state, jax.random.fold_in(key, number), batch)
        return state.rows[0][:, 0]

    draws = np.asarray(rows_of(jax.random.split(jax.random.key(0), 600))).astype(int)
    counts = np.bincount(draws.ravel(), minlength=60)
    spread = 600 * 7 / 60 * (1 - 7 / 60)
    # χ² over the mean, of 59 degrees of freedom: 1 ± 0.18.
    assert 0.5 < np.mean((counts - 70) ** 2) / spread < 1.6


def test_merged_samples_are_those_of_one_stream():
    x, y = units(7, dtype=np.float32), units(8, dtype=np.float32)
    empty = row_sample.init((12, 12), 30)
    keys = [jax.random.fold_in(jax.random.key(0), i) for i in range(3)]
    parts = [push(empty, keys[i], x[20 * i : 20 * i + 20], y[20 * i : 20 * i + 20]) for i in range(3)]
    a, b, c = parts
    whole = sampled(x, y, 30)
    for state in (joined(joined(a, b), c), joined(c, joined(b, a)), joined(empty, joined(joined(c, a), b))):
        jax.tree.map(np.testing.assert_array_equal, state, whole)


def test_rows_that_do_not_count():
    x, y = units(9, dtype=np.float32), units(10, dtype=np.float32)
    state = push(row_sample.init((12, 12), 100), jax.random.key(0), x, y, where=np.arange(SAMPLES) < 45)
    spoilt = np.where(np.arange(SAMPLES)[:, None] < 45, x, np.nan)
    other = push(row_sample.init((12, 12), 100), jax.random.key(0), spoilt, y, where=np.arange(SAMPLES) < 45)
    jax.tree.map(np.testing.assert_array_equal, other, state)
    assert int(state.held) == 45
    np.testing.assert_array_equal(edges(state.rows[0]), edges(jnp.asarray(x[:45])))


def test_along_an_axis():
    x, y = units(11, dtype=np.float32), units(12, dtype=np.float32)
    keys = jax.vmap(partial(jax.random.fold_in, jax.random.key(0)))(jnp.arange(3))

    def local(key, x, y):
        return row_sample.merge_over(row_sample.update(row_sample.init((12, 12), 30), key, x, y), "data")

    state = jax.vmap(local, axis_name="data")(keys, x.reshape(3, 20, 12), y.reshape(3, 20, 12))
    whole = sampled(x, y, 30)
    for device in range(3):
        jax.tree.map(lambda a, b, device=device: np.testing.assert_array_equal(a[device], b), state, whole)


@pytest.mark.long
def test_on_eight_devices():
    """Both passes, inside shard_map."""
    subprocess.run(
        [sys.executable, "-m", "tests.convergent.binned_on_eight_devices"],
        env={**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"},
        cwd=Path(__file__).parent.parent.parent,
        check=True,
    )


def test_the_error_of_sampled_edges():
    """Shares below the edges of a sample of 500 are off by √(q (1 − q) / 500), 5 of which no edge exceeds."""
    x = np.random.default_rng(0).normal(size=(4000, 16)).astype(np.float32)
    state = push(row_sample.init((16,), 500), jax.random.key(1), x)
    (at,) = state.edges(10)
    share = np.mean(x[:, :, None] <= np.asarray(at), axis=0)
    q = np.arange(1, 9) / 9
    off = (share - q) / np.sqrt(q * (1 - q) / 500)
    assert np.abs(off).max() < 5
    assert 0.5 < np.sqrt(np.mean(off**2)) < 1.3


@pytest.mark.parametrize("widths", [(), (0,), (0, 3), (2, 1, 3)])
def test_any_number_of_networks(widths):
    x = [np.random.default_rng(0).normal(size=(9, n)) for n in widths]
    state = row_sample.update(row_sample.init(widths, 4), jax.random.key(0), *x)
    assert [part.shape for part in state.rows] == [(4, n) for n in widths]
    assert [part.shape for part in state.edges(5)] == [(n, 3) for n in widths]
    assert int(state.held) == (4 if widths else 0)


def test_float64_is_kept():
    with jax.enable_x64(True):
        x = jnp.asarray(units(0))
        state = row_sample.update(row_sample.init((12,), SAMPLES, jnp.float64), jax.random.key(0), x)
        np.testing.assert_array_equal(state.edges(10)[0], bin_edges(x, 10))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: row_sample.init((2,), 0), r"holds 1 row or more, received the capacity 0"),
        (
            lambda x: row_sample.update(row_sample.init((2,), 4), jax.random.key(0), x, x),
            r"2 networks of \[2, 2\] units",
        ),
        (
            lambda x: row_sample.update(row_sample.init((3,), 4), jax.random.key(0), x),
            r"1 networks of \[3\] units, received",
        ),
        (lambda x: row_sample.update(row_sample.init((2, 2), 4), jax.random.key(0), x, x[:2]), r"of samples, 3 and 2"),
        (
            lambda x: row_sample.update(row_sample.init((2,), 4), jax.random.key(0), x, where=jnp.ones(2, bool)),
            r"where has the shape \(2,\), and there are 3 samples",
        ),
        (
            lambda x: row_sample.merge(row_sample.init((2,), 4), row_sample.init((3,), 4)),
            r"\(4, 2\).* do not merge .*\(4, 3\)",
        ),
        (
            lambda x: row_sample.merge(row_sample.init((2,), 4), row_sample.init((2,), 5)),
            r"\(4, 2\).* do not merge .*\(5, 2\)",
        ),
    ],
)
def test_what_is_wrong_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(jnp.ones((3, 2)))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers, not complex64"):
        row_sample.update(row_sample.init((2,), 4), jax.random.key(0), jnp.ones((3, 2), jnp.complex64))
