"""Sums of products of float32 activations against NumPy's float64 on all rows at once."""

import jax
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim.compression import error_bound, finalize, init, merge, update
from jaxrepsim.compression.gram import allowed
from jaxrepsim.errors import IllConditionedWarning
from tests import reference as ref
from tests.matching import calls

LIMIT = allowed(np.float64)
CUTOFF = 1e-7  # of singular values: what rounding to float32 leaves of a dependency


def state_of(*networks, batches=4):
    state = init([a.shape[1] for a in networks])
    for parts in zip(*(np.array_split(a, batches) for a in networks), strict=True):
        state = update(state, *parts)
    return state


def squared_errors(networks, rows):
    """Of every unit of each of two networks on the other."""
    before, after = ([np.asarray(a, np.float64) for a in each] for each in (networks, rows))
    wanted, found = (
        np.concatenate([ref.residuals(x, y, cutoff=CUTOFF), ref.residuals(y, x, cutoff=CUTOFF)])
        for x, y in (before, after)
    )
    return np.abs(found**2 - wanted**2)


def pair(samples=400, n_x=6, n_y=5, seed=0):
    return [np.random.default_rng(seed).normal(size=(samples, n)).astype(np.float32) for n in (n_x, n_y)]


def assert_same_geometry(found, networks, tolerance=1e-14):
    joint, small = (np.concatenate([np.asarray(a, np.float64) for a in each], axis=1) for each in (networks, found))
    norms = np.linalg.norm(joint, axis=0)
    scale = np.where(norms > 0, np.outer(norms, norms), 1)
    assert (np.abs(small.T @ small - joint.T @ joint) <= tolerance * scale).all()


@pytest.mark.parametrize("condition", [1e1, 1e2, 1e3, 1e4, 1e5, 1e6])
@pytest.mark.parametrize("crossed", [False, True])
@calls.over_seeds(3)
def test_errors_stay_below_the_bound(condition, crossed, seed):
    rng = np.random.default_rng(seed)
    networks = [a.astype(np.float32) for a in ref.conditioned_pair(rng, 300, 16, condition, crossed=crossed)]
    with jax.enable_x64(True):
        state = state_of(*networks)
        bound = float(np.max(error_bound(state)))
        if bound > LIMIT:
            with pytest.warns(IllConditionedWarning, match=r"init\(units, jnp.float64\)"):
                rows = finalize(state)
        else:
            rows = finalize(state)
    assert bound < 1e-9 or condition >= 1e3
    assert squared_errors(networks, rows).max() <= bound


@pytest.mark.filterwarnings("error::jaxrepsim.IllConditionedWarning")
@calls.over_seeds(4)
def test_units_that_networks_share(seed):
    rng = np.random.default_rng(seed)
    networks = [a.astype(np.float32) for a in ref.conditioned_pair(rng, 300, 16, 1e3)]
    networks[1][:, :5] = networks[0][:, 5:10]
    with jax.enable_x64(True):
        rows = finalize(state_of(*networks))
        assert squared_errors(networks, rows).max() <= LIMIT
        np.testing.assert_array_equal(jaxrepsim.residuals(rows[1], rows[0])[:5], 0)


@calls.over_seeds(2)
def test_units_that_depend_on_others_are_left_to_qr(seed):
    """What rounding to float32 leaves of a dependency is a direction of its own, which sums of products cannot show."""
    rng = np.random.default_rng(seed)
    x, y = (a.astype(np.float32) for a in ref.conditioned_pair(rng, 300, 16, 1e2))
    x = ref.with_dependent(rng, x, duplicates=4, sums=4).astype(np.float32)
    with jax.enable_x64(True):
        state = state_of(x, y)
        bound = error_bound(state)
        assert bound[0] > LIMIT > bound[1]
        with pytest.warns(IllConditionedWarning, match="the units of network 0 are too nearly dependent"):
            rows = finalize(state)
    with jax.enable_x64(False):
        assert (error_bound(state_of(x, y)) < 1e-6).all()
    assert squared_errors((x, y), rows).max() <= LIMIT  # without the directions that rounding makes


@pytest.mark.filterwarnings("error::jaxrepsim.IllConditionedWarning")
@pytest.mark.parametrize("offset", [1e2, 1e6])
def test_offsets_cost_no_digits(offset):
    """Up to a million times the deviation: float32 itself has a dozen steps left for that."""
    networks = [(a + np.float32(offset)).astype(np.float32) for a in pair()]
    centred = [a - a.astype(np.float64).mean(axis=0) for a in networks]
    with jax.enable_x64(True):
        state = state_of(*networks)
        assert_same_geometry(finalize(state), networks)
        assert_same_geometry(finalize(state, centred=True), centred, 1e-13)
        assert squared_errors(networks, finalize(state)).max() <= 1e-12
        # Zero rows would be outliers a million deviations away.
        state = update(update(init((6, 5)), np.zeros((9, 6)), np.zeros((9, 5))), *networks)
        state = update(state, np.zeros((9, 6)), np.zeros((9, 5)))
        assert_same_geometry(finalize(state), networks)
        assert squared_errors(networks, finalize(state)).max() <= 1e-12


@pytest.mark.parametrize("x64", [False, True])
def test_scales_cost_no_digits(x64):
    x, y = pair()
    scaled = x * np.float32(10.0) ** np.array([-30, -12, -6, 0, 12, 30], np.float32)
    with jax.enable_x64(x64):
        assert_same_geometry(finalize(state_of(scaled, y)), (scaled, y), 1e-14 if x64 else 1e-6)


@pytest.mark.parametrize("x64", [pytest.param(False, marks=pytest.mark.long), True])
def test_dead_and_constant_units(x64):
    x, y = pair()
    x[:, 1] = 0
    y[:, 2] = 7.3
    with jax.enable_x64(x64):
        state = state_of(x, y)
        p, q = finalize(state)
        assert_same_geometry((p, q), (x, y), 1e-14 if x64 else 1e-6)
        np.testing.assert_array_equal(p[:, 1], 0)
        p, q = finalize(state, centred=True)
        np.testing.assert_array_equal(p[:, 1], 0)
        np.testing.assert_array_equal(q[:, 2], 0)


def test_zero_rows_change_nothing_but_the_mean():
    x, y = pair(60)
    padded = [np.concatenate([a, np.zeros((40, a.shape[1]), np.float32)]) for a in (x, y)]
    with jax.enable_x64(True):
        alone, both = (update(init((6, 5)), *each) for each in ((x, y), padded))
        for one, other in zip(finalize(alone), finalize(both), strict=True):
            np.testing.assert_array_equal(one, other)
        centred = [a - a.mean(axis=0, dtype=np.float64) for a in padded]
        assert_same_geometry(finalize(both, centred=True), centred)
        assert both.samples == 100


def test_a_hundred_million_samples():
    x, y = (a + np.float32(3) for a in pair(763))
    with jax.enable_x64(True):
        state = update(init((6, 5)), x, y)
        for _ in range(17):
            state = merge(state, state)
        assert state.samples > 1e8
        assert_same_geometry(finalize(state), [2**8.5 * a.astype(np.float64) for a in (x, y)])


def test_more_samples_cost_no_digits():
    """The sum keeps what it loses: 4,000 terms added plainly would be off by ten times as much."""
    x, y = (np.abs(a) for a in pair(64))
    push = jax.jit(update, donate_argnums=0)
    with jax.enable_x64(True):
        state = init((6, 5))
        for _ in range(4000):
            state = push(state, x, y)
        wide = np.concatenate([x, y], axis=1).astype(np.longdouble) - np.concatenate(state.shift)
        exact = 4000 * wide.T @ wide
        products, lost = (np.asarray(part[:-1, :-1]).astype(np.longdouble) for part in (state.products, state.lost))
        error = np.abs(products + lost - exact)
        assert (error <= 6e-16 * np.sqrt(np.outer(np.diag(exact), np.diag(exact)))).all()


@pytest.mark.parametrize("x64", [pytest.param(False, marks=pytest.mark.long), True])
def test_states_merge_around_other_offsets(x64):
    x, y = pair()
    offsets = [0, 20, -5]
    parts = [(x + np.float32(c), y - np.float32(c)) for c in offsets]
    whole = [np.concatenate(each) for each in zip(*parts, strict=True)]
    with jax.enable_x64(x64):
        empty, *states = init((6, 5)), *(state_of(*part) for part in parts)
        found = merge(merge(states[0], empty), merge(merge(empty, states[1]), states[2]))
        assert_same_geometry(finalize(found), whole, 1e-14 if x64 else 1e-6)


@pytest.mark.parametrize("x64", [pytest.param(False, marks=pytest.mark.long), True])
def test_donated_stacked_and_scanned(x64):
    x, y = pair(4096 + 300)
    push = jax.jit(update, donate_argnums=0)

    def scanned(x, y):
        batches = (x[:4000].reshape(4, 1000, -1), y[:4000].reshape(4, 1000, -1))
        return finalize(jax.lax.scan(lambda state, batch: (update(state, *batch), None), init((6, 5)), batches)[0])

    with jax.enable_x64(x64):
        tolerance = 1e-14 if x64 else 1e-6
        assert_same_geometry(
            jax.jit(finalize)(push(push(init((6, 5)), x, y), x, y)), [np.sqrt(2) * a for a in (x, y)], 1e-6
        )
        assert_same_geometry(jax.jit(scanned)(x, y), (x[:4000], y[:4000]), tolerance)
        layers = [np.stack([a[:2000], a[2000:4000]]) for a in (x, y)]
        states = jax.vmap(lambda *each: update(init((6, 5)), *each))(*layers)
        states = jax.jit(jax.vmap(update), donate_argnums=0)(states, *layers)
        for found in (jax.vmap(finalize)(states), jax.jit(jax.vmap(finalize))(states)):
            for layer in range(2):
                wanted = [np.concatenate([a[layer]] * 2) for a in layers]
                assert_same_geometry([a[layer] for a in found], wanted, tolerance)
        assert jax.vmap(error_bound)(states).shape == (2, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("x64", [pytest.param(False, marks=pytest.mark.long), True])
def test_what_is_not_finite_is_refused_or_nan(x64, bad):
    x, y = pair(20)
    x[3, 1] = bad
    with jax.enable_x64(x64):
        with pytest.raises(ValueError, match="unit 1 of the first network is"):
            update(init((6, 5)), x, y)
        state = jax.jit(update)(init((6, 5)), x, y)
        assert all(np.isnan(a).all() for a in finalize(state))
        assert np.isnan(error_bound(state)).all()
        state = jax.jit(update)(state, *pair(20))
        assert all(np.isnan(a).all() for a in finalize(state))


def test_what_float32_had_is_matched_at_zero():
    """Units that are sums of others match at ε = 0 as far as the bound allows."""
    rng = np.random.default_rng(0)
    x, _ = ref.conditioned_pair(rng, 300, 16, 1e3)
    x = x.astype(np.float32)
    y = (x.astype(np.float64) @ np.linalg.qr(rng.normal(size=(16, 16)))[0]).astype(np.float32)
    with jax.enable_x64(True):
        state = state_of(x, y)
        p, q = finalize(state)
        np.testing.assert_array_equal(jaxrepsim.residuals(q, p), 0)
