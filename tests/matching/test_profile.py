from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from tests import reference as ref
from tests.matching import calls


@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(4)
def test_equals_the_brute_force(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    found = calls.call(calls.batch_profile, batch.x, batch.y, dtype=dtype)
    assert found.x.dtype == found.y.dtype == dtype
    calls.assert_critical_close(calls.joint(found), batch.critical(), calls.BOUND[dtype])
    matches = calls.joint(found)[:, None, :] <= batch.epsilon.astype(dtype)[..., None]
    np.testing.assert_array_equal(matches, batch.expected(ref.maximum_match_brute))


@pytest.mark.parametrize("dtype", calls.DTYPES)
@pytest.mark.parametrize("m", [200, 30, 20])
@calls.over_seeds(2)
def test_equals_peeling_by_svd(m, dtype, seed):
    x, y = ref.grouped_pair(np.random.default_rng(seed), m, 24, 4)
    x, y = (calls.pad(a, 200, 24).astype(dtype).astype(np.float64) for a in (x, y))
    found = calls.call(calls.profile, x, y, dtype=dtype)
    expected = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
    calls.assert_critical_close(calls.joint(found), expected, calls.BOUND[dtype])


def test_equals_peeling_by_svd_on_64_units_a_side():
    x, y = ref.grouped_pair(np.random.default_rng(0), 200, 64, 6)
    found = calls.call(calls.profile, x, y, dtype=np.float64)
    calls.assert_critical_close(calls.joint(found), ref.profile_peel(x, y), 1e-9)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(2)
def test_accuracy_of_the_policy_over_a_whole_peel(dtype, dependent, crossed, seed):
    """The error of a critical ε² is at most the largest error of a squared residual over the peel.

    Float64: 1e-9 up to κ = 1e6; float32: 1e-5 up to 1e3; duplicates and exact dependencies included. Where one
    network's largest directions lie on the other's smallest (crossed), rounding the inputs to float32 moves the exact
    answer by 3e-6, and three factorisations were seen to make 2e-5 of it.
    """
    bound = 3e-5 if crossed and dtype is np.float32 else calls.BOUND[dtype]
    for share in (0.3, 0.6, 1.0):
        x, y = calls.hard(seed, dtype, share, dependent=dependent, crossed=crossed)
        found = calls.call(calls.profile, x, y, dtype=dtype)
        expected = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
        calls.assert_critical_close(calls.joint(found), expected, bound)


@pytest.mark.parametrize("dependent", [False, True])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_accuracy_of_the_policy_on_64_units_a_side(dtype, dependent):
    rng = np.random.default_rng(1)
    x, y = ref.conditioned_pair(rng, 200, 48, calls.CONDITION[dtype])
    if dependent:
        x, y = (ref.with_dependent(rng, a, duplicates=8, sums=8) for a in (x, y))
    x, y = (calls.pad(a, 200, 64).astype(dtype).astype(np.float64) for a in (x, y))
    found = calls.call(calls.profile, x, y, dtype=dtype)
    expected = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
    calls.assert_critical_close(calls.joint(found), expected, calls.BOUND[dtype])


@pytest.mark.parametrize("change", calls.CHANGES)
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(1)
def test_invariant(dtype, change, seed):
    batch = calls.small_batch(seed, dtype)
    changed = change(np.random.default_rng(seed), batch.x, batch.y, dtype)
    found = calls.joint(calls.call(calls.batch_profile, changed.x, changed.y, dtype=dtype))
    # twice the bound: the change itself rounds
    calls.assert_critical_close(found, batch.critical()[:, changed.origin], 2 * calls.BOUND[dtype])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(5)
def test_recovers_what_was_planted(dtype, seed):
    x, y, label = calls.planted(seed)
    found = calls.joint(calls.call(calls.profile, x, y, dtype=dtype))
    for group, (_, critical) in enumerate(calls.PLANTED):
        np.testing.assert_allclose(found[label == group] ** 2, critical**2, atol=calls.BOUND[dtype])
    np.testing.assert_array_equal(found[label == 0], 0.0)
    assert (found[label == -1] > 0.85).all()
    assert (found[label == -1] <= 1.0).all()
    np.testing.assert_array_equal(found[label == -2], np.inf)


@calls.over_seeds(2)
def test_agrees_with_the_maximum_match_next_to_every_critical_value(seed):
    """Relative 1e-6 below and above each critical ε, and on a grid."""
    x, y = ref.grouped_pair(np.random.default_rng(seed), 80, 24, 4)
    profile = calls.call(calls.profile, x, y, dtype=np.float64)
    critical = calls.joint(profile)
    levels = np.unique(critical[(critical > 0.05) & (critical < 0.999)])
    epsilons = np.concatenate([levels * (1 - 1e-6), levels * (1 + 1e-6), np.linspace(0.0, 0.99, 31)])
    nearest = np.abs(epsilons[:, None] / np.maximum(critical, 1e-9) - 1).min(axis=1)
    epsilons = epsilons[nearest > 0.9e-6]  # not where another critical value happens to be as near
    assert len(epsilons) > 40
    epsilons = np.resize(epsilons, 128)
    swept = calls.joint(calls.call(calls.sweep, x, y, epsilons, dtype=np.float64))
    np.testing.assert_array_equal(swept, critical <= epsilons[:, None])
    looked_up = calls.joint(calls.call(look_up, *profile, epsilons, dtype=np.float64))
    np.testing.assert_array_equal(swept, looked_up)


@pytest.mark.long
@calls.over_seeds(5)
def test_agrees_with_the_maximum_match_in_float32(seed):
    x, y = ref.grouped_pair(np.random.default_rng(seed), 80, 24, 4)
    profile = calls.call(calls.profile, x, y, dtype=np.float32)
    critical = calls.joint(profile)
    epsilons = np.concatenate(
        [np.unique(critical) * (1 - 1e-3), np.unique(critical) * (1 + 1e-3), np.linspace(0, 0.99)]
    )
    epsilons = epsilons[(epsilons < 0.999) & ((epsilons > 0.1) | (epsilons == 0.0))]
    epsilons = epsilons[np.abs(epsilons[:, None] ** 2 - critical**2).min(axis=1) > 2e-5]
    epsilons = np.resize(epsilons, 128)
    swept = calls.joint(calls.call(calls.sweep, x, y, epsilons, dtype=np.float32))
    np.testing.assert_array_equal(swept, critical <= epsilons[:, None])


look_up = jax.jit(jax.vmap(lambda x, y, epsilon: jaxrepsim.MatchProfile(x, y).match(epsilon), (None, None, 0)))


@pytest.mark.parametrize(("dtype", "m", "n_x", "n_y"), calls.SIZES)
def test_any_size(dtype, m, n_x, n_y):
    ((x, y),) = calls.unpadded([(m, n_x, n_y)])
    found = calls.call(calls.profile, x, y, dtype=dtype)
    assert found.x.shape == (n_x,)
    assert found.y.shape == (n_y,)
    expected = ref.profile_brute(ref.subset_table(x, y, cutoff=calls.CUTOFF[dtype]))
    calls.assert_critical_close(calls.joint(found), expected, calls.BOUND[dtype])


@pytest.mark.parametrize("dead", ["x", "y", "both"])
def test_all_dead(dead):
    x, y = ref.random_pair(np.random.default_rng(2), calls.SAMPLES, calls.UNITS, calls.UNITS)
    x, y = (x if dead == "y" else 0 * x), (y if dead == "x" else 0 * y)
    found = calls.call(calls.profile, x, y, dtype=np.float32)
    np.testing.assert_allclose(found.x, np.inf if dead != "y" else 1.0, atol=1e-6)
    np.testing.assert_allclose(found.y, np.inf if dead != "x" else 1.0, atol=1e-6)
    assert not calls.joint(found.match(0.99)).any()


def test_a_network_and_itself():
    x = np.random.default_rng(3).normal(size=(80, 24))
    for dtype in calls.DTYPES:
        np.testing.assert_array_equal(calls.joint(calls.call(calls.profile, x, x, dtype=dtype)), 0.0)


def test_more_units_than_samples_all_match_at_zero():
    x, y = ref.random_pair(np.random.default_rng(4), 50, 60, 60)
    np.testing.assert_array_equal(calls.joint(calls.call(calls.profile, x, y, dtype=np.float64)), 0.0)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@pytest.mark.parametrize("total", [0.0, 1.0])
def test_logits_of_constant_sum(dtype, total):
    x, y = (calls.pad(a, 80, 24) for a in ref.logits_pair(np.random.default_rng(5), 80, 10, 0.5, total))
    x, y = (a.astype(dtype).astype(np.float64) for a in (x, y))
    found = calls.joint(calls.call(calls.profile, x, y, dtype=dtype))
    expected = ref.profile_peel(x, y, cutoff=calls.CUTOFF[dtype])
    calls.assert_critical_close(found, expected, calls.BOUND[dtype])


def test_layers_of_different_width_stack_by_zero_padding():
    pairs = calls.unpadded([(12, 3, 2), (7, 1, 3), (3, 4, 5)], seed=6)
    stacked = [np.resize([calls.pad(pair[side]) for pair in pairs], (calls.CASES, 12, 5)) for side in (0, 1)]
    found = calls.call(calls.batch_profile, *stacked, dtype=np.float64)
    for layer, (x, y) in enumerate(pairs):
        alone = calls.call(calls.profile, x, y, dtype=np.float64)
        for padded, single in ((found.x[layer], alone.x), (found.y[layer], alone.y)):
            np.testing.assert_allclose(padded[: len(single)], single, atol=1e-7)
            np.testing.assert_array_equal(padded[len(single) :], np.inf)


@pytest.mark.long
def test_over_all_pairs_of_networks():
    rng = np.random.default_rng(7)
    signals = rng.normal(size=(calls.SAMPLES, 3))
    networks = np.stack([signals @ rng.normal(size=(3, 5)) + 0.5 * rng.normal(size=(12, 5)) for _ in range(3)])
    pairs = jax.vmap(jax.vmap(jaxrepsim.match_profile, (None, 0)), (0, None))
    found = calls.call(jax.jit(pairs), networks, networks, dtype=np.float64)
    expected = [[ref.profile_peel(x, y) for y in networks] for x in networks]
    calls.assert_critical_close(calls.joint(found), np.array(expected), 1e-9)


# What is read off a profile

PROFILE = jaxrepsim.MatchProfile(np.array([0.0, 0.2, 0.8, np.inf], np.float32), np.array([0.2, 1.0], np.float32))


def test_match_holds_the_units_whose_critical_value_is_reached():
    match = PROFILE.match(0.2)
    np.testing.assert_array_equal(match.x, [True, np.float32(0.2) <= 0.2, False, False])
    np.testing.assert_array_equal(PROFILE.match(0.5).x, [True, True, False, False])
    np.testing.assert_array_equal(PROFILE.match(0.5).y, [True, False])
    np.testing.assert_array_equal(PROFILE.match(0.0).x, [True, False, False, False])
    np.testing.assert_array_equal(PROFILE.match(0.999).x, [True, True, True, False])


def test_similarity_is_the_share_of_all_units():
    assert float(PROFILE.similarity(0.5)) == pytest.approx(3 / 6)
    assert float(PROFILE.similarity(0.0)) == pytest.approx(1 / 6)
    assert float(PROFILE.similarity(0.9)) == pytest.approx(4 / 6)
    assert float(PROFILE.similarity(0.5)) == pytest.approx(float(PROFILE.match(0.5).similarity))


@pytest.mark.parametrize("upper", [0.1, 0.5, 0.9, 1.0])
def test_auc_is_the_exact_mean_of_the_similarity(upper):
    steps = np.sort(np.concatenate([[0.0, upper], np.minimum([0.0, 0.2, 0.8, 0.2, 1.0], upper)]))
    expected = sum((b - a) * float(PROFILE.similarity((a + b) / 2)) for a, b in pairwise(steps) if b > a)
    assert float(PROFILE.auc(upper)) == pytest.approx(expected / upper, rel=1e-5)


def test_auc_goes_up_to_a_half_unless_told():
    assert float(PROFILE.auc()) == pytest.approx(float(PROFILE.auc(0.5)))
    assert float(PROFILE.auc(upper=0.5)) == pytest.approx((0.5 + 0.3 + 0.3) / 6 / 0.5)


def test_auc_of_none_and_of_all():
    inf, zero = jnp.full(3, jnp.inf), jnp.zeros(3)
    assert float(jaxrepsim.MatchProfile(inf, inf).auc()) == 0.0
    assert float(jaxrepsim.MatchProfile(zero, zero).auc()) == 1.0


def test_a_batch_of_profiles_reads_off_under_vmap():
    batch = calls.small_batch(0, np.float64)
    profile = calls.call(calls.batch_profile, batch.x, batch.y, dtype=np.float64)
    read = jax.jit(
        jax.vmap(lambda x, y: (jaxrepsim.MatchProfile(x, y).similarity(0.4), jaxrepsim.MatchProfile(x, y).auc()))
    )
    similarity, auc = calls.call(read, *profile, dtype=np.float64)
    critical = calls.joint(profile)
    np.testing.assert_allclose(similarity, (critical <= 0.4).mean(axis=1))
    np.testing.assert_allclose(auc, np.maximum(0.5 - critical, 0.0).mean(axis=1) / 0.5, atol=1e-12)
