"""Streaming compression against NumPy's float64 on all rows at once."""

from functools import partial
from pathlib import Path

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

from jaxrepsim import compression
from jaxrepsim.compression import finalize, init, merge, update
from jaxrepsim.compression.triangles import Triangle
from tests import reference as ref
from tests.compilations import traces
from tests.matching import calls
from tests.programs import resources
from tests.wrapped import under_checks, under_shard_map

joined = jax.jit(merge)
finished = jax.jit(finalize)
STATES = Triangle(0, None)  # the axes of stacked states in float64: counters are shared


def streamed(batches, dtype, block, units=None):
    with jax.enable_x64(dtype == np.float64):
        state = init(units or [a.shape[1] for a in batches[0]], dtype, block)
        for batch in batches:
            state = update(state, *(jnp.asarray(a, dtype) for a in batch))
        return state


def results(state, dtype):
    with jax.enable_x64(dtype == np.float64):
        return [np.asarray(a, np.float64) for a in finished(state)]


def assert_stands_for(found, whole, dtype, tolerance=None):
    """The same inner products for the norms, by NumPy in float64."""
    joint = np.concatenate([np.asarray(a, dtype).astype(np.float64) for a in whole], axis=1)
    small = np.concatenate(found, axis=1)
    assert [a.shape[1] for a in found] == [a.shape[1] for a in whole]
    assert small.shape[0] == joint.shape[1]
    norms = np.linalg.norm(joint, axis=0)
    unit = [np.divide(a, norms, out=np.zeros_like(a), where=norms > 0) for a in (joint, small)]
    limit = tolerance or {np.float64: 1e-14, np.float32: 5e-6}[dtype]
    np.testing.assert_allclose(unit[1].T @ unit[1], unit[0].T @ unit[0], rtol=0, atol=limit)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@hypothesis.settings(deadline=None, max_examples=12, derandomize=True, database=None)
@hypothesis.given(sizes=st.lists(st.sampled_from([0, 1, 4, 9, 30]), max_size=8), seed=st.integers(0, 99))
def test_any_split_into_batches(dtype, sizes, seed):
    rng = np.random.default_rng(seed)
    batches = [(rng.normal(size=(m, 3)), rng.normal(size=(m, 2))) for m in sizes]
    whole = [np.concatenate([np.zeros((0, n)), *(b[i] for b in batches)]) for i, n in enumerate((3, 2))]
    assert_stands_for(results(streamed(batches, dtype, 7, (3, 2)), dtype), whole, dtype)


@pytest.mark.parametrize("block", [1, 2, 5, 6, 64])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_any_block(dtype, block):
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(8, 3)), rng.normal(size=(8, 2))) for _ in range(5)]
    whole = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    assert_stands_for(results(streamed(batches, dtype, block), dtype), whole, dtype)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@hypothesis.settings(deadline=None, max_examples=8, derandomize=True, database=None)
@hypothesis.given(order=st.permutations(range(5)), seed=st.integers(0, 99))
def test_any_order_of_merging(dtype, order, seed):
    rng = np.random.default_rng(seed)
    batches = [(rng.normal(size=(m, 3)), rng.normal(size=(m, 2))) for m in (0, 3, 30, 9, 30)]
    states = [streamed([batches[i]], dtype, 7) for i in order]
    with jax.enable_x64(dtype == np.float64):
        while len(states) > 1:
            at = int(rng.integers(len(states) - 1))
            states[at : at + 2] = [joined(states[at], states[at + 1])]
    whole = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    assert_stands_for(results(states[0], dtype), whole, dtype)


@pytest.mark.parametrize("widths", [(3,), (4, 1, 3), (0, 3), (0, 0), ()])
def test_any_number_of_networks(widths):
    rng = np.random.default_rng(1)
    batches = [[rng.normal(size=(9, n)) for n in widths] for _ in range(3)]
    whole = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    found = results(streamed(batches, np.float64, 4), np.float64)
    assert len(found) == len(widths)
    if sum(widths):
        assert_stands_for(found, whole, np.float64)


def test_it_is_what_compress_gives_up_to_signs():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 90, 4))
    found = results(streamed([(x[i : i + 20], y[i : i + 20]) for i in range(0, 90, 20)], np.float64, 16), np.float64)
    wanted = calls.call(jax.jit(compression.compress), x, y, dtype=np.float64)
    np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=1e-13)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_scale_costs_no_digits(dtype, scale):
    """To the bit, where the scale is a power of two; and no square overflows."""
    rng = np.random.default_rng(3)
    binary = 2.0 ** np.round(np.log2(scale))
    batches = [rng.normal(size=(2, 20, 3)) for _ in range(4)]
    plain = results(streamed(batches, dtype, 16), dtype)
    scaled = results(streamed([(x * [binary, 1, 1], y) for x, y in batches], dtype, 16), dtype)
    np.testing.assert_array_equal(scaled[0] / [binary, 1, 1], plain[0])
    np.testing.assert_array_equal(scaled[1], plain[1])


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(3)
def test_keeps_the_residuals(dtype, dependent, crossed, seed):
    x, y = calls.hard(seed, dtype, 1.0, dependent=dependent, crossed=crossed)
    batches = [(x[i : i + 11], y[i : i + 11]) for i in range(0, len(x), 11)]
    p, q = results(streamed(batches, dtype, 16), dtype)
    for (a, b), (c, d) in (((x, y), (p, q)), ((y, x), (q, p))):
        wanted, found = (ref.residuals(*pair, cutoff=calls.CUTOFF[dtype]) for pair in ((a, b), (c, d)))
        # Twice the bound: blocks of a third of the units, far smaller than any in use, round more often.
        np.testing.assert_allclose(found**2, wanted**2, rtol=0, atol=2 * calls.BOUND[dtype])


def test_float32_does_not_drift():
    """A chain of QR in float32 would be off by 5e-4: each fold rounds the same way."""
    rng = np.random.default_rng(4)
    x, y = ref.conditioned_pair(rng, 32, 16, 1e3, crossed=True)
    pair = (rng.normal(size=(2**18, 32)) @ np.concatenate([x, y], axis=1)).astype(np.float32)
    x, y = pair[:, :16], pair[:, 16:]
    p, q = results(streamed(list(zip(np.split(x, 256), np.split(y, 256), strict=True)), np.float32, None), np.float32)
    assert_stands_for([p, q], [x, y], np.float32, 2e-7)


def test_stacked_states_fold_together():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, 3, 50, 4))
    with jax.enable_x64(True):
        each = [init((4, 4), jnp.float64, 16) for _ in range(3)]
        state = Triangle(tuple(jnp.stack(r) for r in zip(*(s.rows for s in each), strict=True)), each[0].filled)
        push = jax.jit(jax.vmap(update, (STATES, 0, 0), STATES))
        for i in range(0, 50, 10):
            state = push(state, x[:, i : i + 10], y[:, i : i + 10])
        found = jax.vmap(finalize, (STATES,))(state)
    for layer in range(3):
        assert_stands_for([np.asarray(a[layer]) for a in found], [x[layer], y[layer]], np.float64)


def test_dead_units_stay_exactly_zero():
    x = np.random.default_rng(7).normal(size=(40, 3)) * [1, 0, 1]
    (found,) = results(streamed([(x,)], np.float64, 8), np.float64)
    np.testing.assert_array_equal(found[:, 1], 0)


def test_fewer_samples_than_units_leave_rows_of_zeros():
    x = np.random.default_rng(8).normal(size=(2, 5))
    (found,) = results(streamed([(x,)], np.float64, 3), np.float64)
    np.testing.assert_allclose(found[2:], 0, atol=1e-15)  # of norm 1 and more, rounding aside


def test_a_second_batch_compiles_nothing():
    traced = []

    @partial(jax.jit, donate_argnums=0)
    def push(state, *batch):
        traced.append(1)
        return update(state, *batch)

    state = init((3, 2), block=8)
    for _ in range(5):
        state = push(state, jnp.ones((6, 3)), jnp.ones((6, 2)))
    assert len(traced) == 1


def test_results_are_in_float64_where_x64_is_on():
    with jax.enable_x64(True):
        x = jnp.ones((9, 2), jnp.float32)
        for dtype in (jnp.float32, jnp.float64):
            assert finalize(update(init((2,), dtype), x))[0].dtype == jnp.float64
    assert finalize(update(init((2,)), np.ones((9, 2))))[0].dtype == jnp.float32


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
        update(init((3, 2)), *(jnp.asarray(a, jnp.float32) for a in arrays))


def test_states_of_other_networks_do_not_merge():
    with pytest.raises(ValueError, match=r"begun for 1 networks of \[3\] units, received .* 1 networks of \[2\] units"):
        merge(init((3,)), init((2,)))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="must be real numbers, not complex64"):
        update(init((3,)), jnp.ones((4, 3), jnp.complex64))


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.int32])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="in float32 or float64, not in"):
        init((3,), dtype)


@pytest.mark.parametrize(("units", "block"), [((-1,), None), ((3,), 0)])
def test_impossible_sizes_are_refused(units, block):
    with pytest.raises(ValueError, match="expected numbers of units and a block of 1 or more"):
        init(units, block=block)


def test_float64_needs_x64():
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"needs jax.enable_x64\(True\)"):
        init((3,), jnp.float64)


def test_states_of_other_dtypes_do_not_merge():
    with jax.enable_x64(True), pytest.raises(ValueError, match="float32 and one of activations in float64 do not"):
        merge(init((3,)), init((3,), jnp.float64))


def test_means_are_known_in_float32_alone():
    with jax.enable_x64(True), pytest.raises(ValueError, match="in float64 has no means"):
        finalize(init((3,), jnp.float64), centred=True)


# What a notebook does: plain calls, again and again


def plainly(x, y):
    state = init((x.shape[1], y.shape[1]))
    for start in range(0, len(x), 30):
        state = update(state, x[start : start + 30], y[start : start + 30])
    return finalize(merge(state, update(init((x.shape[1], y.shape[1])), x, y)))


def a_pair(samples, n_x, n_y):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(samples, n)).astype(np.float32) for n in (n_x, n_y)]


def test_other_batches_of_the_bucket_compile_nothing():
    jax.block_until_ready(plainly(*a_pair(60, 12, 10)))
    with traces() as seen:
        jax.block_until_ready(plainly(*a_pair(60, 12, 10)))
        jax.block_until_ready(plainly(*a_pair(57, 12, 10)))
    assert not seen


@pytest.mark.filterwarnings("ignore::jaxrepsim.IllConditionedWarning")
def test_under_shard_map_and_checks():
    x, y = a_pair(60, 6, 5)
    found = under_shard_map(plainly, x, y)
    np.testing.assert_allclose(found[0].T @ found[1], 2 * x.T @ y, atol=1e-3)
    x[:, 1] = x[:, 0]
    y[:, 2] = 0
    with jax.enable_x64(True):  # checkify knows no float64 where it is off
        under_checks(plainly, x, y)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
@pytest.mark.parametrize("batches", [1000, pytest.param(10_000, marks=pytest.mark.long)])
def test_many_batches_leave_memory_as_it_was(batches):
    batch = a_pair(20, 4, 3)
    state = init((4, 3))
    for turn in range(batches):
        state = update(state, *batch)
        if turn == 100:
            maps, memory = resources()
    maps_after, memory_after = resources()
    assert maps_after < maps + 50
    assert memory_after < memory + 50
    np.testing.assert_allclose(
        finalize(state)[0].T @ finalize(state)[1], batches * batch[0].T @ batch[1], rtol=1e-3, atol=1
    )
