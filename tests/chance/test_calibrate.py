"""Any measure beside shuffled samples, against a loop over the same orders, and where there is nothing to be found."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim import chance, measures
from jaxrepsim.chance import calibrate, calibrate_layers
from jaxrepsim.compression import summarise
from jaxrepsim.errors import InputError
from jaxrepsim.measures import MEASURES
from tests.compilations import traces
from tests.measures.pairs import degenerate
from tests.reference import measures as ref

KEY = jax.random.key(3)
SAMPLES = 60


def pair(samples=SAMPLES, n_x=6, n_y=5, seed=0, shared=0.5, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.normal(size=(samples, n_x)), 0) + 0.1 * rng.normal(size=(samples, n_x))
    return x.astype(dtype), (shared * x[:, :n_y] + rng.normal(size=(samples, n_y)) + 0.3).astype(dtype)


def orders(samples, draws, group_size=1):
    """Those of the draws, one by one, by JAX's own permutations of groups."""
    for key in jax.random.split(KEY, draws):
        groups = np.asarray(jax.random.permutation(key, samples // group_size))
        yield (groups[:, None] * group_size + np.arange(group_size)).ravel()


def expected(function, x, y, draws, distance, largest, level, group_size=1):
    """The definition, by a loop: observed, null, p, and the score of the paper's algorithm 1."""
    observed, null = function(x, y), [function(x, y[rows]) for rows in orders(len(x), draws, group_size)]
    sign = -1 if distance else 1
    every = sorted(sign * value for value in (observed, *null))
    p = sum(value >= sign * observed - 1e-9 for value in every) / (1 + draws)
    threshold = every[int(np.ceil(round((1 - level) * (1 + draws), 9))) - 1]
    score = (sign * observed - threshold) / (largest - threshold)
    return observed, null, p, min(1, max(0, score))


def assert_same(found, wanted, atol=1e-8):
    for field, a, b in zip(found._fields, found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=atol, err_msg=field)


NAMES = ("linear_cka", "debiased_cka", "cca", "procrustes", "linear_regression", "permutation", "mutual_knn")


@pytest.mark.parametrize("samples", [SAMPLES, 24])  # by products of factored networks; by rows where these are few
@pytest.mark.parametrize("name", NAMES)
def test_is_its_definition(name, samples):
    x, y = pair(samples, shared=2.0)
    row = MEASURES[name]
    with jax.enable_x64(True):
        found = calibrate(name, x, y, KEY, 19, level=0.1)
    distance = row.kind == "distance"
    wanted = expected(getattr(ref, name), x, y, 19, distance, row.range[not distance], 0.1)
    assert_same(found, wanted)
    assert found.null.shape == (19,)
    assert len(np.unique(found.null)) > 1
    assert 0 < float(found.calibrated) < 1 or samples < SAMPLES


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in NAMES])
def test_of_every_measure_of_the_table(name):
    """Also those without an oracle of their own here: the function itself, of permuted rows."""
    x, y = pair()
    with jax.enable_x64(True):
        found = calibrate(name, x, y, KEY, 5)
        wanted = [float(MEASURES[name].function(x, y[rows])) for rows in orders(SAMPLES, 5)]
        np.testing.assert_allclose(found.null, wanted, atol=1e-7)
        assert float(found.observed) == float(MEASURES[name].function(x, y))


@pytest.mark.parametrize("case", degenerate())
def test_of_dead_constant_dependent_and_far_off_units(case):
    x, y = degenerate()[case]
    with jax.enable_x64(True):
        for name in ("debiased_cka", "cca", "procrustes", "match_auc"):
            found = calibrate(name, x, y, KEY, 2)
            wanted = [float(MEASURES[name].function(x, y[rows])) for rows in orders(len(x), 2)]
            np.testing.assert_allclose(found.null, wanted, atol=1e-7, err_msg=name)


def test_groups_stay_together():
    x, y = (np.repeat(side, 3, axis=0) for side in pair(20))
    with jax.enable_x64(True):
        found = calibrate("linear_cka", x, y, KEY, 9, group_size=3)
        rows = calibrate("linear_cka", x, y, KEY, 9)
    assert_same(found, expected(ref.linear_cka, x, y, 9, False, 1.0, 0.05, 3))
    assert np.asarray(found.null).min() > np.asarray(rows.null).mean()  # what is alike within a group is no chance


def test_options_of_the_measure_and_rows_of_the_table():
    x, y = pair(shared=2.0)
    with jax.enable_x64(True):
        for measure in ("match_similarity", MEASURES["match_similarity"]):
            found = calibrate(measure, x, y, KEY, 3, epsilon=0.7)
            assert float(found.observed) == float(measures.match_similarity(x, y, 0.7)) > 0
        wider = calibrate("shape_distance", x, y, KEY, 3, alpha=1.0)
        assert float(wider.observed) == float(measures.shape_distance(x, y, 1.0))


def test_the_best_of_many_layers():
    x, y = pair(shared=1.0)
    xs, ys = [x[:, :3], x], [y, y[:, :2], x[::-1, :4]]
    for name, distance in (("linear_cka", False), ("procrustes", True)):
        with jax.enable_x64(True):
            cells, best = jax.tree.map(np.asarray, calibrate_layers(name, xs, ys, KEY, 19, level=0.1))
        function, largest = getattr(ref, name), 0.0 if distance else 1.0
        for i, a in enumerate(xs):
            for j, b in enumerate(ys):
                cell = chance.Calibration(*(field[i, j] for field in cells))
                assert_same(cell, expected(function, a, b, 19, distance, largest, 0.1))
        most = np.min if distance else np.max
        np.testing.assert_array_equal(best.observed, most(cells.observed))
        np.testing.assert_array_equal(best.null, most(cells.null, axis=(0, 1)))
        reached = np.sum(best.null <= best.observed if distance else best.null >= best.observed)
        assert float(best.p) == pytest.approx((1 + reached) / 20)
        assert float(best.p) >= float(np.min(cells.p))


def test_is_above_zero_exactly_where_p_is_at_most_the_level():
    xs, ys = zip(*(pair(24, 3, 3, seed, shared) for seed in range(4) for shared in (0.0, 0.3, 3.0)), strict=True)
    with jax.enable_x64(True):
        for level in (0.05, 0.1, 0.3):
            cells, best = calibrate_layers("linear_cka", xs, ys[:3], KEY, 19, level=level)
            for found in (cells, best):
                np.testing.assert_array_equal(np.asarray(found.calibrated) > 0, np.asarray(found.p) <= level + 1e-6)
            assert 0 < np.mean(np.asarray(cells.calibrated) > 0) < 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_few_samples_read_as_chance_where_raw_scores_do_not(dtype):
    """Half as many samples as units: independent, and yet one is predicted by the other without an error."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 16, 32)).astype(dtype)
    with warnings.catch_warnings(), jax.enable_x64(dtype == np.float64):
        warnings.simplefilter("error")
        for name, raw in (("cca", 0.99), ("linear_regression", 0.99), ("match_similarity", 0.99), ("linear_cka", 0.5)):
            found = calibrate(name, x, y, KEY, 39)
            assert float(found.observed) > raw
            assert float(found.calibrated) == 0, name
            assert float(found.p) > 0.05, name
            assert float(found.p) == 1 or name == "linear_cka"  # nothing is left to tell them apart


REPETITIONS, DRAWS = 1000, 19


@pytest.mark.long
@pytest.mark.parametrize("samples", [11, 60])
@pytest.mark.parametrize("name", ["linear_cka", "debiased_cka", "procrustes", "match_auc"])
def test_of_independent_networks_one_in_twenty_is_rejected(name, samples):
    """The figures of docs/measures.md. Up to ε = 0.5 independent units match on few samples alone; on more, up to 1."""
    options = {"upper": 1.0} if name == "match_auc" and samples == 60 else {}

    @jax.jit
    def tested(keys):
        def one(key):
            first, second = jax.random.split(key)
            x, y = jax.random.normal(first, (2, samples, 10))
            found = calibrate(name, x, y, second, DRAWS, **options)
            return found.p, found.calibrated

        return jax.lax.map(one, keys)

    p, calibrated = map(np.asarray, tested(jax.random.split(jax.random.key(0), REPETITIONS)))
    rejected = p <= 0.05 + 1e-6
    np.testing.assert_array_equal(calibrated > 0, rejected)
    assert 0.035 <= rejected.mean() <= 0.065, rejected.mean()
    assert p.mean() > 0.495  # 0.525, the mean of 1/20, 2/20 … 1; more where several orders give the same


def test_one_and_the_same():
    x, _ = pair()
    with jax.enable_x64(True):
        for name in ("linear_cka", "procrustes", "match_auc"):
            found = calibrate(name, x, x, KEY, 19)
            assert float(found.p) == pytest.approx(0.05)
            assert float(found.calibrated) == pytest.approx(1, abs=1e-6)
        two = np.repeat(np.eye(2), 10, axis=0)  # of two groups there are two orders, and the one that is observed
        swapped = calibrate("linear_cka", two + x[:20, :2], two + x[:20, 2:4], KEY, 19, group_size=10)
        assert float(swapped.p) > 0.2
        assert float(calibrate("linear_cka", 0 * x, x, KEY, 3).p) == 1


def test_a_second_call_and_one_of_the_same_bucket_compile_nothing():
    for name in ("debiased_cka", "mutual_knn"):
        calibrate(name, *pair(80, 7, 5, dtype=np.float32), KEY, 3)
        with traces() as seen:
            calibrate(name, *pair(80, 7, 5, 1, dtype=np.float32), KEY, 3)
            calibrate(name, *pair(74, 6, 4, dtype=np.float32), KEY, 5)
        assert not seen


@pytest.mark.parametrize("name", ["debiased_cka", pytest.param("match_auc", marks=pytest.mark.long)])
def test_under_jit_and_vmap(name):
    pairs = [pair(seed=seed, dtype=np.float32) for seed in range(2)]
    xs, ys = (jnp.stack(side) for side in zip(*pairs, strict=True))
    found = jax.jit(jax.vmap(lambda x, y: calibrate(name, x, y, KEY, 4)))(xs, ys)
    for number, (x, y) in enumerate(pairs):
        plain = calibrate(name, x, y, KEY, 4)
        assert_same(chance.Calibration(*(field[number] for field in found)), plain, 1e-4)
        assert jax.tree.map(lambda field: field.dtype, plain) == jax.tree.map(lambda field: field.dtype, found)


def test_numbers_that_are_not_finite():
    x, y = pair(dtype=np.float32)
    x[3, 2] = np.nan
    with pytest.raises(ValueError, match="unit 2 of the first network is nan at sample 3"):
        calibrate("linear_cka", x, y, KEY, 3)
    found = jax.jit(lambda x, y: calibrate("linear_cka", x, y, KEY, 3))(x, y)
    assert all(np.isnan(field).all() for field in found)


def test_what_cannot_be_used():
    x, y = pair(dtype=np.float32)
    with pytest.raises(InputError, match="unknown measure 'linear_ckka'; did you mean 'linear_cka'"):
        calibrate("linear_ckka", x, y, KEY, 3)
    with pytest.raises(InputError, match="unknown option of rbf_cka 'width'; Known: scale"):
        calibrate("rbf_cka", x, y, KEY, 3, width=1.0)
    with pytest.raises(InputError, match="a compression has lost them"):
        calibrate("linear_cka", *summarise(x, y), KEY, 3)
    with pytest.raises(InputError, match="level must lie in"):
        calibrate("linear_cka", x, y, KEY, 3, level=1.0)
    with pytest.raises(InputError, match="received 1 and 0"):
        calibrate_layers("linear_cka", [x], [], KEY, 3)
    with pytest.raises(ValueError, match="draws must be at least 1, received 0"):
        calibrate("linear_cka", x, y, KEY, 0)
    with pytest.raises(ValueError, match="60 samples do not come in groups of 7"):
        calibrate("linear_cka", x, y, KEY, 3, group_size=7)
    with pytest.raises(ValueError, match="60 and 50"):
        calibrate("linear_cka", x, y[:50], KEY, 3)
    with pytest.raises(TypeError, match="complex"):
        calibrate("linear_cka", x, y + 1j, KEY, 3)
