"""Mutual information and joint counts against scikit-learn and SciPy on labels found by counting."""

import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from jaxrepsim.convergent import binning, joint_counts, row_sample
from jaxrepsim.convergent.joint_counts import JointCounts
from jaxrepsim.convergent.mutual_information import mutual_information
from tests.convergent.binned_units import SAMPLES, bins_by_counting, units
from tests.matching import calls

information = jax.jit(mutual_information)
count = jax.jit(joint_counts.update)
plug_in = jax.jit(lambda counts: JointCounts(counts).plug_in)
corrected = jax.jit(lambda counts: JointCounts(counts).mutual_information)
CLOSE = {np.float64: 1e-12, np.float32: 3e-6}


def pair(seed, samples=SAMPLES):
    """Units of every kind, and others of which some depend on them."""
    x, y = units(seed, samples), units(seed + 1000, samples)
    y[:, [0, 1, 3]] = np.abs(x[:, [0, 1, 3]]) + 0.3 * y[:, [0, 1, 3]]
    return x, y


def labels(x, bins=10):
    return np.stack([bins_by_counting(unit, bins) for unit in x.T], axis=1)


def table(x, y, bins=10):
    """Counts of (n_x, bins, n_y, bins) by a loop."""
    found = np.zeros((x.shape[1], bins, y.shape[1], bins), np.int32)
    for i, j in np.ndindex(x.shape[1], y.shape[1]):
        found[i, :, j, :] = np.histogram2d(x[:, i], y[:, j], bins, [[-0.5, bins - 0.5]] * 2)[0]
    return found


def by_entropies(a, b):
    """The definition of both: H(x) + H(y) − H(x, y), and each with the correction of Miller and Madow."""
    joint = np.unique(a + 1000 * b, return_counts=True)[1]
    counts = [np.unique(a, return_counts=True)[1], np.unique(b, return_counts=True)[1], joint]
    plain = [entropy(c) for c in counts]
    fixed = [h + (len(c) - 1) / (2 * len(a)) for h, c in zip(plain, counts, strict=True)]
    return plain[0] + plain[1] - plain[2], fixed[0] + fixed[1] - fixed[2]


def for_pairs(function, x, y):
    return np.array([[function(a, b) for b in y.T] for a in x.T])


@calls.over_seeds(3)
def test_plug_in_is_scikit_learns(seed):
    x, y = map(labels, pair(seed % 1000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it takes many labels for a regression
        wanted = for_pairs(mutual_info_score, x, y)
    for dtype in calls.DTYPES:
        found = calls.call(plug_in, table(x, y), dtype=dtype)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_it_is_that_of_miller_and_madow(dtype, seed):
    x, y = pair(seed % 1000)
    found = calls.call(information, x, y, dtype=dtype)
    assert found.dtype == dtype
    wanted = for_pairs(by_entropies, labels(x), labels(y))
    np.testing.assert_allclose(found, wanted[:, :, 1], rtol=0, atol=CLOSE[dtype])
    plain = calls.call(plug_in, table(labels(x), labels(y)), dtype=dtype)
    np.testing.assert_allclose(plain, wanted[:, :, 0], rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("bins", [2, 3, 25])
def test_any_number_of_bins(bins):
    x, y = pair(1)
    found = calls.call(lambda x, y: mutual_information(x, y, bins), x, y, dtype=np.float64)
    wanted = for_pairs(by_entropies, labels(x, bins), labels(y, bins))[:, :, 1]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


def test_the_formula_by_hand():
    """Six samples in four cells: K_x = K_y = 2, K_xy = 3."""
    counts = np.array([[3, 1], [0, 2]]).reshape(1, 2, 1, 2)
    plain = (3 * np.log(3 * 6 / (4 * 3)) + np.log(6 / (4 * 3)) + 2 * np.log(2 * 6 / (2 * 3))) / 6
    np.testing.assert_allclose(calls.call(plug_in, counts, dtype=np.float64), plain, atol=1e-15)
    np.testing.assert_allclose(calls.call(corrected, counts, dtype=np.float64), plain + 0 / 12, atol=1e-15)
    counts[0, 1, 0, 0] = 1
    found = [calls.call(f, counts, dtype=np.float64) for f in (corrected, plug_in)]
    np.testing.assert_allclose(found[0] - found[1], -1 / 14, atol=1e-15)


def test_a_unit_that_never_varies_tells_nothing():
    """To the last digit, corrected too: dead, constant, minus zero, or all in one bin."""
    x, y = pair(2)
    x[:, 9] = 0
    never = [7, 9, 10]
    for dtype in calls.DTYPES:
        found = calls.call(information, x, y, dtype=dtype)
        np.testing.assert_array_equal(found[never], 0)
        np.testing.assert_array_equal(calls.call(information, y, x, dtype=dtype)[:, never], 0)
        assert (np.delete(found, never, axis=0) != 0).any(axis=1).all()


@pytest.mark.parametrize(("samples", "n_x", "n_y"), [(0, 12, 12), (1, 12, 12), (9, 0, 12), (9, 12, 0), (9, 0, 0)])
def test_nothing_to_tell(samples, n_x, n_y):
    x, y = (a[:samples, :n] for a, n in zip(pair(0), (n_x, n_y), strict=True))
    found = calls.call(information, x, y, dtype=np.float32)
    assert found.shape == (n_x, n_y)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, 0)


def test_a_unit_with_itself_has_its_entropy():
    x, _ = pair(3)
    found = np.diagonal(calls.call(information, x, x, dtype=np.float64))
    counts = [np.unique(unit, return_counts=True)[1] for unit in labels(x).T]
    wanted = [entropy(c) + (len(c) - 1) / (2 * SAMPLES) for c in counts]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@calls.over_seeds(3)
def test_invariances(seed):
    x, y = pair(seed % 1000)
    x[:, 3:5] = x[:, :2] ** 3  # without units that have equal values: a cut may then be as near as another
    found = calls.call(information, x, y, dtype=np.float64)
    np.testing.assert_array_equal(calls.call(information, np.sinh(2 * x), 5 * y, dtype=np.float64), found)
    turned = calls.call(information, -3 * x, y, dtype=np.float64)
    np.testing.assert_allclose(turned, found, atol=1e-12)
    np.testing.assert_allclose(calls.call(information, y, x, dtype=np.float64), found.T, atol=1e-12)
    rng = np.random.default_rng(seed)
    rows, a, b = rng.permutation(SAMPLES), rng.permutation(12), rng.permutation(12)
    moved = calls.call(information, x[rows][:, a], y[rows][:, b], dtype=np.float64)
    np.testing.assert_allclose(moved, found[a][:, b], atol=1e-12)


@pytest.fixture(scope="module")
def planted():
    """Twelve rectified units, and a permutation, noise and strange transformations of them."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(600, 12)), 0)
    order = rng.permutation(12)
    return x, np.exp(x[:, order]) - 1 + 0.05 * rng.normal(size=(600, 12)), order


def test_partners_of_permuted_copies(planted):
    x, y, order = planted
    found = calls.call(information, x, y, dtype=np.float32)
    np.testing.assert_array_equal(np.argmax(found, axis=0), order)


def test_it_sees_what_correlation_does_not(planted):
    """y = |x|: no correlation, and about log 9 − log 2 = 1.5 nats."""
    x = np.random.default_rng(1).normal(size=(600, 12))
    order = planted[2]
    y = np.abs(x[:, order])
    assert np.abs(np.corrcoef(x.T, y.T)[:12, 12:]).max() < 0.2
    found = calls.call(information, x, y, dtype=np.float32)
    np.testing.assert_array_equal(np.argmax(found, axis=0), order)
    assert found[order, np.arange(12)].min() > 1.2
    others = found[np.arange(12)[:, None] != order]
    assert np.abs(others).max() < 0.2


def test_the_correction_takes_the_bias_of_independent_units_away():
    """The plug-in's is about 8² / 2m = 0.053 of 9 bins each; what is left is of the order 1 / m²."""
    x, y = np.random.default_rng(2).normal(size=(2, 600, 12))
    found = calls.call(information, x, y, dtype=np.float64).mean()
    plain = calls.call(plug_in, table(labels(x), labels(y)), dtype=np.float64).mean()
    assert 0.04 < plain < 0.07
    assert abs(found) < plain / 10


def test_counts_are_those_of_a_loop(monkeypatch):
    """In one chunk, and in several with a rest."""
    x, y = map(labels, pair(5))
    wanted = table(x, y)
    empty = joint_counts.init((12, 12))
    np.testing.assert_array_equal(count(empty, x, y).counts, wanted)
    # Functions of their own: what was compiled for other sizes of chunks is not asked again.
    for height in (1, 7, 20):
        monkeypatch.setattr(joint_counts, "INDICATORS", height * 240 + 1)
        update = jax.jit(lambda *given: joint_counts.update(*given))
        np.testing.assert_array_equal(update(empty, x, y).counts, wanted)


def test_counts_are_exact_integers():
    """Far beyond the 256 up to which bfloat16, and the 2,048 up to which float16, would count."""
    x = jnp.zeros((200_001, 1), jnp.int32)
    found = joint_counts.update(joint_counts.init((1, 1), 2), x, x)
    assert found.counts.dtype == jnp.int32
    assert found.counts[0, :, 0].tolist() == [[200_001, 0], [0, 0]]


def test_two_passes_are_one_shot():
    """With a sample of all rows, any batches, rows that do not count, and states that merge."""
    x, y = (a.astype(np.float32) for a in pair(6))
    used = jnp.arange(SAMPLES) % 5 != 0
    wanted = information(jnp.asarray(x[used]), jnp.asarray(y[used]))
    x[np.arange(SAMPLES) % 5 == 0], y[np.arange(SAMPLES) % 5 == 0] = np.nan, 1e9
    batches = [slice(0, 20), slice(20, 40), slice(40, 60)]
    sample = row_sample.init((12, 12), 50)
    for number, rows in enumerate(batches):
        sample = row_sample.update(sample, jax.random.key(number), x[rows], y[rows], where=used[rows])
    edges = sample.edges(10)
    empty = joint_counts.init((12, 12))
    index = jax.jit(binning.bin_index)  # which takes on trust what rows hold that do not count
    states = [count(empty, *map(index, (x[b], y[b]), edges), where=used[b]) for b in batches]
    a, b, c = states
    for state in (joint_counts.merge(a, joint_counts.merge(b, c)), joint_counts.merge(joint_counts.merge(c, a), b)):
        np.testing.assert_array_equal(state.mutual_information, wanted)
    streamed = empty
    for rows in batches:
        streamed = count(streamed, *map(index, (x[rows], y[rows]), edges), where=used[rows])
    np.testing.assert_array_equal(streamed.mutual_information, wanted)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_shows(bad):
    x, y = (a.astype(np.float32) for a in pair(8))
    spoilt_x, spoilt_y = x.copy(), y.copy()
    spoilt_x[3, 1] = spoilt_y[5, 2] = bad
    wanted = np.array(information(x, y))
    wanted[1], wanted[:, 2] = np.nan, np.nan
    np.testing.assert_array_equal(information(spoilt_x, spoilt_y), wanted)


def test_a_small_sample_gives_nearly_the_same():
    """Other edges are another partition: the dependence that is there is seen by both."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 4)).astype(np.float32)
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    sample = row_sample.update(row_sample.init((4, 4), 400), jax.random.key(0), x, y)
    indices = map(binning.bin_index, (x, y), sample.edges(10))
    found = joint_counts.update(joint_counts.init((4, 4)), *indices).mutual_information
    np.testing.assert_allclose(found, information(x, y), atol=0.03)
    # ρ² = 1/2: ½ log 2 = 0.35 nats, of which bins keep most.
    assert 0.25 < float(jnp.diagonal(found).min()) < float(jnp.diagonal(found).max()) < 0.37


def test_along_an_axis():
    x, y = map(labels, pair(7))
    local = jax.vmap(
        lambda x, y: joint_counts.merge_over(joint_counts.update(joint_counts.init((12, 12)), x, y), "data"),
        axis_name="data",
    )
    found = local(x.reshape(3, 20, 12), y.reshape(3, 20, 12))
    for device in range(3):
        np.testing.assert_array_equal(found.counts[device], table(x, y))


@pytest.mark.long
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_stacked_layers(dtype):
    x, y = (np.stack(parts) for parts in zip(pair(8), pair(9), strict=True))
    found = calls.call(jax.jit(jax.vmap(mutual_information)), x, y, dtype=dtype)
    for each, a, b in zip(found, x, y, strict=True):
        np.testing.assert_allclose(each, calls.call(information, a, b, dtype=dtype), rtol=0, atol=CLOSE[dtype])


def test_a_second_batch_compiles_nothing():
    traced = []

    @partial(jax.jit, donate_argnums=0)
    def push(state, *batch):
        traced.append(1)
        return joint_counts.update(state, *batch)

    state = joint_counts.init((2, 3), 4)
    for _ in range(3):
        state = push(state, jnp.ones((6, 2), jnp.int32), jnp.ones((6, 3), jnp.int32))
    assert len(traced) == 1
    assert state.counts[:, 1, :, 1].tolist() == [[18] * 3] * 2


BINS = jnp.zeros((3, 2), jnp.int32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: mutual_information(x, x, 1), r"bins must be at least 2, .*; received 1"),
        (lambda x: mutual_information(x, x, -3), r"bins must be at least 2, .*; received -3"),
        (lambda x: joint_counts.init((2, 2), 0), r"bins must be at least 2, .*; received 0"),
        (lambda x: mutual_information(x, x[:2]), r"different numbers of samples, 3 and 2"),
        (lambda x: mutual_information(x[0], x), r"must have the shape \(samples, units\), not \(2,\)"),
        (lambda x: joint_counts.update(joint_counts.init((2, 2)), BINS, BINS[:1]), r"numbers of samples, 3 and 1"),
        (lambda x: joint_counts.update(joint_counts.init((2, 3)), BINS, BINS), r"2 and 3 units, received .* 2 and 2"),
        (
            lambda x: joint_counts.update(joint_counts.init((2, 2)), BINS, BINS, where=jnp.ones(4, bool)),
            r"where has the shape \(4,\), and there are 3 samples",
        ),
        (
            lambda x: joint_counts.merge(joint_counts.init((2, 2)), joint_counts.init((2, 2), 5)),
            r"\(2, 10, 2, 10\) do not merge with \(2, 5, 2, 5\)",
        ),
    ],
)
def test_what_is_wrong_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(jnp.ones((3, 2)))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers, not complex64"):
        mutual_information(jnp.ones((3, 2), jnp.complex64), jnp.ones((3, 2)))
