import jax
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(5)
def test_equals_the_union_of_all_matches(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    found = calls.joint(calls.call(calls.batch_maximum, batch.x, batch.y, batch.epsilon, dtype=dtype))
    np.testing.assert_array_equal(found, batch.expected(ref.maximum_match_brute))


def test_the_cases_are_not_trivial():
    sizes = calls.small_batch(0, np.float64).expected(ref.maximum_match_brute).sum(axis=2)
    assert len(np.unique(sizes)) > 6


@pytest.mark.parametrize("m", [200, 30, 20])
@calls.over_seeds(3)
def test_equals_algorithm_1(m, seed):
    rng = np.random.default_rng(seed)
    x, y = ref.grouped_pair(rng, m, 24, 4)
    critical = ref.profile_peel(x, y)
    for epsilon in ref.clear_epsilons(critical, np.quantile(critical, (0.0, 0.2, 0.4, 0.6, 0.8)), 1e-6):
        seen = ref.Seen(epsilon)
        expected = ref.maximum_match_lstsq(x, y, epsilon, seen=seen)
        if seen.margin > 1e-6:
            found = calls.call(calls.maximum, calls.pad(x, 200, 24), calls.pad(y, 200, 24), epsilon, dtype=np.float64)
            np.testing.assert_array_equal(calls.joint(found), expected)


def test_equals_algorithm_1_on_64_units_a_side():
    x, y = ref.grouped_pair(np.random.default_rng(0), 150, 64, 6)
    critical = ref.profile_peel(x, y)
    epsilons = ref.clear_epsilons(critical, np.quantile(critical, (0.1, 0.5, 0.9)), 1e-6)
    sizes = set()
    for epsilon in epsilons:
        expected = ref.maximum_match_lstsq(x, y, epsilon)
        found = calls.call(calls.maximum, x, y, epsilon, dtype=np.float64)
        np.testing.assert_array_equal(calls.joint(found), expected)
        sizes.add(int(expected.sum()))
    assert len(sizes) > 2


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_nested_in_epsilon(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    epsilons = np.sort(np.random.default_rng(seed).uniform(size=(calls.CASES, calls.EPSILONS)))
    found = calls.joint(calls.call(calls.batch_maximum, batch.x, batch.y, epsilons, dtype=dtype))
    assert (found[:, :-1] <= found[:, 1:]).all()


@calls.over_seeds(2)
def test_is_a_match_and_union_closed(seed):
    """The maximum matches of two sets of units are matches, their union is one, and lies in that of all units."""
    batch = calls.small_batch(seed, np.float64)
    rng = np.random.default_rng(seed)
    some, others = (rng.uniform(size=(2, calls.CASES, 2 * calls.UNITS)) < 0.7)[:, :, None, :]
    found = [
        calls.joint(
            calls.call(
                calls.batch_maximum,
                batch.x * kept[..., : calls.UNITS],
                batch.y * kept[..., calls.UNITS :],
                batch.epsilon,
                dtype=np.float64,
            )
        )
        for kept in (some, others, some | others, np.ones_like(some))
    ]
    union = found[0] | found[1]
    assert (union <= found[2]).all()
    assert (found[2] <= found[3]).all()
    for c in range(0, calls.CASES, 4):
        for e in range(calls.EPSILONS):
            for members in (found[0][c, e], found[1][c, e], union[c, e]):
                assert ref.is_match(batch.x[c], batch.y[c], members, batch.epsilon[c, e], resolution=1e-5)


@pytest.mark.parametrize("change", calls.CHANGES)
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_invariant(dtype, change, seed):
    batch = calls.small_batch(seed, dtype)
    changed = change(np.random.default_rng(seed), batch.x, batch.y, dtype)
    found = calls.joint(calls.call(calls.batch_maximum, changed.x, changed.y, batch.epsilon, dtype=dtype))
    np.testing.assert_array_equal(found, batch.expected(ref.maximum_match_brute)[..., changed.origin])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(5)
def test_recovers_what_was_planted(dtype, seed):
    x, y, label = calls.planted(seed)
    for epsilon, groups in ((0.0, [0]), (0.04, [0]), (0.06, [0, 1]), (0.3, [0, 1, 2]), (0.5, [0, 1, 2, 3])):
        found = calls.joint(calls.call(calls.maximum, x, y, epsilon, dtype=dtype))
        np.testing.assert_array_equal(found, np.isin(label, groups))


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_ill_conditioned_in_the_gaps(dtype, dependent, crossed, seed):
    """The oracle's sets at every ε² that is twice the bound from each critical value."""
    x, y = calls.hard(seed, dtype, 1.0, dependent=dependent, crossed=crossed)
    critical = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
    bound = calls.BOUND[dtype]
    squares = np.unique(np.concatenate([[0.0], critical[np.isfinite(critical)] ** 2]))
    gaps = np.flatnonzero(np.diff(squares) > 4 * bound)
    epsilons = np.sqrt((squares[gaps] + squares[gaps + 1]) / 2)
    epsilons = epsilons[epsilons > 2 * calls.RESOLUTION[dtype]]
    epsilons = np.resize(epsilons, 128)
    found = calls.joint(calls.call(calls.sweep, x, y, epsilons, dtype=dtype))
    np.testing.assert_array_equal(found, critical <= epsilons[:, None])


@pytest.mark.parametrize(("dtype", "m", "n_x", "n_y"), calls.SIZES)
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    table = ref.subset_table(x, y, cutoff=calls.CUTOFF[dtype], resolution=calls.RESOLUTION[dtype])
    for epsilon in [0.0, *ref.clear_epsilons(table.values, (0.2, 0.4, 0.6), calls.MARGIN[dtype])]:
        found = calls.call(calls.maximum, x, y, epsilon, dtype=dtype)
        assert found.x.shape == (n_x,)
        assert found.y.shape == (n_y,)
        assert found.x.dtype == found.y.dtype == bool
        np.testing.assert_array_equal(calls.joint(found), ref.maximum_match_brute(table, epsilon))


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_epsilon_zero(dtype):
    """One network's units are invertible mixtures of the other's: all match exactly; logits too, of deficient rank."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(80, 24))
    y = x @ (np.eye(24) + 0.1 * rng.normal(size=(24, 24)))
    assert calls.joint(calls.call(calls.maximum, x, y, 0.0, dtype=dtype)).all()
    logits = calls.pad(ref.logits_pair(rng, 80, 10, 0.5)[0], 80, 24)
    mixed = np.roll(logits, 3, axis=1) * 2.0
    found = calls.joint(calls.call(calls.maximum, logits, mixed, 0.0, dtype=dtype))
    np.testing.assert_array_equal(found, np.concatenate([logits.any(axis=0), mixed.any(axis=0)]))
    unrelated = calls.call(calls.maximum, *ref.random_pair(rng, 80, 24, 24), 0.0, dtype=dtype)
    assert not calls.joint(unrelated).any()


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@pytest.mark.parametrize("total", [0.0, 1.0])
def test_logits_of_constant_sum(dtype, total):
    x, y = (calls.pad(a, 80, 24) for a in ref.logits_pair(np.random.default_rng(7), 80, 10, 0.5, total))
    x, y = (a.astype(dtype).astype(np.float64) for a in (x, y))
    critical = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
    for epsilon in ref.clear_epsilons(critical, (0.1, 0.2, 0.3, 0.4), 1e-3):
        found = calls.joint(calls.call(calls.maximum, x, y, epsilon, dtype=dtype))
        np.testing.assert_array_equal(found, critical <= epsilon)


def test_more_units_than_samples_all_match():
    x, y = ref.random_pair(np.random.default_rng(8), 50, 60, 60)
    assert calls.call(calls.maximum, x, y, 0.0, dtype=np.float64).similarity == 1.0


def test_size_and_similarity_count_dead_units_in_the_denominator():
    x = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 0]])
    y = np.array([[1.0, 0], [0, 0], [0, 1]])
    match = calls.call(calls.maximum, x, y, 0.1, dtype=np.float64)
    np.testing.assert_array_equal(match.x, [True, False, False])
    np.testing.assert_array_equal(match.y, [True, False])
    assert match.size == 2
    assert match.similarity == pytest.approx(2 / 5)


def test_size_and_similarity_of_a_batch():
    batch = calls.small_batch(0, np.float64)
    match = calls.call(calls.batch_maximum, batch.x, batch.y, batch.epsilon, dtype=np.float64)
    expected = calls.joint(match).sum(axis=-1)
    np.testing.assert_array_equal(match.size, expected)
    np.testing.assert_allclose(match.similarity, expected / (2 * calls.UNITS))


def test_one_compilation_serves_every_epsilon():
    traces = []

    @jax.jit
    def traced(x, y, epsilon):
        traces.append(epsilon)
        return jaxrepsim.maximum_match(x, y, epsilon)

    x, y = calls.unpadded([(12, 5, 5)])[0]
    sizes = [int(calls.call(traced, x, y, e, dtype=np.float32).size) for e in (0.0, 0.5, 0.99)]
    assert len(traces) == 1
    assert sizes == sorted(sizes)


@pytest.mark.long
def test_layers_of_different_width_stack_by_zero_padding():
    pairs = calls.unpadded([(12, 3, 2), (7, 1, 3), (3, 4, 5)], seed=9)
    stacked = [np.stack([calls.pad(pair[side]) for pair in pairs]) for side in (0, 1)]
    layers = jax.jit(jax.vmap(jaxrepsim.maximum_match, (0, 0, None)))
    found = calls.call(layers, *stacked, 0.35, dtype=np.float64)
    for layer, (x, y) in enumerate(pairs):
        alone = calls.call(calls.maximum, x, y, 0.35, dtype=np.float64)
        for padded, single in ((found.x[layer], alone.x), (found.y[layer], alone.y)):
            np.testing.assert_array_equal(padded, np.pad(single, (0, calls.UNITS - len(single))))


@pytest.mark.long
def test_over_all_pairs_of_networks():
    rng = np.random.default_rng(10)
    signals = rng.normal(size=(calls.SAMPLES, 3))
    networks = np.stack([signals @ rng.normal(size=(3, 5)) + 0.5 * rng.normal(size=(12, 5)) for _ in range(3)])
    pairs = jax.vmap(jax.vmap(jaxrepsim.maximum_match, (None, 0, None)), (0, None, None))
    found = calls.call(jax.jit(pairs), networks, networks, 0.45, dtype=np.float64)
    for i, x in enumerate(networks):
        np.testing.assert_array_equal(found.x[i, i], True)
        for j, y in enumerate(networks):
            expected = ref.maximum_match_lstsq(x, y, 0.45)
            np.testing.assert_array_equal(np.concatenate([found.x[i, j], found.y[i, j]]), expected)
            np.testing.assert_array_equal(found.x[i, j], found.y[j, i])
