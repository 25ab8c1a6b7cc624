"""What docs/axioms.md says of the results and no other test shows: what they do not depend on, and what is monotone."""

from functools import cache
from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import chance, decomposition
from jaxrepsim.chance.random_subspaces import principal_factor
from tests import reference as ref
from tests.decomposition import cases
from tests.decomposition import test_stability as stability
from tests.matching import calls, test_joint

JOINT = 2 * calls.UNITS
DRAWS = 3

independence = jax.jit(jax.vmap(lambda z: decomposition.independence(z, jax.random.key(0))))
shuffled = jax.jit(jax.vmap(lambda x, y: chance.shuffled_profiles(x, y, jax.random.key(0), DRAWS)))
validated = jax.jit(jax.vmap(lambda x, y: chance.cross_validated_residuals(x, y, jax.random.key(0))))
factors = jax.jit(jax.vmap(lambda z: principal_factor(z, jnp.asarray(calls.SAMPLES))))


def compressed(rng, x, y, dtype):
    """On fewer rows, and zero rows up to as many as before."""
    pairs = [calls.call(jaxrepsim.compress, a, b, dtype=dtype) for a, b in zip(x, y, strict=True)]
    x, y = (np.array([calls.pad(pair[side]) for pair in pairs]) for side in (0, 1))
    return calls.Changed(x, y, np.arange(JOINT))


CHANGES = (*calls.CHANGES, compressed)
HOST = 4
"""Every so many cases are searched on the host, one after the other."""
CERTIFIED, LEVELS = 16, 4
"""Cases whose units are certified, and at how many ε each."""
COSTLY = [
    change if change in (calls.scaled, calls.permuted, compressed) else pytest.param(change, marks=pytest.mark.long)
    for change in CHANGES
]
"""Where each change takes long: a scale of each unit's own, another order, fewer rows by default."""


def certificates(x, y, epsilon):
    return cases.certificates(x[:CERTIFIED], y[:CERTIFIED], epsilon[:CERTIFIED, :LEVELS], np.float64)


def decomposed(x, y, epsilon):
    return calls.one_by_one(jaxrepsim.decompose, x, y, epsilon, dtype=np.float64)


def sets(x, y, epsilon, dtype):
    """The simple matches as a set of sets of joint indices; with the units that each is minimal for."""
    with jax.enable_x64(dtype == np.float64):
        found = list(jaxrepsim.simple_matches(x.astype(dtype), y.astype(dtype), epsilon))
    return {(members(simple.match), members(simple.minimal_for)) for simple in found}


def smallest(x, y, epsilon, unit, dtype):
    with jax.enable_x64(dtype == np.float64):
        found = jaxrepsim.smallest_match(x.astype(dtype), y.astype(dtype), epsilon, int(unit))
    assert found.exact
    return found.bound


def members(match):
    return frozenset(np.flatnonzero(calls.joint(match)).tolist())


def dropped(rng, batch):
    """The batch without one unit in each case, and which; zero columns are no units."""
    gone = np.array([rng.choice(np.flatnonzero(real)) for real in batch.real])
    kept = np.arange(JOINT) != gone[:, None]
    return batch.x * kept[:, None, : calls.UNITS], batch.y * kept[:, None, calls.UNITS :], gone, kept


def copied(rng, batch):
    """The batch with a scaled copy of a live unit in a free place of its network; (case, of, to) where there is one."""
    both, places = np.concatenate([batch.x, batch.y], axis=2), []
    for c, real in enumerate(batch.real):
        side = np.arange(JOINT) // calls.UNITS
        live = np.flatnonzero(both[c].any(axis=0) & np.isin(side, side[~real]))
        if len(live):
            of = int(rng.choice(live))
            to = int(np.flatnonzero(~real & (side == side[of]))[0])
            both[c, :, to] = -3 * both[c, :, of]
            places.append((c, of, to))
    return both[..., : calls.UNITS], both[..., calls.UNITS :], places


# What no result depends on


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_residuals_of_padded_pairs(dtype):
    """Dead units on either side, zero rows, and fewer rows change no residual of a unit that was there."""
    rng = np.random.default_rng(0)
    batch = calls.small_batch(0, dtype)
    pairs = calls.unpadded([(7, 1, 3), (3, 4, 5), (6, 3, 2)])
    for x, y in pairs:
        bare = calls.call(calls.residuals, x, y, dtype=dtype)
        padded = calls.call(calls.residuals, calls.pad(x), calls.pad(y), dtype=dtype)
        np.testing.assert_allclose(padded[: len(bare)] ** 2, bare**2, atol=calls.BOUND[dtype])
        np.testing.assert_array_equal(padded[len(bare) :], 1.0)
    small = compressed(rng, batch.x, batch.y, dtype)
    before, after = (calls.call(calls.batch_residuals, p.x, p.y, dtype=dtype) for p in (batch, small))
    np.testing.assert_allclose(after**2, before**2, atol=2 * calls.BOUND[dtype])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_residuals_depend_on_the_span_of_y_alone(dtype):
    """Any invertible mixture of y's units, and copies of them; not of x's."""
    rng = np.random.default_rng(1)
    x, y = ref.latent_pair(rng, calls.SAMPLES, 5, 3, rank=2, noise=0.5)
    before = calls.call(calls.residuals, x, calls.pad(y), dtype=dtype)
    mixed = y @ (np.eye(3) + 0.3 * rng.normal(size=(3, 3)))
    for other in (mixed, np.concatenate([y, -2 * y[:, :2]], axis=1)):
        found = calls.call(calls.residuals, x, calls.pad(other), dtype=dtype)
        np.testing.assert_allclose(found**2, before**2, atol=2 * calls.BOUND[dtype])
    found = calls.call(calls.residuals, x @ rng.normal(size=(5, 5)), calls.pad(y), dtype=dtype)
    assert np.abs(found - before).max() > 0.05


@pytest.mark.parametrize("change", COSTLY)
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_simple_and_smallest_matches_are_invariant(dtype, change):
    """As sets; of the smallest match its size, as there may be several of that size."""
    batch = calls.small_batch(2, dtype)
    changed = change(np.random.default_rng(2), batch.x, batch.y, dtype)
    several = 0
    for c in range(0, calls.CASES, HOST):
        epsilon = batch.epsilon[c, -1]
        before = sets(batch.x[c], batch.y[c], epsilon, dtype)
        after = sets(changed.x[c], changed.y[c], epsilon, dtype)
        back = {tuple(frozenset(changed.origin[list(part)].tolist()) for part in found) for found in after}
        assert back == before
        several += len(before) > 1
        unit = int(np.flatnonzero(batch.real[c])[0])
        place = int(np.flatnonzero(changed.origin == unit)[0])
        found = smallest(changed.x[c], changed.y[c], epsilon, place, dtype)
        assert found == smallest(batch.x[c], batch.y[c], epsilon, unit, dtype)
    assert several > 1


@cache
def certified():
    """Small cases, and the certificates of their units."""
    batch = calls.small_batch(3, np.float64)
    return batch, certificates(batch.x, batch.y, batch.epsilon)


@pytest.mark.parametrize("change", COSTLY)
def test_certificates_are_invariant(change):
    """Which units have one minimal match and which several; necessary units; the one match itself, where it is one."""
    batch, before = certified()
    changed = change(np.random.default_rng(3), batch.x, batch.y, np.float64)
    after = certificates(changed.x, changed.y, batch.epsilon)
    origin = changed.origin
    np.testing.assert_array_equal(after.minimum, before.minimum[..., origin])
    np.testing.assert_array_equal(after.several, before.several[..., origin])
    np.testing.assert_array_equal(after.necessary, before.necessary[..., origin, :][..., origin])
    first = calls.joint(before.first)[..., origin, :][..., origin]
    one = after.minimum
    np.testing.assert_array_equal(calls.joint(after.first)[one], first[one])
    assert one.sum() > 50


@pytest.mark.parametrize("change", CHANGES)
def test_a_decomposition_stays_one_and_stays_the_same_but_for_the_order_of_units(change):
    batch = calls.small_batch(4, np.float64)
    changed = change(np.random.default_rng(4), batch.x, batch.y, np.float64)
    before = decomposed(batch.x, batch.y, batch.epsilon[:, 1])
    after = decomposed(changed.x, changed.y, batch.epsilon[:, 1])
    assert after.whole.all()
    np.testing.assert_array_equal(calls.joint(after.match), calls.joint(before.match)[:, changed.origin])
    same = (changed.origin == np.arange(JOINT)).all()
    assert same == (change not in (calls.permuted, calls.swapped))
    if same:
        np.testing.assert_array_equal(after.chosen, before.chosen)
        np.testing.assert_array_equal(calls.joint(after.parts), calls.joint(before.parts))


@pytest.mark.parametrize("change", COSTLY)
def test_stability_is_invariant(change):
    every = stability.cases(np.float64)[::4]
    changed = change(
        np.random.default_rng(5), np.array([c.x for c in every]), np.array([c.y for c in every]), np.float64
    )
    seen = {True: 0, False: 0}
    for c, case in enumerate(every):
        for epsilon, factor in case.queries[:4]:
            simple = stability.brute_simple(case, factor * epsilon) if factor * epsilon < 1 else None
            before = stability.decide(case, np.float64, epsilon, factor, simple)
            if simple is not None:
                masks = calls.joint(simple)[:, changed.origin]
                simple = jaxrepsim.Match(masks[:, : calls.UNITS], masks[:, calls.UNITS :])
            with jax.enable_x64(True):
                after = decomposition.is_stable(changed.x[c], changed.y[c], epsilon, factor, simple)
            assert after is before
            seen[after] += 1
    assert min(seen.values()) > 5


def test_stable_intervals_depend_on_the_set_of_critical_values_alone():
    """Not on the units' order or network, on dead units, or on how many units share a value."""
    values = np.array([0.0, 0.004, 0.03, 0.3])
    expected = decomposition.stable_intervals(jaxrepsim.MatchProfile(values, values[:0]), 4.0)
    assert len(expected) > 1
    for x, y in ((values[:0], values), (values[[3, 0]], values[[2, 1]]), ([*values, np.inf], [np.inf, 0.03, 0.3])):
        found = decomposition.stable_intervals(jaxrepsim.MatchProfile(np.array(x), np.array(y)), 4.0)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("change", [calls.scaled, calls.signs, calls.permuted])
def test_shuffled_profiles_are_invariant_draw_by_draw(change):
    batch = calls.small_batch(6, np.float64)
    changed = change(np.random.default_rng(6), batch.x, batch.y, np.float64)
    before = calls.joint(calls.call(shuffled, batch.x, batch.y, dtype=np.float64))
    after = calls.joint(calls.call(shuffled, changed.x, changed.y, dtype=np.float64))
    calls.assert_critical_close(after, before[..., changed.origin], 2e-9)


def test_shuffled_profiles_with_dead_units_and_copies():
    batch = calls.small_batch(6, np.float64)
    x, y = batch.x[:, :, :3], batch.y[:, :, :2]
    bare = calls.call(shuffled, x, y, dtype=np.float64)
    copy = np.concatenate([x, -2 * x[:, :, :1], 0 * x[:, :, :1]], axis=2)
    padded = calls.call(shuffled, copy, np.concatenate([y, 0 * x], axis=2), dtype=np.float64)
    none = np.full_like(bare.x[..., :1], np.inf)
    calls.assert_critical_close(padded.x, np.concatenate([bare.x, bare.x[..., :1], none], axis=-1), 2e-9)
    calls.assert_critical_close(padded.y, np.concatenate([bare.y, none, none, none], axis=-1), 2e-9)


@pytest.mark.parametrize("change", [calls.samples_permuted, calls.swapped])
def test_over_all_orders_of_the_samples_the_profiles_are_the_same(change):
    """What a random order is drawn from: all 24 of four samples, with and without the change before."""
    rng = np.random.default_rng(22)
    x, y = (calls.pad(a, 4) for a in ref.random_pair(rng, 4, 2, 2))
    orders = np.resize(list(permutations(range(4))), (calls.CASES, 4))

    def profiles(x, y):
        stacks = np.pad(np.broadcast_to(x, (calls.CASES, *x.shape)), ((0, 0), (0, 8), (0, 0)))
        moved = np.pad(y[orders], ((0, 0), (0, 8), (0, 0)))
        return calls.joint(calls.call(calls.batch_profile, stacks, moved, dtype=np.float64))[:24]

    changed = change(rng, x, y, np.float64)
    before, after = profiles(x, y)[:, changed.origin], profiles(changed.x, changed.y)
    assert not np.allclose(before, after)
    assert len(np.unique(before.round(6), axis=0)) == 24
    live = np.isfinite(before[0])
    before, after = (a[np.lexsort(a.round(6)[:, live].T)] for a in (before, after))
    np.testing.assert_allclose(after, before, atol=1e-7)


@pytest.mark.parametrize("change", [calls.rotated, compressed])
def test_shuffling_needs_the_raw_samples(change):
    """So rotations, compression and zero rows are not allowed there, nor for held-out samples."""
    batch = calls.small_batch(6, np.float64)
    changed = change(np.random.default_rng(6), batch.x, batch.y, np.float64)
    for function in (lambda *pair: calls.joint(shuffled(*pair)), validated):
        before, after = (np.minimum(calls.call(function, p.x, p.y, dtype=np.float64), 9) for p in (batch, changed))
        assert np.abs(after - before).max() > 0.05


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_random_vectors_depend_on_inner_products_alone(dtype, change):
    """F is all that enters of each network; with U random, what U F is distributed as depends on FᵀF alone.

    Of a unit's sign only its inner products' signs: U F has the sign too, and no residual on it.
    """
    batch = calls.small_batch(7, dtype)
    changed = change(np.random.default_rng(7), batch.x, batch.y, dtype)
    both = np.concatenate([batch.x, batch.y], axis=2)[..., changed.origin]
    for before, after in ((both[..., : calls.UNITS], changed.x), (both[..., calls.UNITS :], changed.y)):
        found = calls.call(factors, after, dtype=dtype)
        units = np.array([ref.unit_columns(a) for a in before])
        products = [a.swapaxes(1, 2) @ a for a in (found, units)]
        if change is calls.signs:
            products = np.abs(products)
        np.testing.assert_allclose(*products, atol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("change", [calls.signs, calls.permuted])
def test_held_out_residuals_are_invariant(change):
    batch = calls.small_batch(8, np.float64)
    rng = np.random.default_rng(8)
    changed = change(rng, batch.x, batch.y, np.float64)
    before = calls.call(validated, batch.x, batch.y, dtype=np.float64)
    after = calls.call(validated, changed.x, changed.y, dtype=np.float64)
    np.testing.assert_allclose(after, before[:, changed.origin[: calls.UNITS]], rtol=1e-6, atol=2e-5)


def test_held_out_residuals_with_dead_units_and_copies():
    """In y: neither changes a prediction, where the units are independent in either half."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, calls.CASES, calls.SAMPLES, calls.UNITS))
    two = y * (np.arange(calls.UNITS) < 2)
    before = calls.call(validated, x, two, dtype=np.float64)
    copies = two.copy()
    copies[..., 3], copies[..., 4] = -2 * two[..., 0], 5 * two[..., 1]
    np.testing.assert_allclose(calls.call(validated, x, copies, dtype=np.float64), before, rtol=1e-9)
    np.testing.assert_allclose(calls.call(validated, x, y[..., :2], dtype=np.float64), before, rtol=1e-9)


def test_what_is_not_kept():
    """A constant added to a unit (nothing is centred) and another basis of a network's span change the match."""
    rng = np.random.default_rng(10)
    x, y = calls.pad(np.eye(calls.SAMPLES)[:, :4]), calls.pad(np.eye(calls.SAMPLES)[:, :2])
    before = calls.joint(calls.call(calls.profile, x, y, dtype=np.float64))
    np.testing.assert_allclose(before, [0, 0, 1, 1, np.inf, 0, 0, *[np.inf] * 3], atol=1e-9)
    for other in (x + 1.0 * x.any(axis=0), x @ rng.normal(size=(5, 5))):
        after = calls.joint(calls.call(calls.profile, other, y, dtype=np.float64))
        assert (np.abs(after[:2] - before[:2]) > 0.1).all()


# Copies of units


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_a_copy_of_a_unit_matches_like_it_and_changes_no_other(dtype):
    """Critical ε, and so maximum matches; but a similarity counts units, so it does change."""
    batch = calls.small_batch(11, dtype)
    x, y, places = copied(np.random.default_rng(11), batch)
    expected = batch.critical()
    shares = []
    for c, of, to in places:
        was = np.mean(expected[c, batch.real[c]] <= 0.4)
        expected[c, to] = expected[c, of]
        shares.append(np.mean(expected[c, batch.real[c] | (np.arange(JOINT) == to)] <= 0.4) - was)
    found = calls.joint(calls.call(calls.batch_profile, x, y, dtype=dtype))
    calls.assert_critical_close(found, expected, 2 * calls.BOUND[dtype])
    assert min(shares) < 0 < max(shares)


def test_a_copy_of_a_unit_in_one_of_three_networks():
    small = test_joint.small(0, np.float64)
    networks = test_joint.stacked([case.networks for case in small])
    before = test_joint.call(test_joint.batch_profile, networks, dtype=np.float64)
    networks[1][..., -1] = -2 * networks[1][..., 0]
    after = test_joint.call(test_joint.batch_profile, networks, dtype=np.float64)
    first, last = test_joint.UNITS, 2 * test_joint.UNITS - 1
    before[:, last] = before[:, first]
    calls.assert_critical_close(after, before, 2e-9)


def test_a_copy_of_a_unit_doubles_its_simple_matches_and_is_necessary_to_none():
    """Each simple match has the copy in place of the unit once more; the unit is then needed by itself alone."""
    batch = calls.small_batch(12, np.float64)
    x, y, places = copied(np.random.default_rng(12), batch)
    both = [certificates(*pair, batch.epsilon) for pair in ((batch.x, batch.y), (x, y))]
    needed = matched = 0
    for c, of, to in (place for place in places if place[0] < CERTIFIED):
        others = np.flatnonzero((np.arange(JOINT) != of) & (np.arange(JOINT) != to))
        assert not both[1].necessary[c][:, [of, to]][..., others].any()
        needed += both[0].necessary[c][:, of][..., others].any()
        epsilon = batch.epsilon[c, -1]
        before = {match for match, _ in sets(batch.x[c], batch.y[c], epsilon, np.float64)}
        after = {match for match, _ in sets(x[c], y[c], epsilon, np.float64)}
        assert after == before | {match - {of} | {to} for match in before if of in match}
        matched += len(after) > len(before)
    assert needed > 3
    assert matched > 3


# Units added


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_residuals_only_fall_when_units_are_added_to_y(dtype):
    batch = calls.small_batch(13, dtype)
    x, y, _, kept = dropped(np.random.default_rng(13), batch)
    less, more, same = (
        calls.call(calls.batch_residuals, *pair, dtype=dtype) for pair in ((batch.x, y), (batch.x, batch.y), (x, y))
    )
    assert (more**2 <= less**2 + 2 * calls.BOUND[dtype]).all()
    assert (less - more).max() > 0.1
    stayed = kept[:, : calls.UNITS]
    np.testing.assert_allclose(same[stayed] ** 2, less[stayed] ** 2, atol=2 * calls.BOUND[dtype])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_added_units_keep_all_matches_and_may_lower_the_similarity(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    x, y, _, kept = dropped(np.random.default_rng(seed), batch)
    less = calls.joint(calls.call(calls.batch_profile, x, y, dtype=dtype))
    more = calls.joint(calls.call(calls.batch_profile, batch.x, batch.y, dtype=dtype))
    assert (np.minimum(more, 9)[kept] ** 2 <= np.minimum(less, 9)[kept] ** 2 + 2 * calls.BOUND[dtype]).all()
    units = batch.real.sum(axis=1)
    gain = np.sum(more <= 0.4, axis=1) / units - np.sum(less <= 0.4, axis=1) / np.maximum(units - 1, 1)
    assert gain.min() < 0 < gain.max()


def test_added_units_keep_all_matches_of_three_networks():
    small = test_joint.small(1, np.float64)
    networks = test_joint.stacked([case.networks for case in small])
    more = test_joint.call(test_joint.batch_profile, networks, dtype=np.float64)
    networks[2] = networks[2] * (np.arange(test_joint.UNITS) > 0)
    less = test_joint.call(test_joint.batch_profile, networks, dtype=np.float64)
    kept = np.arange(3 * test_joint.UNITS) != 2 * test_joint.UNITS
    assert (np.minimum(more, 9)[:, kept] ** 2 <= np.minimum(less, 9)[:, kept] ** 2 + 2e-9).all()
    assert (np.minimum(less, 9) - np.minimum(more, 9))[:, kept].max() > 0.1


def test_added_units_keep_all_simple_matches_and_make_units_less_necessary():
    """The simple matches before are those after that hold no new unit; so the smallest match only gets smaller."""
    batch = calls.small_batch(14, np.float64)
    x, y, gone, kept = dropped(np.random.default_rng(14), batch)
    levels = batch.epsilon[:, :LEVELS]
    both = [cases.certificates(*pair, levels, np.float64) for pair in ((x, y), (batch.x, batch.y))]
    stayed = kept[:, None]
    less, more = (found.necessary & stayed[..., None] & stayed[..., None, :] for found in both)
    matched = less.any(axis=2)[:, :, None, :]  # v is in a match without the new unit
    assert not (more & matched & ~less).any()
    assert (less & ~more).any()
    shrunk = 0
    for c in range(0, calls.CASES, HOST):
        epsilon = batch.epsilon[c, -1]
        before = sets(x[c], y[c], epsilon, np.float64)
        after = sets(batch.x[c], batch.y[c], epsilon, np.float64)
        assert before == {found for found in after if gone[c] not in found[0]}
        for unit in sorted(set().union(*(match for match, _ in before)))[:2]:
            sizes = [smallest(*pair, epsilon, unit, np.float64) for pair in ((x[c], y[c]), (batch.x[c], batch.y[c]))]
            assert sizes[1] <= sizes[0]
            shrunk += 1
    assert shrunk > 3


def test_added_units_are_no_more_independent():
    batch = calls.small_batch(15, np.float64)
    x = dropped(np.random.default_rng(15), batch)[0]
    less, more = (calls.call(independence, z, dtype=np.float64) for z in (x, batch.x))
    assert (more.upper <= less.upper + 1e-7).all()
    assert (less.upper - more.upper).max() > 0.1


def split(rows):
    """Masks over the joint index as a batch of matches."""
    return jaxrepsim.Match(rows[:, : calls.UNITS], rows[:, calls.UNITS :])


def test_added_units_make_no_epsilon_stable():
    """At one λ; and the λ of the larger pair is no smaller."""
    rng = np.random.default_rng(16)
    lost = 0
    for case in stability.cases(np.float64)[::2]:
        live = np.flatnonzero(np.concatenate([case.x, case.y], axis=1).any(axis=0))
        for epsilon, factor in case.queries:
            if factor * epsilon < 1 and len(live) > 2:
                simple = calls.joint(stability.brute_simple(case, factor * epsilon))
                gone = rng.choice(live)
                kept = np.arange(JOINT) != gone
                x, y = case.x * kept[: calls.UNITS], case.y * kept[calls.UNITS :]
                with jax.enable_x64(True):
                    before = decomposition.is_stable(x, y, epsilon, factor, split(simple[~simple[:, gone]]))
                after = stability.decide(case, np.float64, epsilon, factor, split(simple))
                assert before or not after
                lost += before and not after
    assert lost > 5


def test_a_larger_factor_makes_no_epsilon_stable():
    seen = set()
    for case in stability.cases(np.float64)[::3]:
        for epsilon in {epsilon for epsilon, _ in case.queries}:
            stable = []
            for factor in (3.0, 4.5, 20.0):
                level = min(factor * epsilon, 0.999)
                if np.abs(case.table.values - level).min() > 1e-6:
                    simple = stability.brute_simple(case, level)
                    stable.append(stability.decide(case, np.float64, epsilon, factor, simple))
            assert stable == sorted(stable, reverse=True)
            seen.add(tuple(stable))
    assert len(seen) > 3


def test_a_larger_factor_leaves_less_of_the_intervals():
    for factor, more in ((3.0, 3.5), (4.0, 20.0)):
        wide, narrow = (decomposition.stable_intervals(stability.PROFILE, value) for value in (factor, more))
        for start, end in narrow:
            assert ((wide[:, 0] <= start) & (end <= wide[:, 1])).any()


def test_added_units_keep_the_matches_of_every_shuffled_draw():
    batch = calls.small_batch(17, np.float64)
    x, y, _, kept = dropped(np.random.default_rng(17), batch)
    less = np.minimum(calls.joint(calls.call(shuffled, x, y, dtype=np.float64)), 9)
    more = np.minimum(calls.joint(calls.call(shuffled, batch.x, batch.y, dtype=np.float64)), 9)
    stayed = np.broadcast_to(kept[:, None, :], more.shape)
    assert (more[stayed] ** 2 <= less[stayed] ** 2 + 2e-9).all()


def test_held_out_residuals_may_rise_with_units_of_y():
    rng = np.random.default_rng(18)
    x, y = rng.normal(size=(2, calls.CASES, calls.SAMPLES, calls.UNITS))
    few = calls.call(validated, x, y * (np.arange(calls.UNITS) < 2), dtype=np.float64)
    many = calls.call(validated, x, y, dtype=np.float64)
    assert (few < many).any()
    assert (few > many).any()
    same = [calls.call(calls.batch_residuals, x, z, dtype=np.float64) for z in (y * (np.arange(5) < 2), y)]
    assert (same[1] <= same[0]).all()


# A larger ε


def test_units_are_less_necessary_at_a_larger_epsilon():
    """Of units that are matched at the smaller one. But uniqueness comes and goes."""
    batch = calls.small_batch(19, np.float64)
    epsilons = np.sort(batch.epsilon, axis=1)[:, ::2]
    found = certificates(batch.x, batch.y, epsilons)
    less, more = found.necessary[:, :-1], found.necessary[:, 1:]
    matched = less.any(axis=2)[:, :, None, :]
    assert not (more & matched & ~less).any()
    assert (less & ~more).any()
    several = found.several.astype(int)
    assert np.diff(several, axis=1).min() < 0 < np.diff(several, axis=1).max()


def test_simple_matches_come_and_go_and_the_smallest_only_shrinks_at_a_larger_epsilon():
    batch = calls.small_batch(20, np.float64)
    steps, shrunk = [], 0
    for c in range(0, calls.CASES, HOST):
        sizes = None
        counts = []
        for epsilon in np.unique(batch.epsilon[c]):
            found = sets(batch.x[c], batch.y[c], epsilon, np.float64)
            counts.append(len(found))
            units = set().union(*(match for match, _ in found))
            now = {unit: min(len(match) for match, _ in found if unit in match) for unit in units}
            if sizes is not None:
                assert all(now[unit] <= size for unit, size in sizes.items())
                shrunk += any(now[unit] < size for unit, size in sizes.items())
            sizes = now
        steps += np.diff(counts).tolist()
    assert min(steps) < 0 < max(steps)
    assert shrunk


def test_stability_comes_and_goes_with_epsilon():
    """Of orthogonal units, λ = 3, one of them tilted by a sine of 0.03."""
    x = np.eye(calls.SAMPLES, calls.UNITS)
    y = x.copy()
    y[0, 0], y[9, 0] = np.sqrt(1 - 0.03**2), 0.03
    found = []
    with jax.enable_x64(True):
        for epsilon in (0.0, 0.005, 0.02, 0.05, 0.4):
            simple = jaxrepsim.simple_matches(x, y, min(3 * epsilon, 0.9))
            simple = split(np.array([calls.joint(one.match) for one in simple]))
            found.append(decomposition.is_stable(x, y, epsilon, 3.0, simple))
    assert found == [True, True, False, True, False]


# P-values


def test_p_values_fall_with_what_is_observed_and_see_ranks_alone():
    rng = np.random.default_rng(21)
    observed, null = rng.integers(0, 6, size=40) / 5, rng.integers(0, 6, size=(40, 19)) / 5
    p = np.asarray(chance.p_value(observed, null))
    assert (np.asarray(chance.p_value(observed + 0.2, null)) <= p).all()
    assert (np.asarray(chance.p_value(observed, null + 0.2)) >= p).all()
    np.testing.assert_array_equal(chance.p_value(observed, rng.permuted(null, axis=1)), p)
    np.testing.assert_array_equal(chance.p_value(np.exp(observed), np.exp(null)), p)
