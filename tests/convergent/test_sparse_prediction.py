import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.metrics import r2_score

from jaxrepsim.convergent import held_out_r2, moments, sparse_prediction, sparse_prediction_of
from tests import reference as ref
from tests.convergent import lassos
from tests.convergent.lassos import N_X, N_Y, PENALTIES, M
from tests.matching import calls

predict = jax.jit(sparse_prediction)
over_pairs = jax.jit(jax.vmap(sparse_prediction, (0, 0, None)))


@jax.jit
def fit_and_hold_out(x, y, other_x, other_y, penalties):
    fitted, held_out = moments.of(x, y), moments.of(other_x, other_y)
    found = sparse_prediction_of(fitted, penalties)
    return found, held_out_r2(found.coefficients, fitted, held_out)


def predicted(x, y, penalties=PENALTIES, dtype=np.float64):
    return calls.call(predict, x, y, penalties, dtype=dtype)


def raw_predictions(x, y, new, w):
    """By hand: new samples standardised by the fitted means and standard deviations, and back."""
    std = x.std(axis=0) * (np.ptp(x, axis=0) > 0)
    scaled = np.where(std > 0, (new - x.mean(axis=0)) / np.where(std > 0, std, 1), 0)
    return y.mean(axis=0) + y.std(axis=0) * (scaled @ w)


@pytest.mark.parametrize("kind", ["latent", "rectified", "copies", "one unit"])
def test_equals_scikit_learn(kind):
    """Coefficients to 1e-6, and R² of its own predictions of standardised units."""
    x, y = lassos.small_pairs(0)[kind]
    found = predicted(x, y)
    x, y = lassos.standardised(x), lassos.standardised(y)
    for k, penalty in enumerate(PENALTIES):
        for j, target in enumerate(y.T):
            model = Lasso(alpha=penalty, tol=1e-13, max_iter=100_000).fit(x, target)
            np.testing.assert_allclose(found.coefficients[k, :, j], model.coef_, atol=1e-6)
            np.testing.assert_allclose(found.r2[k, j], r2_score(target, model.predict(x)), atol=1e-6)


@pytest.mark.parametrize("kind", [*lassos.small_pairs(0)])
def test_held_out_r2_is_that_of_predictions(kind):
    """By scikit-learn's r2_score of raw predictions, samples and units of other means and scales included."""
    rng = np.random.default_rng(0)
    x, y = lassos.small_pairs(1)[kind]
    other_x, other_y = (1.3 * side + 0.4 * rng.normal(size=side.shape) + 0.2 for side in lassos.small_pairs(2)[kind])
    other_x[:, 2] = 7.0  # constant where it is tested
    scale, shift = 10.0 ** rng.integers(-3, 4, size=N_X), rng.normal(size=N_X) * 10
    x, other_x = (side * scale + shift for side in (x, other_x))
    found, r2 = calls.call(fit_and_hold_out, x, y, other_x, other_y, PENALTIES, dtype=np.float64)
    live = np.ptp(y, axis=0) > 0
    for k in range(len(PENALTIES)):
        expected = r2_score(other_y, raw_predictions(x, y, other_x, found.coefficients[k]), multioutput="raw_values")
        np.testing.assert_allclose(r2[k], np.where(live, expected, 0), rtol=1e-7, atol=1e-8)


def test_held_out_r2_on_the_same_samples_is_that_of_the_fit():
    x, y = lassos.small_pairs(3)["constant"]
    found, r2 = calls.call(fit_and_hold_out, x, y, x, y, PENALTIES, dtype=np.float64)
    np.testing.assert_allclose(r2, found.r2, atol=1e-12)
    dead = np.ptp(y, axis=0) == 0
    assert dead.sum() == 2
    np.testing.assert_array_equal(found.r2[:, dead], 0)
    np.testing.assert_array_equal(r2[:, dead], 0)


def test_constant_where_it_is_tested_reads_0():
    x, y = lassos.small_pairs(3)["latent"]
    other = y.copy()
    other[:, 1] = 2.0
    _, r2 = calls.call(fit_and_hold_out, x, y, x, other, PENALTIES, dtype=np.float64)
    np.testing.assert_array_equal(r2[:, 1], 0)
    assert r2[3, 0] > 0.5


def test_planted_mixes_are_found():
    """Units of y that mix two units of x, a little noise added: these two and no other, with their signs."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(M * 25, N_X)) * rng.uniform(0.1, 10, size=N_X)
    chosen = np.stack([rng.choice(N_X, 2, replace=False) for _ in range(N_Y)])
    mixes = np.zeros((N_X, N_Y))
    mixes[chosen[:, 0], np.arange(N_Y)], mixes[chosen[:, 1], np.arange(N_Y)] = 0.8, -0.6
    y = 3 * (x / x.std(axis=0)) @ mixes + 0.3 * rng.normal(size=(len(x), N_Y)) - 1
    found = calls.call(predict, x, y, np.array([0.1, 0.0]), dtype=np.float64)
    np.testing.assert_array_equal(np.sign(found.coefficients[0]), np.sign(mixes))
    np.testing.assert_allclose(found.coefficients[1], mixes, atol=0.05)
    with jax.enable_x64(True):
        counts = np.asarray(jax.tree.map(jnp.asarray, found).predictors(0.05))
    np.testing.assert_array_equal(counts[0], 2)
    assert (found.r2[0] > 0.9).all()


def test_permuted_copies_need_one_unit_each():
    rng = np.random.default_rng(5)
    x = lassos.relu_pair(rng, M, N_X, 1, 8, 0.3)[0]
    live = np.flatnonzero(np.ptp(x, axis=0) > 0)
    order = rng.permutation(live)[:N_Y]
    found = predicted(x, -2 * x[:, order] + 3)
    for penalty, w in zip(PENALTIES, found.coefficients, strict=True):
        np.testing.assert_allclose(w, -(1 - penalty) * np.eye(N_X)[:, order], atol=1e-6)
    np.testing.assert_allclose(found.r2, np.repeat(1 - PENALTIES[:, None] ** 2, N_Y, axis=1), atol=1e-7)


@calls.over_seeds(15)
def test_follows_scale_shift_and_order_of_units(seed):
    rng = np.random.default_rng(seed)
    x, y = lassos.small_pairs(seed)[rng.choice(["latent", "rectified", "constant", "unrelated"])]
    before = predicted(x, y)
    (rows, units, targets), signs = (rng.permutation(n) for n in (M, N_X, N_Y)), rng.choice([-1.0, 1.0], size=N_X + N_Y)
    scale, shift = signs * 10.0 ** rng.uniform(-3, 3, size=N_X + N_Y), rng.normal(size=N_X + N_Y)
    changed = [(np.concatenate([x, y], axis=1) * scale + shift)[rows]]
    x, y = changed[0][:, :N_X][:, units], changed[0][:, N_X:][:, targets]
    after = predicted(x, y)
    expected = before.coefficients * signs[:N_X, None] * signs[N_X:]
    np.testing.assert_allclose(after.coefficients, expected[:, units][:, :, targets], atol=1e-8)
    np.testing.assert_allclose(after.r2, before.r2[:, targets], atol=1e-9)


@calls.over_seeds(15)
def test_share_explained_falls_with_the_penalty(seed):
    kinds = lassos.small_pairs(seed)
    found = predicted(*kinds[np.random.default_rng(seed).choice([*kinds])])
    order = np.argsort(PENALTIES)
    assert (np.diff(found.r2[order], axis=0) <= 1e-11).all()
    assert (np.diff(np.abs(found.coefficients).sum(axis=1)[order], axis=0) <= 1e-9).all()
    assert ((found.r2 >= 0) & (found.r2 <= 1)).all()


def test_moments_of_streamed_samples_and_of_the_other_direction():
    x, y = lassos.small_pairs(6)["latent"]
    sides = x, lassos.padded(y, N_X)

    @jax.jit
    def streamed(x, y):
        state = moments.init((N_X, N_X), x.dtype)
        for batch in (slice(0, 15), slice(15, M)):
            state = moments.update(state, x[batch], y[batch])
        return state, state.networks(1, 0), moments.of(y, x)

    of_moments = jax.jit(sparse_prediction_of)
    with jax.enable_x64(True):
        there, back, turned = (of_moments(state, PENALTIES) for state in streamed(*map(jnp.asarray, sides)))
    np.testing.assert_allclose(there.coefficients[:, :, :N_Y], predicted(x, y).coefficients, atol=1e-10)
    np.testing.assert_allclose(there.r2[:, :N_Y], predicted(x, y).r2, atol=1e-12)
    np.testing.assert_allclose(back.coefficients, turned.coefficients, atol=1e-10)
    np.testing.assert_allclose(back.coefficients[0, :N_Y], lassos.by_scikit_learn(y, x, PENALTIES[0]), atol=1e-6)


@pytest.mark.long
def test_vmap_over_pairs():
    pairs = [lassos.small_pairs(7)[kind] for kind in ("latent", "constant", "all constant")]
    xs, ys = (np.stack(side) for side in zip(*pairs, strict=True))
    found = calls.call(over_pairs, xs, ys, PENALTIES, dtype=np.float64)
    for k, (x, y) in enumerate(pairs):
        np.testing.assert_allclose(found.coefficients[k], predicted(x, y).coefficients, atol=1e-9)
        np.testing.assert_allclose(found.r2[k], predicted(x, y).r2, atol=1e-12)
    np.testing.assert_array_equal(found.r2[2], 0)


def test_float32():
    x, y = lassos.small_pairs(8)["rectified"]
    exact, found = (predicted(x, y, dtype=dtype) for dtype in calls.DTYPES)
    assert found.r2.dtype == np.float32
    large = PENALTIES >= 1e-2
    np.testing.assert_allclose(found.r2[large], exact.r2[large], atol=1e-4)
    np.testing.assert_allclose(found.coefficients[large], exact.coefficients[large], atol=1e-3)


@pytest.mark.parametrize(("m", "n_x", "n_y"), [(5, 0, 3), (5, 3, 0), (0, 2, 2), (4, 1, 1)])
def test_any_size(m, n_x, n_y):
    x, y = ref.random_pair(np.random.default_rng(9), m, n_x, n_y)
    found = predict(jnp.asarray(x), jnp.asarray(y), jnp.array([0.0, 0.1]))
    assert found.coefficients.shape == (2, n_x, n_y)
    assert found.r2.shape == found.gap.shape == found.predictors().shape == (2, n_y)
    if (m, n_x) != (4, 1):
        assert not found.coefficients.any()
        np.testing.assert_array_equal(found.r2, 0)
    else:
        correlation = np.corrcoef(x.T, y.T)[0, 1]
        np.testing.assert_allclose(found.coefficients[0], correlation, rtol=1e-4)
        np.testing.assert_allclose(found.r2[0], correlation**2, rtol=1e-4)


def test_wrong_moments_are_named():
    three = moments.of(*(jnp.ones((4, n)) for n in (1, 2, 3)))
    with pytest.raises(ValueError, match="moments of two networks were expected, received those of 3"):
        sparse_prediction_of(three, jnp.array([0.1]))
    two = three.networks(1, 2)
    with pytest.raises(ValueError, match=r"these moments \(p, 2, 3\), received \(1, 3, 2\)"):
        held_out_r2(jnp.ones((1, 3, 2)), two, two)
    with pytest.raises(ValueError, match=r"received -1\.0"):
        sparse_prediction(jnp.ones((4, 1)), jnp.ones((4, 1)), np.array([-1.0]))
    with pytest.raises(ValueError, match="different numbers of samples"):
        sparse_prediction(jnp.ones((4, 1)), jnp.ones((5, 1)), np.array([1.0]))
