"""The profiles of many pairs at once: those of `match_profile`, and of the oracles, one by one."""

import warnings
from collections import Counter
from itertools import combinations, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim.matching import all_pairs
from jaxrepsim.matching.cross_products import cross_products
from jaxrepsim.numerics.side_by_side import batched
from tests import reference as ref
from tests.compilations import traces
from tests.matching import calls

jitted = jax.jit(jaxrepsim.match_profiles)


def call(networks, pairs=None, *, dtype=np.float64, function=jaxrepsim.match_profiles):
    return calls.call(lambda *flat: function(flat, *(() if pairs is None else (pairs,))), *networks, dtype=dtype)


def assert_equals_separate_calls(found, networks, pairs, dtype=np.float64):
    for profile, (a, b) in zip(found, pairs, strict=True):
        expected = calls.call(jaxrepsim.match_profile, networks[a], networks[b], dtype=dtype)
        assert (profile.x.shape, profile.y.shape) == (expected.x.shape, expected.y.shape)
        assert profile.x.dtype == expected.x.dtype
        calls.assert_critical_close(calls.joint(profile), calls.joint(expected), calls.BOUND[dtype])


def networks(seed=0, samples=300):
    """Of several sizes: sound ones, and one each with duplicates and sums, with dead units, and narrow."""
    rng = np.random.default_rng(seed)
    sound = [x[:, :n] for x, n in zip(ref.grouped_networks(rng, 4, samples, 40, 3), (12, 20, 40, 3), strict=True)]
    dependent = ref.with_dependent(rng, sound[1][:, :14], duplicates=2, sums=2)
    return [*sound, dependent, ref.with_dead(rng, sound[2][:, 5:20], count=3)]


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_equals_the_brute_force_over_small_networks(dtype, seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 6))
    small, cutoff = ref.decidable_networks(rng, k, dtype)
    found = call(small, dtype=dtype)
    for profile, (x, y) in zip(found, combinations(small, 2), strict=True):
        expected = ref.profile_brute(ref.subset_table(x, y, cutoff=cutoff))
        calls.assert_critical_close(calls.joint(profile), expected, calls.BOUND[dtype])


@pytest.mark.parametrize("function", [jaxrepsim.match_profiles, jitted])
def test_equals_peeling_by_svd_and_separate_calls(function):
    given = networks()
    found = call(given, function=function)
    pairs = list(combinations(range(len(given)), 2))
    assert_equals_separate_calls(found, given, pairs)
    for profile, (a, b) in zip(found, pairs, strict=True):
        calls.assert_critical_close(calls.joint(profile), ref.joint_peel([given[a], given[b]]), 1e-9)


@pytest.mark.parametrize("function", [jaxrepsim.match_profiles, pytest.param(jitted, marks=pytest.mark.long)])
def test_in_float32(function):
    given = [x.astype(np.float32).astype(np.float64) for x in networks()]
    found = call(given, dtype=np.float32, function=function)
    for profile, (x, y) in zip(found, combinations(given, 2), strict=True):
        expected = ref.joint_peel([x, y], cutoff=calls.CUTOFF[np.float32])
        calls.assert_critical_close(calls.joint(profile), expected, calls.BOUND[np.float32])


@pytest.mark.long
def test_under_vmap():
    given = networks()
    batch = [np.stack([x, x[::-1] + 0.1 * x]) for x in given]
    found = call(batch, function=jax.jit(jax.vmap(jaxrepsim.match_profiles)))
    pairs = list(combinations(range(len(given)), 2))
    for row in range(2):
        profiles = [jaxrepsim.MatchProfile(profile.x[row], profile.y[row]) for profile in found]
        assert_equals_separate_calls(profiles, [x[row] for x in batch], pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        list(product(range(3), range(3, 6))),
        [(5, 2), (2, 5), (0, 0), (4, 4), (5, 2)],
        [(4, 1), (0, 1)],
    ],
)
@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.long)])
def test_pairs_that_are_asked_for_in_their_order(pairs, jit):
    given = networks()
    several = lambda networks: jaxrepsim.match_profiles(networks, pairs)  # noqa: E731
    found = call(given, function=jax.jit(several) if jit else several)
    assert_equals_separate_calls(found, given, pairs)


def test_no_pairs():
    x = np.ones((4, 2))
    assert jaxrepsim.match_profiles([]) == jaxrepsim.match_profiles([x]) == jaxrepsim.match_profiles([x, x], []) == ()


@pytest.mark.parametrize("pair", [(0, 2), (-1, 0)])
def test_a_pair_is_two_places(pair):
    with pytest.raises(ValueError, match="two places among the 2 networks"):
        jaxrepsim.match_profiles([np.ones((4, 2))] * 2, [pair])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (5, 2)])
@pytest.mark.parametrize("function", [jaxrepsim.match_profiles, pytest.param(jitted, marks=pytest.mark.long)])
def test_degenerate_sizes(function, shape):
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(7, n)) for n in (*shape, 2)]
    assert_equals_separate_calls(call(given, function=function), given, list(combinations(range(3), 2)))


def test_networks_too_large_to_be_copied_beside_small_ones():
    rng = np.random.default_rng(2)
    wide = rng.standard_normal((6000, 48))
    assert wide.size > 2**18
    given = [wide, wide[:, :5] + rng.standard_normal((6000, 5)), wide[:, :7] ** 3]
    pairs = list(product(range(2), range(3)))
    assert_equals_separate_calls(call(given, pairs), given, pairs)


def test_units_of_any_scale():
    given = networks()
    scaled = [x * 10.0**power for x, power in zip(given, (-160, 160, 0, -12, 12, 0), strict=True)]
    for function in (jaxrepsim.match_profiles, jitted):
        for profile, expected in zip(call(scaled, function=function), call(given), strict=True):
            calls.assert_critical_close(calls.joint(profile), calls.joint(expected), 1e-9)


# What is shared


def test_only_pairs_of_a_nearly_dependent_network_are_factored_from_rows(monkeypatch):
    given, seen = networks(), []
    from_rows = all_pairs.from_rows
    monkeypatch.setattr(all_pairs, "from_rows", lambda small, n: seen.append(len(small[0])) or from_rows(small, n))
    call(given)
    assert len(seen) == 5  # of the fifth network
    seen.clear()
    call([given[place] for place in (0, 1, 2, 3, 5)])
    assert not seen


def test_compressed_together_or_each_from_raw_activations(monkeypatch):
    """By what is less work; both give the same."""
    given = [networks(samples=samples)[4] for samples in (300,)] * 5
    shapes = []
    compressed = all_pairs.compressed
    monkeypatch.setattr(all_pairs, "compressed", lambda arrays: shapes.append(len(arrays)) or compressed(arrays))
    assert_equals_separate_calls(call(given), given, list(combinations(range(5), 2)))
    assert shapes == [5] + [2] * 10
    shapes.clear()
    call(given, [(0, 1)])
    assert shapes == [2]


def test_in_batches_as_on_accelerators(monkeypatch):
    monkeypatch.setattr(all_pairs, "for_each", batched)
    given = networks()
    assert_equals_separate_calls(call(given), given, list(combinations(range(6), 2)))


def test_ten_widths_against_ten_share_the_large_programs():
    rng = np.random.default_rng(0)
    widths = (3, 8, 10, 16, 20, 24, 32, 40, 50, 64)
    given = [rng.normal(size=(700, n)).astype(np.float32) for n in widths * 2]
    pairs = list(product(range(10), range(10, 20)))
    jax.clear_caches()
    with jax.enable_x64(True):
        given = [jnp.asarray(x, np.float64) for x in given]
        with traces() as seen:
            jaxrepsim.match_profiles(given, pairs)
        programs = Counter(details["fun_name"] for event, details in seen if "backend_compile" in event)
        assert programs["jit(critical_values)"] == 2, programs
        assert sum(programs.values()) <= 7, programs
        with traces() as seen:
            jaxrepsim.match_profiles([x + 1 for x in given], pairs)
    assert not [event for event, details in seen if details["fun_name"] not in ("add", "jit(add)")], seen


@pytest.mark.parametrize(
    "pairs", [list(product(range(2), range(2, 4))), list(combinations(range(4), 2)), [(3, 0), (3, 1), (2, 1), (1, 1)]]
)
def test_cross_products(pairs):
    rng = np.random.default_rng(0)
    given = [rng.integers(-9, 9, size=(6, n)).astype(np.float32) for n in (2, 3, 0, 4)]
    for found, (a, b) in zip(cross_products([jnp.asarray(x) for x in given], pairs), pairs, strict=True):
        np.testing.assert_array_equal(found, given[a].T @ given[b])


# Not a number, and warnings


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_a_traced_network_that_is_not_finite_spoils_its_own_pairs_alone(dtype):
    given = networks()
    expected = call(given, dtype=dtype, function=jitted)
    given[2] = given[2].copy()
    given[2][17, 3] = np.nan
    found = call(given, dtype=dtype, function=jitted)
    for profile, before, pair in zip(found, expected, combinations(range(6), 2), strict=True):
        if 2 in pair:
            assert np.isnan(calls.joint(profile)).all()
        else:
            calls.assert_critical_close(calls.joint(profile), calls.joint(before), calls.BOUND[dtype])


def test_the_warning_of_ill_conditioned_units_comes_once():
    rng = np.random.default_rng(0)
    given = [ref.conditioned_pair(rng, 200, 12, 1e8)[0] for _ in range(3)]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call(given)
    assert [warning.category for warning in seen] == [jaxrepsim.IllConditionedWarning]


def test_networks_that_are_in_no_pair_are_left_out():
    wide = np.random.default_rng(0).normal(size=(60, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error", jaxrepsim.FewSamplesWarning)
        jaxrepsim.match_profiles([wide[:, :3], wide[:, 3:6], wide], [(0, 1)])
        with pytest.raises(jaxrepsim.FewSamplesWarning):
            jaxrepsim.match_profiles([wide[:, :3], wide[:, 3:6], wide], [(0, 2)])
