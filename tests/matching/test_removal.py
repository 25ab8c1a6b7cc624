"""Every step of a removal against an SVD, by both ways to a dual basis."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.matching import dual_basis, removal
from jaxrepsim.matching.removal import BLOCK, Left
from jaxrepsim.matching.search import Question, search
from tests import reference as ref
from tests.matching import calls

N, SAMPLES = 40, 120  # more units than a block of directions


def by_gram(x, y):
    own, cross = dual_basis.safe_products(x, y)
    source = dual_basis.normalised(dual_basis.stacked(own, N), dual_basis.stacked(cross, N))
    return source.basis(source.alive)


def by_qr(x, y, n=N):
    source = dual_basis.rows_of((x, y), n)
    return source.basis(source.alive)


INITS = {"gram": by_gram, "qr": by_qr}


class Walk(NamedTuple):
    left: Left
    at: jax.Array
    seen: jax.Array


@partial(jax.jit, static_argnames="way")
def walk(x, y, order, way):
    """The squared residuals before each removal, of one unit a side at a time in a given order."""
    spans, left = removal.begin(INITS[way](x, y))

    def step(spans, directions, state):
        unit = order[state.at][:, None]
        present = jnp.take_along_axis(left.active, unit, axis=1)
        seen = state.seen.at[state.at].set(state.left.squared)
        directions, after = removal.remove(spans, directions, state.left, unit, present)
        return directions, Walk(after, state.at + 1, seen)

    start = Walk(left, jnp.asarray(0), jnp.zeros((N, 2, N), x.dtype))
    return removal.in_blocks(spans, start, lambda state: state.at < N, step)[1].seen


def error_at_every_step(x, y, way, dtype, seed):
    """The largest error of a squared residual at each step, over units that are neither gone nor dead."""
    order = np.stack([np.random.default_rng(seed + side).permutation(N) for side in (0, 1)], axis=1).astype(np.int32)
    x, y = (a.astype(dtype).astype(np.float64) for a in (x, y))
    found = calls.call(walk, x, y, order, way=way, dtype=dtype)
    assert N > BLOCK
    errors = []
    gone = np.zeros((2, N), bool)
    for step in range(N):
        sides = [np.where(gone[side], 0.0, a) for side, a in enumerate((x, y))]
        for side in (0, 1):
            expected = ref.residuals(sides[side], sides[1 - side], cutoff=calls.CUTOFF[dtype])
            real = sides[side].any(axis=0)
            errors.append(np.abs(found[step, side] - expected**2)[real].max(initial=0.0))
        gone[[0, 1], order[step]] = True
    return np.array(errors)


def weight(x):
    """Σ 1/σ² of the unit-norm columns."""
    return np.sum(np.linalg.svd(x / np.linalg.norm(x, axis=0), compute_uv=False) ** -2.0)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_gram_up_to_its_limit(dtype, crossed, scale):
    limit = dual_basis.gram_limit(dtype)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        condition = 1.2e3 if dtype == np.float64 else 1.0
        n = N if dtype == np.float64 else int(limit)
        x, y = (
            calls.pad(a, SAMPLES, N)
            for a in ref.conditioned_pair(rng, SAMPLES, n, max(condition, 1.001), crossed=crossed)
        )
        assert 0.1 * limit < weight(x[:, :n]) <= 1.01 * limit
        if scale:
            x, y, _ = calls.scaled(rng, x, y, dtype)
        errors = error_at_every_step(x, y, "gram", dtype, seed)
        assert errors.max() <= (0.5 if dtype == np.float64 else 0.1) * calls.BOUND[dtype]


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_qr_up_to_the_limit_of_the_policy(dtype, dependent, crossed, scale):
    # In an order of its own float32 errs by more than over a peel, which removes dependent units late.
    bound = 6e-5 if (crossed or dependent) and dtype is np.float32 else calls.BOUND[dtype]
    for seed in range(2):
        rng = np.random.default_rng(seed)
        n = N - 12 if dependent else N
        x, y = ref.conditioned_pair(rng, SAMPLES, n, calls.CONDITION[dtype], crossed=crossed)
        if dependent:
            x, y = (ref.with_dependent(rng, a, duplicates=6, sums=6) for a in (x, y))
        if scale:
            x, y, _ = calls.scaled(rng, x, y, dtype)
        errors = error_at_every_step(x, y, "qr", dtype, seed)
        assert errors.max() <= bound


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_more_units_than_samples(dtype):
    x, y = ref.latent_pair(np.random.default_rng(0), 30, N, N, rank=30, noise=0.3)
    assert error_at_every_step(x, y, "qr", dtype, 0).max() <= calls.BOUND[dtype]


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_takes_the_gram_matrix_where_it_can_be_trusted(dtype):
    trusted = jax.jit(lambda x, y: dual_basis.trusted(by_gram(x, y)))
    x, y = ref.conditioned_pair(np.random.default_rng(0), SAMPLES, 10, 1.1)
    assert calls.call(trusted, x, y, dtype=dtype)
    worse = ref.conditioned_pair(np.random.default_rng(0), SAMPLES, 10, 1e4)[1]
    duplicate = np.concatenate([y[:, :9], y[:, :1]], axis=1)
    for pair in ((x, worse), (worse, x), (x, duplicate), (y[:8], x[:8])):
        assert not calls.call(trusted, *pair, dtype=dtype)
    dead = y * (np.arange(10) != 3)
    assert calls.call(trusted, x, dead, dtype=dtype)


def test_a_removal_is_taken_back_by_forgetting_it():
    """What a search does after a failed trial: other removals over the forgotten directions change nothing."""
    x, y = ref.grouped_pair(np.random.default_rng(0), 80, 24, 4)

    @jax.jit
    def after(x, y, detour):
        spans, left = removal.begin(by_gram(x, y))
        directions = jnp.zeros((2, 2 * BLOCK, N))
        both = jnp.ones((2, 1), bool)
        directions, left = removal.remove(spans, directions, left, jnp.array([[3], [5]]), both)
        for unit in detour:
            directions, _ = removal.remove(spans, directions, left, unit[:, None], both)
        directions, left = removal.remove(spans, directions, left, jnp.array([[7], [2]]), both)
        return left.squared

    with jax.enable_x64(True):
        straight, detoured = after(x, y, jnp.zeros((0, 2), int)), after(x, y, jnp.array([[8, 9], [1, 0]]))
    np.testing.assert_array_equal(straight, detoured)


def test_held_directions_are_applied_once_a_block(monkeypatch):
    """Also by a search, whose first and last trial are long chains that are kept."""
    held = []
    applied = removal._applied

    def counting(spans, directions, left):
        jax.debug.callback(lambda held_now: held.append(held_now.max()), left.held)
        return applied(spans, directions, left)

    monkeypatch.setattr(removal, "_applied", counting)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(SAMPLES, 100)), rng.normal(size=(SAMPLES, 100))
    y[:, :60] = x[:, :60] + 0.1 * y[:, :60]
    basis = calls.call(lambda x, y: by_qr(x, y, 100), x, y, dtype=np.float64)
    question = Question(np.zeros((2, 100), bool), np.asarray(0), np.arange(200).reshape(2, 100))
    with jax.enable_x64(True):
        answer = jax.jit(search)(basis, question, np.asarray(0.09))
        jax.effects_barrier()
    assert answer.match[0, 0]
    removed = 200 - int(answer.rest.sum())
    assert len(held) <= removed // BLOCK + 3, held
