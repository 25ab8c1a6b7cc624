import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent import lasso
from jaxrepsim.convergent.cholesky import cholesky
from jaxrepsim.convergent.support import duality_gap, exact_on_support
from tests import reference as ref
from tests.convergent import lassos
from tests.convergent.lassos import N_X, N_Y, PENALTIES, M
from tests.matching import calls

solve = jax.jit(lasso)
over_pairs = jax.jit(jax.vmap(lasso, (0, 0, None)))
KINDS = tuple(lassos.small_pairs(0))
UNIQUE = ("latent", "unrelated", "rectified", "constant", "one unit", "copies", "all constant")


def solved(x, y, penalties=PENALTIES, dtype=np.float64):
    return calls.call(solve, *lassos.correlations(x, y), penalties, dtype=dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_scikit_learn(kind):
    """Coefficients where they are unique, objectives and predictions where they are not."""
    for seed in range(3):
        x, y = lassos.small_pairs(seed)[kind]
        found = solved(x, y)
        for penalty, w in zip(PENALTIES, found.coefficients, strict=True):
            expected = lassos.by_scikit_learn(x, y, penalty)
            if kind in UNIQUE:
                np.testing.assert_allclose(w, expected, atol=1e-6)
            ours, theirs = (lassos.objective(x, y, each, penalty) for each in (w, expected))
            assert (ours <= theirs + 1e-14).all()
            if kind in UNIQUE or penalty >= 1e-2:  # below, among dependent units, scikit-learn's steps end early
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)
                np.testing.assert_allclose(lassos.standardised(x) @ (w - expected), 0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_is_optimal_and_says_so(kind):
    """The optimality conditions, and the gap between the objective and its dual, from the samples."""
    for seed in range(3, 8):
        x, y = lassos.small_pairs(seed)[kind]
        gram, cross = lassos.correlations(x, y)
        found = solved(x, y)
        assert (found.gap <= 1e-12).all()
        for penalty, w, gap in zip(PENALTIES, found.coefficients, found.gap, strict=True):
            assert lassos.violation(gram, cross, w, penalty) < 1e-13
            apart = lassos.objective(x, y, w, penalty) - lassos.dual_bound(x, y, w, penalty)
            np.testing.assert_allclose(gap, apart, atol=1e-12)


def test_gap_of_what_is_not_optimal():
    """It bounds the excess from above, and is what the definition gives."""
    x, y = lassos.small_pairs(1)["latent"]
    gram, cross = lassos.correlations(x, y)
    penalty, rng = 0.05, np.random.default_rng(0)
    best = solved(x, y, np.array([penalty])).coefficients[0]
    for scale in (1e-4, 1e-2, 1.0):
        w = best + scale * rng.normal(size=best.shape) * (rng.uniform(size=best.shape) < 0.5)
        gap = calls.call(duality_gap, cross, cross - gram @ w, w, penalty, dtype=np.float64)
        value = lassos.objective(x, y, w, penalty)
        np.testing.assert_allclose(gap, value - lassos.dual_bound(x, y, w, penalty), rtol=1e-6)
        assert (gap >= value - lassos.objective(x, y, best, penalty)).all()
        assert (gap > 0).all()


def test_many_rectified_units():
    """As a layer has them: ill conditioned, or of fewer samples than units, nearly equal and dead ones among them."""
    rng = np.random.default_rng(3)
    penalties = np.array([1e-1, 1e-2, 1e-3, 1e-5])
    for samples, noise in ((1000, 0.02), (100, 0.3)):
        x, y = lassos.relu_pair(rng, samples, 130, 20, 60, noise)
        x[:, 5] = x[:, 4] + 1e-3 * x[:, 6]
        x[:, 7] = 2 * x[:, 8]
        x[:, 9] = 0
        gram, cross = lassos.correlations(x, y)
        assert np.linalg.cond(gram[np.ix_(gram.any(axis=0), gram.any(axis=0))]) > 1e6
        found = solved(x, y, penalties)
        assert (found.gap <= 1e-11).all()
        for penalty, w in zip(penalties, found.coefficients, strict=True):
            assert lassos.violation(gram, cross, w, penalty) < 1e-12
        np.testing.assert_array_equal(found.coefficients[:, 9], 0)
        w, expected = found.coefficients[0], lassos.by_scikit_learn(x, y, 0.1)
        np.testing.assert_allclose(*(lassos.objective(x, y, each, 0.1) for each in (w, expected)), atol=1e-9)
        np.testing.assert_allclose(lassos.standardised(x) @ (w - expected), 0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_penalty_it_is_least_squares_of_minimum_norm(kind):
    for seed in range(3):
        x, y = lassos.small_pairs(seed)[kind]
        found = solved(x, y, np.array([0.0, 0.1, 0.0, 1e-2, 0.0, 1.0]))
        expected = np.linalg.lstsq(lassos.standardised(x), lassos.standardised(y), rcond=1e-7)[0]
        np.testing.assert_allclose(found.coefficients[0], expected, atol=1e-8)
        np.testing.assert_array_equal(found.coefficients[0], found.coefficients[4])
        assert (found.gap < 1e-14).all()


def test_penalties_from_the_largest_correlation_on_give_nothing():
    x, y = lassos.small_pairs(2)["latent"]
    gram, cross = lassos.correlations(x, y[:, :1])
    cross = np.repeat(cross, N_Y, axis=1)
    largest = np.abs(cross).max()
    below = largest * (1 - 1e-9)
    penalties = np.array([largest, largest * 1.01, 1.0, 1e300, below, 0.5 * largest])
    found = calls.call(solve, gram, cross, penalties, dtype=np.float64)
    np.testing.assert_array_equal(found.coefficients[:4], 0)
    np.testing.assert_array_equal(found.gap[:4], 0)
    assert (found.coefficients[5] != 0).any(axis=0).all()
    # Just below, the first unit comes in with what the penalty leaves of its correlation.
    np.testing.assert_allclose(np.abs(found.coefficients[4]).sum(axis=0), largest - below, rtol=1e-5)
    np.testing.assert_array_equal(np.argmax(np.abs(found.coefficients[4]), axis=0), np.argmax(np.abs(cross), axis=0))


def test_each_penalty_is_solved_for_itself():
    x, y = lassos.small_pairs(3)["rectified"]
    found, turned = solved(x, y), solved(x, y, PENALTIES[::-1])
    np.testing.assert_array_equal(found.coefficients, turned.coefficients[::-1])
    np.testing.assert_array_equal(found.coefficients[2], found.coefficients[5])


def test_grows_with_the_penalty():
    """The squared error does not fall and |w|₁ does not rise with the penalty, for every kind of data."""
    order = np.argsort(PENALTIES)
    for kind in KINDS:
        for seed in range(10, 14):
            x, y = lassos.small_pairs(seed)[kind]
            w = solved(x, y).coefficients[order]
            size = np.abs(w).sum(axis=1)
            error = [lassos.objective(x, y, each, 0) for each in w]
            assert (np.diff(size, axis=0) <= 1e-9).all()
            assert (np.diff(error, axis=0) >= -1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_float32(kind):
    """Gaps that the precision can tell; they bound how far the objective is above that of float64."""
    x, y = lassos.small_pairs(4)[kind]
    exact, found = (solved(x, y, dtype=dtype) for dtype in calls.DTYPES)
    assert found.coefficients.dtype == found.gap.dtype == np.float32
    for k, penalty in enumerate(PENALTIES):
        ours, best = (lassos.objective(x, y, each.coefficients[k].astype(float), penalty) for each in (found, exact))
        assert (ours - best <= found.gap[k] + 2e-6).all()
        if penalty >= 1e-2:  # small ones are near the rounding of the correlations, and the gap says so
            np.testing.assert_allclose(ours, best, atol=2e-6)
            assert (found.gap[k] < 1e-5).all()
        if kind in UNIQUE and penalty >= 1e-2:
            np.testing.assert_allclose(found.coefficients[k], exact.coefficients[k], atol=2e-4)


@pytest.mark.long
def test_vmap_gives_the_same():
    pairs = [lassos.correlations(*lassos.small_pairs(5)[kind]) for kind in ("latent", "dependent", "few samples")]
    grams, crosses = (np.stack(part) for part in zip(*pairs, strict=True))
    found = calls.call(over_pairs, grams, crosses, np.array([0.0, 0.1, 1e-3]), dtype=np.float64)
    for k, (gram, cross) in enumerate(pairs):
        alone = calls.call(solve, gram, cross, np.array([0.0, 0.1, 1e-3, 0.0, 0.0, 0.0]), dtype=np.float64)
        np.testing.assert_allclose(gram @ found.coefficients[k], gram @ alone.coefficients[:3], atol=1e-12)
        assert (found.gap[k] <= 1e-12).all()


@pytest.mark.parametrize(("n_x", "n_y", "p"), [(0, 2, 2), (2, 0, 2), (0, 0, 1), (2, 3, 0)])
def test_nothing_to_solve(n_x, n_y, p):
    found = lasso(jnp.eye(n_x), jnp.ones((n_x, n_y)), jnp.ones(p))
    assert found.coefficients.shape == (p, n_x, n_y)
    assert found.gap.shape == (p, n_y)
    assert not found.coefficients.any()


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_wrong_penalties_are_named(wrong):
    with pytest.raises(ValueError, match=rf"a penalty must be finite and at least 0, received {wrong}"):
        lasso(jnp.eye(2), jnp.ones((2, 1)), np.array([0.1, wrong]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_correlations_that_are_not_finite_are_named(wrong):
    gram, cross = np.eye(2), np.array([[0.5, 0.5], [0.25, wrong]])
    with pytest.raises(ValueError, match=rf"cross\[1, 1\], a correlation, is {wrong}"):
        lasso(gram, cross, np.array([0.1]))
    with pytest.raises(ValueError, match=rf"gram\[0, 1\], a correlation, is {wrong}"):
        lasso(np.array([[1, wrong], [wrong, 1]]), cross[:, :1], np.array([0.1]))
    traced = jax.jit(lasso)
    for part in traced(gram, cross, np.array([0.1, 0.0])):
        assert np.isfinite(part[..., 0]).all()
        assert np.isnan(part[..., 1]).all()
    for part in traced(np.array([[1, wrong], [wrong, 1]]), np.ones((2, 2)), np.array([0.1, 0.0])):
        assert np.isnan(part).all()


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"received \(3, 2\) and \(3, 1\)"):
        lasso(jnp.ones((3, 2)), jnp.ones((3, 1)), jnp.ones(1))
    with pytest.raises(ValueError, match=r"penalties must have the shape \(p,\), received \(\)"):
        lasso(jnp.eye(3), jnp.ones((3, 1)), 0.1)
    with pytest.raises(TypeError, match="real floating numbers, not int32"):
        lasso(jnp.eye(3, dtype=int), jnp.ones((3, 1)), jnp.ones(1))


finish = jax.jit(exact_on_support)


def test_descent_solves_what_no_guess_helps_with():
    """From nothing, and from wrong signs, among units that are nearly equal; the first rule alone does not."""
    rng = np.random.default_rng(8)
    x, y = lassos.relu_pair(rng, M, N_X, N_Y, 8, 0.3)
    x[:, 1:6] = x[:, :1] + 0.02 * x[:, 1:6]
    gram, cross = lassos.correlations(x, y)
    unsolved = 0
    for start in (np.zeros(N_X), rng.normal(size=N_X)):
        nothing = (np.zeros((N_Y, N_X)), np.full(N_Y, np.inf), np.ones(N_Y, bool))
        given = (gram, cross.T, np.float64(1e-3), np.tile(start, (N_Y, 1)), *nothing)
        _, gap = calls.call(finish, *given, np.array(0), dtype=np.float64)
        unsolved += (gap > 1e-10).sum()
        w, gap = calls.call(finish, *given, np.array(8 * N_X), dtype=np.float64)
        assert (gap < 1e-12).all()
        assert lassos.violation(gram, cross, w.T, 1e-3) < 1e-13
    assert unsolved


def test_cholesky():
    factor = jax.jit(cholesky)
    for n in (1, 60, 130, 200):
        a = ref.random_pair(np.random.default_rng(n), 2 * n, n, 1)[0]
        gram = a.T @ a / len(a)
        found = calls.call(factor, gram, dtype=np.float64)
        np.testing.assert_allclose(found, np.linalg.cholesky(gram), atol=1e-12)
    assert np.isnan(calls.call(factor, -gram, dtype=np.float64)).any()
