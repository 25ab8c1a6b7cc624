"""Joint matches and profiles of k networks. All cases of three are zero padded to one shape, and go in batches."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim.matching import dual_basis
from tests import reference as ref
from tests.matching import calls

CASES, EPSILONS, SAMPLES, UNITS = 16, 8, 80, 12

profile = jaxrepsim.joint_profile
match = jaxrepsim.joint_match
batch_profile = jax.jit(jax.vmap(jaxrepsim.joint_profile))
batch_match = jax.jit(jax.vmap(jax.vmap(jaxrepsim.joint_match, (None, 0))))


def call(function, networks, *arguments, dtype):
    """As `calls.call`, the result over the joint index: all units of the first network, then of the second, ..."""
    k = len(networks)
    found = calls.call(lambda *flat: function(flat[:k], *flat[k:]), *networks, *arguments, dtype=dtype)
    return np.concatenate(found.networks, axis=-1)


def rounded(networks, dtype):
    return [x.astype(dtype).astype(np.float64) for x in networks]


def stacked(cases):
    """Lists of networks as one list of stacks, padded, the cases repeated to a full batch."""
    cases = [cases[i % len(cases)] for i in range(CASES)]
    return [np.stack([calls.pad(case[a], SAMPLES, UNITS) for case in cases]) for a in range(len(cases[0]))]


def real(cases):
    """For each case which places of the padded joint index are its own."""
    return [np.concatenate([np.arange(UNITS) < x.shape[1] for x in case]) for case in cases]


def profiles(cases, dtype):
    """Every case's critical values over its own joint index; those of the padding must be infinite."""
    found = call(batch_profile, stacked(cases), dtype=dtype)
    for critical, own in zip(found, real(cases), strict=False):
        np.testing.assert_array_equal(critical[~own], np.inf)
    return [critical[own] for critical, own in zip(found, real(cases), strict=False)]


def matches(cases, epsilons, dtype):
    """Every case's match at each of its ε, over its own joint index; the padding must be in none."""
    epsilons = np.stack([np.resize(epsilons[i % len(cases)], EPSILONS) for i in range(CASES)])
    found = call(batch_match, stacked(cases), epsilons, dtype=dtype)
    for members, own in zip(found, real(cases), strict=False):
        assert not members[:, ~own].any()
    return [members[:, own] for members, own in zip(found, real(cases), strict=False)]


class Small(NamedTuple):
    networks: list[np.ndarray]
    epsilon: list[float]
    table: ref.SubsetTable
    raw: ref.SubsetTable


@lru_cache(maxsize=8)
def small(seed, dtype):
    """Cases of which every subset is known, and ε for each: 0, and some that keep away from every residual."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(CASES):
        networks, cutoff = ref.decidable_networks(rng, 3, dtype)
        table = ref.joint_table(networks, cutoff=cutoff, resolution=calls.RESOLUTION[dtype])
        clear = ref.clear_epsilons(table.values, rng.uniform(size=EPSILONS - 1), calls.MARGIN[dtype])
        raw = ref.joint_table(networks, cutoff=cutoff)
        found.append(Small(networks, np.resize([0.0, *clear], EPSILONS), table, raw))
    return found


# Against the definition


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_equals_the_union_of_all_matches(dtype, seed):
    cases = small(seed, dtype)
    networks = [case.networks for case in cases]
    for found, case in zip(matches(networks, [case.epsilon for case in cases], dtype), cases, strict=True):
        expected = [ref.maximum_match_brute(case.table, epsilon) for epsilon in case.epsilon]
        np.testing.assert_array_equal(found, expected)
    for found, case in zip(profiles(networks, dtype), cases, strict=True):
        calls.assert_critical_close(found, ref.profile_brute(case.raw), calls.BOUND[dtype])


def test_the_cases_are_not_trivial():
    sizes = {int(ref.maximum_match_brute(case.table, e).sum()) for case in small(0, np.float64) for e in case.epsilon}
    assert len(sizes) > 5
    steps = [len(np.unique(ref.profile_brute(case.raw))) for case in small(0, np.float64)]
    assert max(steps) > 3


def test_the_brute_force_of_two_is_that_of_a_pair():
    for case in small(1, np.float64):
        x, y, _ = case.networks
        expected = ref.profile_brute(ref.subset_table(x, y))
        np.testing.assert_array_equal(ref.profile_brute(ref.joint_table([x, y])), expected)


# Against peeling by SVD


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_equals_peeling_by_svd(dtype):
    rng = np.random.default_rng(0)
    samples = [80] * 5 + [30] * 5 + [13] * 3 + [8] * 3
    cases = [rounded(ref.grouped_networks(rng, 3, m, UNITS, 3), dtype) for m in samples]
    every = profiles(cases, dtype)
    for networks, found in zip(cases, every, strict=True):
        expected = ref.joint_peel(networks, cutoff=calls.CUTOFF[dtype])
        calls.assert_critical_close(found, expected, calls.BOUND[dtype])
    assert len(np.unique(np.round(every[0], 3))) > 8
    np.testing.assert_array_equal(every[-1], 0.0)  # more units than samples all match at zero


def test_equals_peeling_by_svd_on_four_networks():
    for seed, m in enumerate((80, 80, 20)):
        networks = [
            calls.pad(x, SAMPLES, UNITS) for x in ref.grouped_networks(np.random.default_rng(seed), 4, m, UNITS, 3)
        ]
        found = call(profile, networks, dtype=np.float64)
        calls.assert_critical_close(found, ref.joint_peel(networks), 1e-9)


@pytest.mark.parametrize("dependent", [False, True])
def test_equals_peeling_by_svd_with_more_units_than_a_block_of_directions(dependent):
    """By both ways to the dual basis."""
    rng = np.random.default_rng(2)
    networks = ref.grouped_networks(rng, 3, 150, 34 if dependent else 40, 4)
    if dependent:
        networks = [ref.with_dependent(rng, x, duplicates=3, sums=3) for x in networks]
    weights = [np.sum(np.linalg.svd(ref.unit_columns(x), compute_uv=False) ** -2.0) for x in networks]
    assert (max(weights) > dual_basis.gram_limit(np.float64)) == dependent
    found = call(profile, networks, dtype=np.float64)
    calls.assert_critical_close(found, ref.joint_peel(networks), 1e-9)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_accuracy_of_the_policy_over_a_whole_peel(dtype, dependent, crossed):
    """As for a pair, `test_profile.py`."""
    rng = np.random.default_rng(3)
    cases = []
    for case in range(CASES):
        condition = calls.CONDITION[dtype] ** (0.3, 0.6, 1.0, 1.0)[case % 4]
        networks = ref.conditioned_networks(rng, 3, SAMPLES, 8, condition, crossed=crossed)
        if dependent:
            networks = [ref.with_dependent(rng, x, duplicates=2, sums=2) for x in networks]
        cases.append(rounded(networks, dtype))
    bound = 3e-5 if crossed and dtype is np.float32 else calls.BOUND[dtype]
    for networks, found in zip(cases, profiles(cases, dtype), strict=True):
        calls.assert_critical_close(found, ref.joint_peel(networks, cutoff=calls.CUTOFF[dtype]), bound)


# The match against the profile, and both against those of pairs


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_the_match_is_that_of_the_profile_at_every_epsilon(dtype, seed):
    """Next to each critical value, and on a grid."""
    networks = ref.grouped_networks(np.random.default_rng(seed), 3, SAMPLES, UNITS, 4)
    critical = profiles([networks], dtype)[0]
    step = 1e-6 if dtype is np.float64 else 1e-3
    levels = np.unique(critical[(critical > 0.05) & (critical < 0.99)])
    epsilons = np.concatenate([levels * (1 - step), levels * (1 + step), np.linspace(0.0, 0.99, 31)])
    nearest = np.abs(epsilons[:, None] ** 2 - critical**2).min(axis=1)
    epsilons = epsilons[nearest > (1e-9 if dtype is np.float64 else 2e-5)]
    assert len(epsilons) > 40
    epsilons = np.resize(epsilons, (CASES, EPSILONS))
    found = np.array(matches([networks] * CASES, epsilons, dtype))
    np.testing.assert_array_equal(found, critical <= epsilons[:, :, None])
    assert len(np.unique(found.sum(axis=-1))) > 5


def test_of_two_networks_it_is_the_match_profile():
    batch = calls.small_batch(0, np.float64)
    expected = calls.joint(calls.call(calls.batch_profile, batch.x, batch.y, dtype=np.float64))
    np.testing.assert_array_equal(call(batch_profile, [batch.x, batch.y], dtype=np.float64), expected)
    calls.assert_critical_close(expected, batch.critical(), 1e-9)


def test_of_two_networks_it_is_the_maximum_match():
    batch = calls.small_batch(0, np.float64)
    expected = calls.joint(calls.call(calls.batch_maximum, batch.x, batch.y, batch.epsilon, dtype=np.float64))
    found = call(batch_match, [batch.x, batch.y], batch.epsilon, dtype=np.float64)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found, batch.expected(ref.maximum_match_brute))


@calls.over_seeds(2)
def test_lies_inside_the_match_of_each_two(seed):
    cases = small(seed, np.float64)
    for case, found in zip(cases, profiles([case.networks for case in cases], np.float64), strict=True):
        cuts = np.cumsum([x.shape[1] for x in case.networks])[:-1]
        joint = np.split(found, cuts)
        for a, b in ((0, 1), (0, 2), (1, 2)):
            pair = ref.profile_brute(ref.subset_table(case.networks[a], case.networks[b]))
            assert (np.concatenate([joint[a], joint[b]]) ** 2 >= pair**2 - 1e-9).all()


# What was planted

GROUPS = (((0, 1, 2), 3, 0.0), ((0, 1, 2), 2, 0.2), ((0, 1), 2, 0.0), ((0, 2), 2, 0.1), ((1, 2), 2, 0.0))
"""(networks that share it, units in each, tilt)"""


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_units_that_all_share_recur_and_units_that_two_share_do_not(dtype):
    drawn = [ref.planted_networks(np.random.default_rng(seed), 3, SAMPLES, GROUPS, 3) for seed in range(CASES)]
    cases = [networks for networks, _ in drawn]
    epsilons = [0.0, 0.27, 0.29, 0.5]
    found = matches(cases, [epsilons] * CASES, dtype)
    for (_, labels), critical, members in zip(drawn, profiles(cases, dtype), found, strict=True):
        label = np.concatenate(labels)
        np.testing.assert_array_equal(critical[label == 0], 0.0)
        np.testing.assert_allclose(critical[label == 1] ** 2, 2 * 0.2**2 - 0.2**4, atol=calls.BOUND[dtype])
        assert ((critical[~np.isin(label, (0, 1))] > 0.85) & (critical[~np.isin(label, (0, 1))] <= 1.0)).all()
        np.testing.assert_array_equal(members[:4], [np.isin(label, g) for g in ([0], [0], [0, 1], [0, 1])])
    networks, labels = drawn[0]
    of_two = ref.profile_peel(networks[0], networks[1])  # in which they do recur
    np.testing.assert_allclose(of_two[np.concatenate(labels[:2]) == 2], 0.0, atol=1e-7)


# What no result may depend on


def order(rng, networks, dtype):
    p = rng.permutation(3)
    return [networks[a] for a in p], np.concatenate([np.arange(UNITS) + a * UNITS for a in p])


def scale(rng, networks, dtype):
    spread = 12.0 if dtype == np.float64 else 6.0
    return [x * 10.0 ** rng.uniform(-spread, spread, size=x.shape[-1]) for x in networks], None


def one_network_large(rng, networks, dtype):
    factor = 1e12 if dtype == np.float64 else 1e6
    return [networks[0] / factor, networks[1], networks[2] * factor], None


def signs(rng, networks, dtype):
    return [x * rng.choice([-1.0, 1.0], size=x.shape[-1]) for x in networks], None


def units(rng, networks, dtype):
    orders = [rng.permutation(UNITS) for _ in networks]
    changed = [x[..., p] for x, p in zip(networks, orders, strict=True)]
    return changed, np.concatenate([p + a * UNITS for a, p in enumerate(orders)])


def rotation(rng, networks, dtype):
    q = np.linalg.qr(rng.normal(size=(SAMPLES, SAMPLES)))[0]
    return [q @ x for x in networks], None


@pytest.mark.parametrize("change", [order, scale, one_network_large, signs, units, rotation])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_invariant(dtype, change):
    cases = small(5, dtype)
    networks = [case.networks for case in cases]
    critical = np.full((CASES, 3 * UNITS), np.inf)
    members = np.zeros((CASES, EPSILONS, 3 * UNITS), bool)
    for row, found, case, own in zip(critical, members, cases, real(networks), strict=True):
        row[own] = ref.profile_brute(case.raw)
        found[:, own] = [ref.maximum_match_brute(case.table, epsilon) for epsilon in case.epsilon]
    changed, origin = change(np.random.default_rng(1), stacked(networks), dtype)
    origin = np.arange(3 * UNITS) if origin is None else origin
    found = call(batch_profile, changed, dtype=dtype)
    calls.assert_critical_close(found, critical[:, origin], 2 * calls.BOUND[dtype])
    found = call(batch_match, changed, np.stack([case.epsilon for case in cases]), dtype=dtype)
    np.testing.assert_array_equal(found, members[..., origin])


# Degenerate cases

SIZES = [  # (dtype, samples, units of each network), each a compilation of its own
    (np.float32, 5, (0, 3, 2)),
    (np.float32, 5, (0, 0, 0)),
    (np.float64, 3, (4, 2, 3)),
    (np.float64, 7, (1, 3, 2, 1)),
]


@pytest.mark.parametrize(("dtype", "m", "widths"), SIZES)
def test_any_size(dtype, m, widths):
    rng = np.random.default_rng(6)
    signals = rng.normal(size=(m, 2))
    networks = [signals @ rng.normal(size=(2, n)) + 0.3 * rng.normal(size=(m, n)) for n in widths]
    table = ref.joint_table(networks, cutoff=calls.CUTOFF[dtype])
    with jax.enable_x64(dtype is np.float64):
        found = profile([jnp.asarray(x, dtype) for x in networks])
        matched = match([jnp.asarray(x, dtype) for x in networks], 0.45)
    assert [critical.shape for critical in found.networks] == [(n,) for n in widths]
    assert all(critical.dtype == dtype for critical in found.networks)
    calls.assert_critical_close(np.concatenate(found.networks), ref.profile_brute(table), calls.BOUND[dtype])
    np.testing.assert_array_equal(np.concatenate(matched.networks), ref.maximum_match_brute(table, 0.45))
    assert float(matched.similarity) == pytest.approx(ref.maximum_match_brute(table, 0.45).sum() / max(sum(widths), 1))


def test_degenerate_networks_of_one_shape():
    rng = np.random.default_rng(7)
    x, y, z = (rng.normal(size=(SAMPLES, UNITS)) for _ in range(3))
    one = np.where(np.arange(UNITS) == 4, x, 0.0)
    cases = {
        "all dead": [0 * x] * 3,
        "one all dead": [x, x, 0 * x],
        "identical": [x, x, x],
        "two identical": [x, x, y],
        "disjoint": [np.linalg.qr(np.concatenate([x, y, z], axis=1))[0][:, i : i + UNITS] for i in (0, 12, 24)],
        "one unit each, the same": [one, one, -2 * one],
        "one unit in one": [x, x, one],
        "copies of one unit": [x[:, :1] * np.ones(UNITS), x, x[:, :1] * rng.normal(size=UNITS)],
    }
    for dtype in calls.DTYPES:
        found = dict(zip(cases, profiles([rounded(case, dtype) for case in cases.values()], dtype), strict=True))
        members = matches([rounded(case, dtype) for case in cases.values()], [[0.0, 0.5]] * len(cases), dtype)
        members = {name: both[:2] for name, both in zip(cases, members, strict=True)}
        np.testing.assert_array_equal(found["all dead"], np.inf)
        np.testing.assert_allclose(found["one all dead"], [1.0] * 24 + [np.inf] * 12, atol=1e-6)
        np.testing.assert_array_equal(found["identical"], 0.0)
        np.testing.assert_allclose(found["disjoint"], 1.0, atol=1e-5)
        np.testing.assert_array_equal(found["one unit each, the same"] == 0.0, np.arange(36) % 12 == 4)
        same = np.concatenate([np.ones(12), np.arange(12) == 0, np.ones(12)])
        for name, expected in (
            ("all dead", 0),
            ("one all dead", 0),
            ("identical", 1),
            ("disjoint", 0),
            ("two identical", 0),
            ("one unit each, the same", np.arange(36) % 12 == 4),
            ("copies of one unit", same),
            ("one unit in one", np.concatenate([np.arange(12) == 4] * 3)),
        ):
            np.testing.assert_array_equal(members[name][0], np.broadcast_to(expected, 36).astype(bool), name)
        for name in cases:
            np.testing.assert_array_equal(members[name], found[name] <= np.array([[0.0], [0.5]]), name)


def test_raw_and_compressed_activations_alike():
    networks = ref.grouped_networks(np.random.default_rng(8), 3, 70, UNITS, 3)
    small_networks = [np.asarray(x, np.float64) for x in calls.call(jaxrepsim.compress, *networks, dtype=np.float64)]
    assert small_networks[0].shape == (36, UNITS)
    raw, compressed = profiles([networks, small_networks], np.float64)
    calls.assert_critical_close(compressed, raw, 1e-12)


# What is read off


def test_reading_off_a_match():
    first = np.array([[True, False], [False, False]])
    found = jaxrepsim.JointMatch((first, np.ones((2, 1), bool), np.zeros((2, 2), bool)))
    np.testing.assert_array_equal(found.size, [2, 1])
    np.testing.assert_allclose(found.similarity, [0.4, 0.2])


def test_reading_off_a_profile():
    critical = tuple(np.array(values, np.float32) for values in ([0.0, 0.2], [0.8], [np.inf, 0.2, 1.0]))
    found = jaxrepsim.JointProfile(critical)
    for epsilon, expected in ((0.0, 1), (0.3, 3), (0.9, 4)):
        assert int(found.match(epsilon).size) == expected
        assert float(found.similarity(epsilon)) == pytest.approx(expected / 6)
    assert float(found.auc()) == pytest.approx((0.5 + 0.3 + 0.3) / 6 / 0.5)
    assert float(found.auc(1.0)) == pytest.approx((1.0 + 0.8 + 0.2 + 0.8) / 6)
    for upper in (0.0, 1.1):
        with pytest.raises(ValueError, match="upper"):
            found.auc(upper)
    with pytest.raises(ValueError, match="epsilon"):
        found.match(1.0)
