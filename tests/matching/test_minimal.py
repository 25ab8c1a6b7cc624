import jax
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls

JOINT = 2 * calls.UNITS


def padded_order(rng, cases=calls.CASES, queries=calls.EPSILONS):
    """Int[cases, queries, JOINT]: an order of the units for each query."""
    return rng.permuted(np.broadcast_to(np.arange(JOINT), (cases, queries, JOINT)), axis=-1).astype(np.int32)


def queries(batch, rng):
    """A unit for each case and ε, one that is in the maximum match where there is one, mostly."""
    maximum = batch.expected(ref.maximum_match_brute)
    chance = rng.uniform(size=maximum.shape) + maximum * (rng.uniform(size=maximum.shape[:2]) < 0.9)[..., None]
    chance[~np.broadcast_to(batch.real[:, None, :], chance.shape)] = -1.0
    return chance.argmax(axis=-1).astype(np.int32)


def one_by_one(table, real, epsilon, unit, order):
    """Algorithm 2's rule on the table of all subsets: the maximum match without u is the union of matches without u."""
    inside = ref.all_matches(table, epsilon)
    matches = np.zeros((len(inside), JOINT), bool)
    matches[:, real] = inside
    match = matches.any(axis=0)
    if not match[unit]:
        return np.zeros(JOINT, bool)
    for u in order:
        if u != unit and match[u]:
            smaller = matches[~(matches & ~match).any(axis=1) & ~matches[:, u]].any(axis=0)
            match = smaller if smaller[unit] else match
    return match


@pytest.mark.parametrize("natural", [True, False])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_equals_the_one_by_one_rule_and_is_minimal(dtype, natural, seed):
    batch, rng = calls.small_batch(seed, dtype), np.random.default_rng(seed)
    unit = queries(batch, rng)
    order = padded_order(rng)
    if natural:
        order[:] = np.arange(JOINT)
    found = calls.call(calls.batch_minimal, batch.x, batch.y, batch.epsilon, unit, order, dtype=dtype)
    found = calls.joint(found)
    for c, table in enumerate(batch.table):
        real = batch.real[c]
        for e, epsilon in enumerate(batch.epsilon[c]):
            v = unit[c, e]
            np.testing.assert_array_equal(found[c, e], one_by_one(table, real, epsilon, v, order[c, e]))
            minimal = ref.minimal_matches_brute(table, epsilon, int(np.flatnonzero(real).searchsorted(v)))
            if len(minimal):
                assert (minimal == found[c, e][real]).all(axis=1).any()
            else:
                assert not found[c, e].any()


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_reaches_every_minimal_match(dtype, seed):
    """With the units outside a v-minimal match tried first, what is left is that match."""
    batch, rng = calls.small_batch(seed, dtype), np.random.default_rng(seed)
    unit = queries(batch, rng)
    order = padded_order(rng)
    wanted = np.zeros((calls.CASES, calls.EPSILONS, JOINT), bool)
    for c, table in enumerate(batch.table):
        real = np.flatnonzero(batch.real[c])
        for e, epsilon in enumerate(batch.epsilon[c]):
            minimal = ref.minimal_matches_brute(table, epsilon, int(real.searchsorted(unit[c, e])))
            if len(minimal):
                wanted[c, e, real] = minimal[rng.integers(len(minimal))]
                order[c, e] = order[c, e][np.argsort(wanted[c, e][order[c, e]], kind="stable")]
    found = calls.call(calls.batch_minimal, batch.x, batch.y, batch.epsilon, unit, order, dtype=dtype)
    np.testing.assert_array_equal(calls.joint(found), wanted)


@pytest.mark.parametrize("change", calls.CHANGES)
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_invariant(dtype, change, seed):
    """Also in the units' order and the networks', where `order` names the same units."""
    batch, rng = calls.small_batch(seed, dtype), np.random.default_rng(seed)
    unit, order = queries(batch, rng), padded_order(rng)
    before = calls.joint(calls.call(calls.batch_minimal, batch.x, batch.y, batch.epsilon, unit, order, dtype=dtype))
    changed = change(rng, batch.x, batch.y, dtype)
    place = np.argsort(changed.origin).astype(np.int32)  # of the unit that was u
    after = calls.call(calls.batch_minimal, changed.x, changed.y, batch.epsilon, place[unit], place[order], dtype=dtype)
    np.testing.assert_array_equal(calls.joint(after), before[..., changed.origin])


@pytest.mark.parametrize("natural", [True, False])
@pytest.mark.parametrize("m", [200, 30])
@calls.over_seeds(2)
def test_equals_algorithm_2(m, natural, seed):
    rng = np.random.default_rng(seed)
    x, y = ref.grouped_pair(rng, m, 24, 4)
    critical = ref.profile_peel(x, y)
    (epsilon,) = ref.clear_epsilons(critical, (np.quantile(critical, 0.6),), 1e-6)
    order = np.arange(48) if natural else rng.permutation(48)
    compared = 0
    for unit in rng.permutation(np.flatnonzero(critical <= epsilon))[:2]:
        seen = ref.Seen(epsilon)
        expected = ref.minimal_match_lstsq(x, y, epsilon, unit, order, seen=seen)
        if seen.margin > 1e-8:
            padded = calls.pad(x, 200, 24), calls.pad(y, 200, 24)
            options = {} if natural else {"order": order.astype(np.int32)}
            found = calls.joint(calls.call(calls.minimal, *padded, epsilon, unit, dtype=np.float64, **options))
            np.testing.assert_array_equal(found, expected)
            compared += 1
    assert compared


def test_equals_algorithm_2_on_64_units_a_side():
    rng = np.random.default_rng(1)
    x, y = ref.grouped_pair(rng, 200, 64, 6)
    critical = ref.profile_peel(x, y)
    (epsilon,) = ref.clear_epsilons(critical, (np.quantile(critical, 0.5),), 1e-6)
    unit, order = int(np.flatnonzero(critical <= epsilon)[3]), rng.permutation(128)
    expected = ref.minimal_match_lstsq(x, y, epsilon, unit, order)
    assert 2 < expected.sum() < (critical <= epsilon).sum()
    found = calls.call(calls.minimal, x, y, epsilon, unit, order=order.astype(np.int32), dtype=np.float64)
    np.testing.assert_array_equal(calls.joint(found), expected)


def exact_groups(seed):
    """Exact matches of 1 to 4 independent units a side and unrelated units: each unit has one minimum match at most."""
    groups = [(1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0)]
    x, y, label = ref.planted_pair(np.random.default_rng(seed), 80, groups, (3, 2))
    labels = np.full(48, -2)
    labels[: x.shape[1]], labels[24 : 24 + y.shape[1]] = label[: x.shape[1]], label[x.shape[1] :]
    expected = (labels[:, None] == labels[None, :]) & (labels >= 0)
    return calls.pad(x, 80, 24), calls.pad(y, 80, 24), expected


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_finds_the_planted_minimum_matches(dtype, seed):
    """Theorem: exact matches of linearly independent units decompose in one way, so the order does not matter."""
    x, y, expected = exact_groups(seed)
    natural = calls.joint(calls.call(every, x, y, 0.0, dtype=dtype))
    np.testing.assert_array_equal(natural, expected)
    shuffled = calls.joint(calls.call(every_shuffled, x, y, 0.0, np.uint32(seed), dtype=dtype))
    np.testing.assert_array_equal(shuffled, expected)


every = jaxrepsim.minimal_matches
compiled = jax.jit(every)


def every_shuffled(x, y, epsilon, seed):
    return jaxrepsim.minimal_matches(x, y, epsilon, key=jax.random.key(seed))


@pytest.mark.parametrize("function", [every, compiled], ids=["plain", "compiled"])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_all_units_at_once_are_minimal_matches(dtype, function, seed):
    batch = calls.small_batch(seed, dtype)
    epsilon = batch.epsilon[:, 1]
    found = calls.one_by_one(function, batch.x, batch.y, epsilon, dtype=dtype)
    assert found.x.shape == (calls.CASES, JOINT, calls.UNITS)
    found = calls.joint(found)
    for c, table in enumerate(batch.table):
        real = np.flatnonzero(batch.real[c])
        assert not np.delete(found[c], real, axis=0).any()
        for i, unit in enumerate(real):
            minimal = ref.minimal_matches_brute(table, epsilon[c], i)
            if len(minimal):
                assert (minimal == found[c, unit][real]).all(axis=1).any()
            else:
                assert not found[c, unit].any()


@calls.over_seeds(3)
def test_all_units_at_once_are_minimal_matches_of_a_larger_pair(seed):
    """Many units of one match: those settled without a search of their own, and those searched for inside it."""
    x, y = ref.grouped_pair(np.random.default_rng(seed), 80, 24, 4)
    for epsilon in ref.clear_epsilons(ref.profile_peel(x, y), (0.3, 0.6), 1e-6):
        found = calls.joint(calls.call(every, x, y, epsilon, dtype=np.float64))
        np.testing.assert_array_equal(found.any(axis=1), ref.maximum_match_lstsq(x, y, epsilon))
        for unit in np.flatnonzero(found.any(axis=1)):
            check_minimal(x, y, epsilon, unit, found[unit])


def check_minimal(x, y, epsilon, unit, match):
    """It is a match that holds the unit, and the search inside it by least squares finds nothing smaller."""
    assert match[unit]
    inside = x * match[: x.shape[1]], y * match[x.shape[1] :]
    np.testing.assert_array_equal(ref.minimal_match_lstsq(*inside, epsilon, unit), match)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(1)
def test_a_key_gives_random_orders_and_minimal_matches(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    epsilon = batch.epsilon[:, 1]
    distinct, several = set(), 0
    for key in range(4):
        keys = np.full(calls.CASES, key, np.uint32)
        found = calls.joint(calls.one_by_one(every_shuffled, batch.x, batch.y, epsilon, keys, dtype=dtype))
        for c, table in enumerate(batch.table):
            real = np.flatnonzero(batch.real[c])
            for i, unit in enumerate(real):
                minimal = ref.minimal_matches_brute(table, epsilon[c], i)
                if len(minimal):
                    assert (minimal == found[c, unit][real]).all(axis=1).any()
                    several += len(minimal) > 1 and key == 0
                    distinct.add((c, unit, found[c, unit].tobytes()))
                else:
                    assert not found[c, unit].any()
    units = {(c, unit) for c, unit, _ in distinct}
    assert several < 20 or len(distinct) > len(units) + several // 4  # other keys find other matches


def test_chosen_units():
    x, y = ref.grouped_pair(np.random.default_rng(2), 80, 24, 4)
    (epsilon,) = ref.clear_epsilons(ref.profile_peel(x, y), (0.6,), 1e-6)
    units = np.array([31, 0, 0, 7], np.int32)
    chosen = calls.joint(calls.call(every, x, y, epsilon, units, dtype=np.float64))
    assert chosen.any(axis=1).sum() > 1
    np.testing.assert_array_equal(chosen[1], chosen[2])
    maximum = ref.maximum_match_lstsq(x, y, epsilon)
    for row, unit in zip(chosen, units, strict=True):
        if maximum[unit]:
            check_minimal(x, y, epsilon, unit, row)
        else:
            assert not row.any()


def test_size_and_similarity_of_a_batch():
    x, y, expected = exact_groups(5)
    found = calls.call(every, x, y, 0.0, dtype=np.float64)
    np.testing.assert_array_equal(found.size, expected.sum(axis=1))
    np.testing.assert_allclose(found.similarity, expected.mean(axis=1))


@pytest.mark.parametrize(("dtype", "m", "n_x", "n_y"), calls.SIZES)
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    table = ref.subset_table(x, y, cutoff=calls.CUTOFF[dtype], resolution=calls.RESOLUTION[dtype])
    for epsilon in [0.0, *ref.clear_epsilons(table.values, (0.3, 0.6), calls.MARGIN[dtype])]:
        found = calls.call(every, x, y, epsilon, dtype=dtype)
        assert found.x.shape == (n_x + n_y, n_x)
        assert found.y.shape == (n_x + n_y, n_y)
        for unit, match in enumerate(calls.joint(found)):
            minimal = ref.minimal_matches_brute(table, epsilon, unit)
            assert (minimal == match).all(axis=1).any() if len(minimal) else not match.any()


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_dead_and_unmatched_units_have_none(dtype):
    x, y, expected = exact_groups(6)
    for unit in np.flatnonzero(~expected.any(axis=0))[:6]:
        assert not calls.joint(calls.call(calls.minimal, x, y, 0.0, unit, dtype=dtype)).any()


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_duplicate_units(dtype):
    """Two copies on one side: either will do, and the order decides."""
    x, y = np.zeros((80, 24)), np.zeros((80, 24))
    x[:2, 0] = 3, 4
    x[:, 1], y[:, 0] = -3 * x[:, 0], 2 * x[:, 0]
    reversed_order = np.arange(48)[::-1].astype(np.int32)
    found = calls.joint(calls.call(every, x, y, 0.0, dtype=dtype))
    assert [np.flatnonzero(found[unit]).tolist() for unit in (0, 1)] == [[0, 24], [1, 24]]
    assert np.flatnonzero(found[24]).tolist() in ([0, 24], [1, 24])
    assert found.sum() == 6
    natural = calls.joint(calls.call(calls.minimal, x, y, 0.0, 24, dtype=dtype))
    assert np.flatnonzero(natural).tolist() == [1, 24]
    other = calls.joint(calls.call(calls.minimal, x, y, 0.0, 24, order=reversed_order, dtype=dtype))
    assert np.flatnonzero(other).tolist() == [0, 24]
