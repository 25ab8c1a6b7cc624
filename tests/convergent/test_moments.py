"""Moments of batches and their merges against NumPy on all samples at once."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxrepsim.convergent import correlation, moments
from jaxrepsim.convergent.moments import init, merge, merge_over, update
from tests.matching import calls

ROWS, WIDTHS = 32, (3, 2)
UNITS = sum(WIDTHS)
TOLERANCE = {np.float64: 1e-13, np.float32: 3e-6}
ROOT = Path(__file__).parent.parent.parent

add = jax.jit(lambda state, x, y, used: update(state, x, y, where=used))
joined = jax.jit(merge)
derived = jax.jit(lambda state: (state.means, state.std, state.constant, state.correlation, state.products))
of = jax.jit(moments.of)
correlate = jax.jit(correlation)
over = jax.jit(lambda states: jax.vmap(partial(merge_over, axis_name="device"), axis_name="device")(states))


def batch(rng, samples, shift=3.0):
    """Units of both networks, correlated, the last of them constant."""
    z = rng.normal(size=(samples, UNITS)) @ np.triu(rng.uniform(0.5, 1, size=(UNITS, UNITS))) + shift
    z[:, -1] = 0.7
    return z


def streamed(batches, dtype, state=None):
    """The state after batches of up to 32 samples, filled up with rows that do not count and are no numbers."""
    with jax.enable_x64(dtype == np.float64):
        state = init(WIDTHS, dtype) if state is None else state
        for rows in batches:
            full = jnp.asarray(np.pad(rows, ((0, ROWS - len(rows)), (0, 0)), constant_values=np.nan), dtype)
            state = add(state, full[:, : WIDTHS[0]], full[:, WIDTHS[0] :], jnp.arange(ROWS) < len(rows))
        return state


class Results(NamedTuple):
    """Of all units together."""

    means: np.ndarray
    std: np.ndarray
    constant: np.ndarray
    correlation: np.ndarray
    products: np.ndarray


def results(state, dtype):
    with jax.enable_x64(dtype == np.float64):
        means, std, constant, correlated, products = jax.tree.map(np.asarray, derived(state))
    assert {a.dtype for a in (*means, *std, correlated, products)} == {np.dtype(dtype)}
    return Results(*(np.concatenate(part) for part in (means, std, constant)), correlated, products)


def assert_moments(state, samples, dtype, tolerance=None):
    """NumPy's mean and std, and the correlation and products from the definition; of what `dtype` makes of samples."""
    tolerance = tolerance or TOLERANCE[dtype]
    samples = np.asarray(samples, dtype).astype(np.longdouble)
    means, std, constant, correlated, products = results(state, dtype)
    assert int(state.samples) == len(samples)
    if not len(samples):
        for part in (means, std, correlated, products):
            np.testing.assert_array_equal(part, 0)
        assert constant.all()
        return
    flat = np.ptp(samples, axis=0) == 0
    np.testing.assert_array_equal(constant, flat)
    shifted = samples - samples[0]
    wanted = np.where(flat, 0, shifted.std(axis=0)).astype(float)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(means, samples.mean(axis=0).astype(float), rtol=2 * eps, atol=tolerance * wanted.max())
    np.testing.assert_allclose(std, wanted, rtol=tolerance)
    centred = np.where(flat, 0, shifted - shifted.mean(axis=0)) / np.where(flat, 1, wanted)
    pearson = (centred.T @ centred / len(samples)).astype(float)
    np.testing.assert_allclose(correlated, pearson, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(np.diagonal(correlated), ~flat)
    assert np.abs(correlated).max() <= 1
    scale = np.where(flat, np.inf, wanted)
    np.testing.assert_allclose(products / scale[:, None] / scale / len(samples), pearson, rtol=0, atol=tolerance)


SIZES = st.lists(st.sampled_from([0, 1, 2, 9, 32]), max_size=8)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@hypothesis.settings(deadline=None, max_examples=15, derandomize=True, database=None)
@hypothesis.given(sizes=SIZES, seed=st.integers(0, 99))
def test_any_split_into_batches(dtype, sizes, seed):
    rng = np.random.default_rng(seed)
    batches = [batch(rng, m) for m in sizes]
    assert_moments(streamed(batches, dtype), np.concatenate([batch(rng, 0), *batches]), dtype)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@hypothesis.settings(deadline=None, max_examples=10, derandomize=True, database=None)
@hypothesis.given(order=st.permutations(range(5)), seed=st.integers(0, 99))
def test_any_order_of_merging(dtype, order, seed):
    rng = np.random.default_rng(seed)
    batches = [batch(rng, m, shift) for m, shift in ((0, 0), (1, 1), (32, -9), (9, 100), (30, 0))]
    states = [streamed([batches[i]], dtype) for i in order]
    with jax.enable_x64(dtype == np.float64):
        while len(states) > 1:
            at = int(rng.integers(len(states) - 1))
            states[at : at + 2] = [joined(states[at], states[at + 1])]
    assert_moments(states[0], np.concatenate(batches), dtype)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(6)
def test_scale_shift_sign_and_order(dtype, seed):
    rng = np.random.default_rng(seed)
    whole = batch(rng, 96)
    plain = results(streamed(np.split(whole, 3), dtype), dtype)
    power = 90 if dtype == np.float32 else 900
    scales = 2.0 ** rng.integers(-power, power, size=UNITS)
    scaled = results(streamed(np.split(whole * scales, 3), dtype), dtype)
    np.testing.assert_array_equal(scaled.correlation, plain.correlation)  # to the bit, and no square overflows
    np.testing.assert_array_equal(scaled.std, plain.std * scales)
    np.testing.assert_array_equal(scaled.means, plain.means * scales)
    changed = whole * rng.choice([-7.3, 0.4], size=UNITS) + rng.integers(-99, 99, size=UNITS)
    order, samples = rng.permutation(UNITS), rng.permutation(96)
    assert_moments(streamed(np.split(changed[samples][:, order], 3), dtype), changed[:, order], dtype)


@pytest.mark.parametrize("ratio", [1e2, 1e4, 1e5])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_means_far_larger_than_deviations(dtype, ratio):
    """One sample after the other: means without their second half would stop moving, being wrong by 1e-3 and more."""
    ratio = ratio if dtype == np.float32 else ratio**2
    whole = batch(np.random.default_rng(0), 2000) + ratio * np.array([1, -1, 0.3, 1, 1])
    with jax.enable_x64(dtype == np.float64):
        z = jnp.asarray(whole, dtype)
        ones = one_by_one(init(WIDTHS, dtype), z[:, : WIDTHS[0]], z[:, WIDTHS[0] :])
    assert_moments(ones, whole, dtype, 2 * TOLERANCE[dtype])
    assert_moments(streamed(np.split(whole, 80), dtype), whole, dtype)
    states = [streamed(part, dtype) for part in np.split(whole[:1600].reshape(-1, 20, UNITS), 8)]
    with jax.enable_x64(dtype == np.float64):
        merged = over(jax.tree.map(lambda *parts: jnp.stack(parts), *states))
    assert_moments(jax.tree.map(lambda part: part[3], merged), whole[:1600], dtype)


@jax.jit
def one_by_one(state, x, y):
    """A loop in the program: the state keeps its dtypes."""
    rows = x[:, None], y[:, None]
    return jax.lax.scan(lambda state, row: (update(state, *row), None), state, rows)[0]


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_units_that_vary_by_one_unit_in_the_last_place(dtype):
    rng = np.random.default_rng(1)
    whole = 1 + np.finfo(dtype).eps * (rng.uniform(size=(320, UNITS)) < [0.01, 0.5, 0.99, 0.3, 0])
    assert_moments(streamed(np.split(whole, 10), dtype), whole, dtype, 3 * TOLERANCE[dtype])


@pytest.mark.long
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_devices_along_an_axis(dtype):
    """Of different numbers of samples, one with none."""
    rng = np.random.default_rng(2)
    batches = [batch(rng, m, shift) for m, shift in ((0, 0), (1, 50), (32, 0), (9, -20))]
    states = [streamed([rows], dtype) for rows in batches]
    with jax.enable_x64(dtype == np.float64):
        merged = over(jax.tree.map(lambda *parts: jnp.stack(parts), *states, *states))
    for device in (0, 7):
        state = jax.tree.map(lambda part, device=device: part[device], merged)
        assert_moments(state, np.concatenate(batches * 2), dtype)
    with jax.enable_x64(dtype == np.float64):
        nothing = over(jax.tree.map(lambda *parts: jnp.stack(parts), *[init(WIDTHS, dtype)] * 8))
    assert_moments(jax.tree.map(lambda part: part[0], nothing), np.zeros((0, UNITS)), dtype)


def test_eight_devices_give_what_numpy_gives():
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.convergent.eight_devices"],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    off = re.search(r"off by (\S+)", done.stdout)
    assert off, done.stdout
    assert float(off[1]) <= 1e-10


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_the_one_shot_correlation_is_the_same(dtype):
    whole = batch(np.random.default_rng(3), 96)
    state = streamed(np.split(whole, 3), dtype)
    with jax.enable_x64(dtype == np.float64):
        z = jnp.asarray(whole, dtype)
        wanted, once = np.asarray(correlate(z[:, :3], z[:, 3:])), of(z[:, :3], z[:, 3:])
    np.testing.assert_allclose(results(state, dtype).correlation[:3, 3:], wanted, rtol=0, atol=TOLERANCE[dtype])
    assert_moments(once, whole, dtype)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_float32_of_any_scale(scale):
    whole = batch(np.random.default_rng(4), 96) * [scale, 1, 1 / scale, -scale, 1]
    state = results(streamed(np.split(whole, 3), np.float32), np.float32)
    seen = whole.astype(np.float32).astype(float)
    np.testing.assert_allclose(state.std[:4], seen.std(axis=0)[:4], rtol=3e-6)
    wanted = np.corrcoef(seen[:, :4], rowvar=False)
    np.testing.assert_allclose(state.correlation[:4, :4], wanted, rtol=0, atol=3e-6)


def test_constant_within_every_batch_but_not_over_them():
    whole = np.repeat(batch(np.random.default_rng(5), 6), 5, axis=0)
    assert_moments(streamed(np.split(whole, 6), np.float64), whole, np.float64)


def test_a_dead_unit_and_one_that_dies_late():
    whole = batch(np.random.default_rng(6), 90)
    whole[:, 0], whole[30:, 1] = 0, 0
    state = streamed(np.split(whole, 3), np.float64)
    assert_moments(state, whole, np.float64)
    assert results(state, np.float64).constant.tolist() == [True, False, False, False, True]


def test_what_is_not_finite_stays_with_its_unit():
    rng = np.random.default_rng(7)
    batches = [batch(rng, 30) for _ in range(3)]
    wanted = results(streamed(batches, np.float64), np.float64)
    batches[1][4, 1] = np.nan
    found = results(streamed(batches, np.float64), np.float64)
    assert np.isnan(found.correlation[1]).all()
    assert np.isnan(found.std[1])
    others = np.delete(np.arange(UNITS), 1)
    np.testing.assert_array_equal(found.correlation[np.ix_(others, others)], wanted.correlation[np.ix_(others, others)])


@pytest.mark.parametrize("widths", [(), (0,), (0, 3), (4, 1, 2)])
def test_any_number_of_networks(widths):
    rng = np.random.default_rng(8)
    arrays = [rng.normal(size=(20, n)) for n in widths]
    with jax.enable_x64(True):
        state = joined(of(*map(jnp.asarray, arrays)), of(*(jnp.asarray(a[:7]) for a in arrays)))
        assert state.scaled.dtype == (jnp.float64 if widths else jnp.float32)
        assert state.scaled.shape == (sum(widths),) * 2
        seen = [np.concatenate([a, a[:7]]) for a in arrays]
        std = state.std
        for i, a in enumerate(seen):
            np.testing.assert_allclose(state.means[i], a.mean(axis=0), atol=1e-14)
            np.testing.assert_allclose(std[i], a.std(axis=0), rtol=1e-13)
            for j, b in enumerate(seen):
                unit = [(c - c.mean(axis=0)) / c.std(axis=0) / np.sqrt(27) for c in (a, b)]
                np.testing.assert_allclose(state.between(i, j), unit[0].T @ unit[1], atol=1e-13)
            np.testing.assert_array_equal(state.within(i), state.between(i, i))


def test_some_networks_in_another_order():
    arrays = [jnp.asarray(np.random.default_rng(9).normal(size=(20, n)), jnp.float32) for n in (2, 3, 1)]
    state = moments.of(*arrays)
    for some, wanted in ((state.networks(2, 0), moments.of(arrays[2], arrays[0])), (state.networks(), moments.of())):
        for a, b in zip(
            jax.tree.leaves(some._replace(samples=0)), jax.tree.leaves(wanted._replace(samples=0)), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(state.between(-1, -2), state.between(2, 1))
    with pytest.raises(IndexError):
        state.within(3)


@pytest.mark.long
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_layers_in_a_batch(dtype):
    """States that `vmap` stacked say what each of them says."""
    rng = np.random.default_rng(10)
    layers = np.stack([batch(rng, ROWS) for _ in range(3)])
    layers[1, :, 2] = 0
    with jax.enable_x64(dtype == np.float64):
        z = jnp.asarray(layers, dtype)
        stacked = jax.jit(jax.vmap(moments.of))(z[..., :3], z[..., 3:])
        means, std, constant, *others = jax.tree.map(np.asarray, derived(stacked))
        parts = [*(np.concatenate(part, axis=1) for part in (means, std, constant)), *others]
        between, networks = np.asarray(stacked.between(1, 0)), stacked.networks(1)
    for layer in range(3):
        one = jax.tree.map(lambda part, layer=layer: part[layer], stacked)
        assert_moments(one, layers[layer], dtype)
        alone = results(one, dtype)
        for a, b in zip(parts, alone, strict=True):
            np.testing.assert_allclose(a[layer], b, rtol=1e-6)
        np.testing.assert_allclose(between[layer], alone.correlation[3:, :3], rtol=1e-6)
        np.testing.assert_array_equal(networks.scaled[layer], one.scaled[3:, 3:])


@pytest.mark.parametrize(("dtype", "x64"), [(np.float32, False), (np.float32, True), (np.float64, True)])
def test_the_state_keeps_its_types(dtype, x64):
    """Whatever comes in: so it can be a loop's carry."""
    with jax.enable_x64(x64):
        state = init(WIDTHS, dtype)
        types = jax.tree.map(lambda part: (part.shape, part.dtype, part.weak_type), state)
        for given in (jnp.float16, jnp.float32, jnp.float64 if x64 else jnp.bfloat16):
            for rows in (4, 0):
                after = jax.eval_shape(update, state, jnp.ones((rows, 3), given), jnp.ones((rows, 2), given))
                after = jax.eval_shape(merge, state, after)
                assert jax.tree.map(lambda part: (part.shape, part.dtype, part.weak_type), after) == types


def test_a_state_can_be_donated_and_a_second_batch_compiles_nothing():
    traced = []

    @partial(jax.jit, donate_argnums=0)
    def push(state, x, y):
        traced.append(1)
        return update(state, x, y)

    state = init(WIDTHS)
    for _ in range(3):
        state = push(state, jnp.ones((6, 3)), jnp.ones((6, 2)))
    assert len(traced) == 1
    assert state.samples == 18


def test_more_samples_than_can_be_counted_are_no_numbers():
    """And not numbers that look right."""
    state = streamed([batch(np.random.default_rng(11), 30)], np.float32)
    many = state._replace(samples=jnp.int32(2**30 - 1))
    fits = joined(many, many)
    assert int(fits.samples) == 2**31 - 2
    assert np.isfinite(fits.scaled).all()
    too_many = joined(fits, state)
    assert np.isnan(too_many.scaled).all()
    assert all(np.isnan(part).all() for part in too_many.means)
    for copies, finite in ((1, True), (2, False), (5, False)):  # 5: the sum is positive again
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *[fits] * copies, *[init(WIDTHS)] * (8 - copies))
        assert np.isfinite(over(stacked).scaled).all() == finite


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([np.ones((4, 3))], r"begun for 2 networks of \[3, 2\] units, received activations of 1 networks of \[3\]"),
        ([np.ones((4, 3)), np.ones((4, 3))], r"received activations of 2 networks of \[3, 3\] units"),
        ([np.ones((4, 3)), np.ones((5, 2))], "different numbers of samples, 4 and 5"),
        ([np.ones((4, 3)), np.ones((2, 2, 2))], r"not \(2, 2, 2\); flatten"),
    ],
)
def test_what_does_not_fit_is_refused(arrays, words):
    with pytest.raises(ValueError, match=words):
        update(init(WIDTHS), *(jnp.asarray(a, jnp.float32) for a in arrays))


def test_masks_that_do_not_fit_are_refused():
    arrays = jnp.ones((4, 3)), jnp.ones((4, 2))
    with pytest.raises(ValueError, match=r"where has the shape \(3,\), and there are 4 samples"):
        update(init(WIDTHS), *arrays, where=jnp.ones(3, bool))


def test_states_of_other_networks_do_not_merge():
    with pytest.raises(ValueError, match=r"networks of \[3\] units do not merge with those of networks of \[2\] units"):
        merge(init((3,)), init((2,)))


def test_impossible_states_are_refused():
    with pytest.raises(TypeError, match="must be real numbers, not complex64"):
        update(init((3,)), jnp.ones((4, 3), jnp.complex64))
    for dtype in (jnp.float16, jnp.int32):
        with pytest.raises(TypeError, match="float32 or float64, not in"):
            init((3,), dtype)
    with pytest.raises(ValueError, match=r"numbers of units, received \(3, -1\)"):
        init((3, -1))
