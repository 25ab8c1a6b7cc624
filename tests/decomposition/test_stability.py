from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
import jaxrepsim.decomposition as decomposition
from jaxrepsim.decomposition.stability import is_stable_by_search
from tests import reference as ref
from tests.matching import calls
from tests.reference.angles import stability_factor

PROFILE = jaxrepsim.MatchProfile(np.array([0.0, 0.03, np.inf], np.float32), np.array([0.0, 0.03], np.float32))
NONE_ALIVE = jaxrepsim.MatchProfile(np.full(2, np.inf), np.full(1, np.inf))
FACTORS = (3.0, 4.5, 20.0)


def stable_by_definition(least, epsilon, factor):
    """No set of live units has its least ε in (ε, λε]."""
    least = least[np.isfinite(least)]
    return not ((least > epsilon) & (least <= factor * epsilon)).any()


# What a profile rules out


def random_profile(rng):
    critical = rng.choice([0.0, 0.01, 0.3, 1.0, np.inf, *10 ** rng.uniform(-3, 0, size=4)], size=rng.integers(7))
    cut = int(rng.integers(critical.size + 1))
    return jaxrepsim.MatchProfile(critical[:cut], critical[cut:])


@calls.over_seeds(50)
def test_intervals_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    profile, factor = random_profile(rng), float(rng.choice([3.0, 3 + rng.exponential(10)]))
    intervals = decomposition.stable_intervals(profile, factor)
    assert intervals.dtype == np.float64
    ends = intervals.ravel()
    assert (np.diff(ends) > 0).all()
    critical = calls.joint(profile)
    live = critical[np.isfinite(critical)]
    known = np.append(live, 1.0) if live.size else live
    edges = np.concatenate([[0.0, 1 - 1e-9], ends, known, known / factor])
    epsilons = np.concatenate([edges * (1 - 1e-9), edges * (1 + 1e-9), rng.uniform(size=100), [0.0]])
    for epsilon in epsilons[epsilons < 1]:
        inside = ((intervals[:, 0] <= epsilon) & (epsilon < intervals[:, 1])).any()
        assert inside == stable_by_definition(known, epsilon, factor)


def test_intervals_hold_their_lower_end_alone():
    np.testing.assert_allclose(decomposition.stable_intervals(PROFILE, 5.0), [[0, 0.006], [0.03, 0.2]], rtol=1e-6)
    dense = jaxrepsim.MatchProfile(np.array([0.01, 0.02, 0.04]), np.array([0.04, 0.5]))
    np.testing.assert_allclose(decomposition.stable_intervals(dense, 4.0), [[0, 0.0025], [0.04, 0.125]])


def test_intervals_at_the_extremes_of_the_factor():
    assert decomposition.stable_intervals(PROFILE, np.inf).shape == (0, 2)
    for factor in (3.0, np.inf):
        np.testing.assert_array_equal(decomposition.stable_intervals(NONE_ALIVE, factor), [[0.0, 1.0]])
        empty = jaxrepsim.MatchProfile(np.zeros(0), np.zeros(0))
        np.testing.assert_array_equal(decomposition.stable_intervals(empty, factor), [[0.0, 1.0]])


# The decision


def brute_simple(case, level):
    """All simple matches at a level, padded like the activations."""
    simple = ref.simple_matches_brute(case.table, level)
    padded = np.zeros((len(simple), 2 * calls.UNITS), bool)
    padded[:, case.real] = simple
    return jaxrepsim.Match(padded[:, : calls.UNITS], padded[:, calls.UNITS :])


class Case:
    """A small pair with every subset of it, and some (ε, λ) far from ties."""

    def __init__(self, rng, dtype, x, y):
        margin, cutoff = calls.MARGIN[dtype], calls.CUTOFF[dtype]
        self.table = ref.subset_table(x, y, cutoff=cutoff, resolution=calls.RESOLUTION[dtype])
        self.x, self.y = calls.pad(x), calls.pad(y)
        self.real = np.concatenate([np.arange(calls.UNITS) < a.shape[1] for a in (x, y)])
        least = np.unique(self.table.epsilon[np.isfinite(self.table.epsilon)])
        exact = stability_factor(x, y, dependent=1e-3)
        queries = [(0.0, exact)]
        for factor in (exact, *FACTORS):
            for epsilon in rng.permutation([0.0, *(1.05 * least), *rng.uniform(size=2)])[:4]:
                ends = np.array([epsilon, factor * epsilon if epsilon else 0.0])
                clear = np.abs(self.table.values[:, None] - ends).min(axis=0, initial=1.0) > margin
                if epsilon < 1 and (clear | (ends == 0)).all() and not 0 < epsilon < 2 * calls.RESOLUTION[dtype]:
                    queries.append((float(epsilon), float(factor)))
        self.queries = [(e, f) for e, f in queries if np.isfinite(f)]


@lru_cache
def cases(dtype):
    rng = np.random.default_rng(0)
    pairs = [ref.decidable_pair(rng, dtype)[:2] for _ in range(15)]
    for _ in range(25):
        pairs.append(ref.planted_pair(rng, 12, [(1, 0.05), (2, float(rng.choice([0.0, 0.03, 0.08])))], (1, 0))[:2])
    for _ in range(16):  # each unit has its counterpart, and a little of other units and of its own besides
        share = 10 ** rng.uniform(-1.7, -0.7)
        x = np.linalg.qr(rng.normal(size=(12, 4)))[0]
        pairs.append((x, x + share * (x @ rng.normal(size=(4, 4)) + 0.3 * rng.normal(size=(12, 4)))))
    rounded = [[a.astype(dtype).astype(np.float64) for a in pair] for pair in pairs]
    return [Case(rng, dtype, *pair) for pair in rounded]


def decide(case, dtype, epsilon, factor, matches=None):
    with jax.enable_x64(dtype == np.float64):
        x, y = jnp.asarray(case.x, dtype), jnp.asarray(case.y, dtype)
        return decomposition.is_stable(x, y, epsilon, factor, matches)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_equals_the_definition_over_all_pairs_of_subsets(dtype):
    cheap, enumerated = {True: 0, False: 0}, {True: 0, False: 0}
    for case in cases(dtype)[::2]:
        for epsilon, factor in case.queries:
            expected = stable_by_definition(case.table.epsilon, epsilon, factor)
            found = decide(case, dtype, epsilon, factor)
            if found is None:
                assert factor * epsilon < 1
                found = decide(case, dtype, epsilon, factor, brute_simple(case, factor * epsilon))
                enumerated[found] += 1
            else:
                cheap[found] += 1
            assert isinstance(found, bool)
            assert found == expected, (epsilon, factor)
    assert min(*cheap.values(), *enumerated.values()) > 5, (cheap, enumerated)


def test_a_search_decides_unless_it_is_stopped():
    stopped = 0
    for case in cases(np.float64)[15:19]:
        for epsilon, factor in case.queries:
            with jax.enable_x64(True):
                whole, one = (is_stable_by_search(case.x, case.y, epsilon, factor, limit, 60.0) for limit in (1000, 1))
            expected = stable_by_definition(case.table.epsilon, epsilon, factor)
            assert whole == expected
            assert one is None or one == expected
            stopped += one is None
    assert stopped


def test_the_profile_rules_out_no_stable_epsilon_but_not_every_unstable_one():
    missed = 0
    for case in cases(np.float64):
        critical = ref.profile_brute(case.table)
        profile = jaxrepsim.MatchProfile(critical[:0], critical)
        for epsilon, factor in case.queries:
            intervals = decomposition.stable_intervals(profile, factor)
            inside = bool(((intervals[:, 0] <= epsilon) & (epsilon < intervals[:, 1])).any())
            stable = stable_by_definition(case.table.epsilon, epsilon, factor)
            assert inside or not stable
            missed += inside and not stable
    assert missed > 10


def test_the_angle_of_the_pair_gives_the_factor():
    """From activations to the decision with nothing but the public functions."""
    case = next(case for case in cases(np.float64)[15:] if case.queries)
    with jax.enable_x64(True):
        key = jax.random.key(0)
        factor = max(float(decomposition.independence(jnp.asarray(z), key).factor) for z in (case.x, case.y))
    expected = stability_factor(case.x, case.y)
    assert factor == pytest.approx(expected, rel=1e-9)
    assert factor >= expected * (1 - 1e-14)
    assert decide(case, np.float64, 0.0, factor) is True
    assert decide(case, np.float64, 1 / factor, factor) is False


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_without_live_units_everything_is_stable(dtype):
    case = cases(dtype)[0]
    zero = jnp.zeros((calls.SAMPLES, calls.UNITS))
    for epsilon in (0.0, 0.2, 0.9):
        for factor in (3.0, np.inf):
            assert decomposition.is_stable(zero, zero, epsilon, factor) is True
    with jax.enable_x64(dtype == np.float64):
        alive = jnp.asarray(np.eye(calls.SAMPLES, calls.UNITS), dtype)
        assert decomposition.is_stable(alive, 0 * alive, 0.2, 3.0) is True  # none is in a match
        assert decomposition.is_stable(alive, 0 * alive, 0.4, 3.0) is False  # a unit alone has 1
        assert decomposition.is_stable(alive[:, :0], alive[:, :0], 0.4, 3.0) is True
    assert decide(case, dtype, 0.0, np.inf) is False


def test_duplicates_are_never_stable_and_do_not_decompose_in_one_way():
    x = np.random.default_rng(1).normal(size=(calls.SAMPLES, calls.UNITS))
    x[:, 1] = -2 * x[:, 0]
    y = x[:, 2:]
    with jax.enable_x64(True):
        factor = decomposition.independence(jnp.asarray(x), jax.random.key(0)).factor
        assert np.isinf(factor)
        assert decomposition.is_stable(jnp.asarray(x), jnp.asarray(y), 0.0, factor) is False
    y = x[:, :1]
    assert len(ref.minimal_matches_brute(ref.subset_table(x, y, resolution=1e-5), 0.0, calls.UNITS)) == 2


def test_sets_are_judged_by_their_own_residuals_on_either_side():
    """x is e1, e2 and y is e1, e3; the padding is dead."""
    x, y = np.eye(calls.SAMPLES)[:, [0, 1]], np.eye(calls.SAMPLES)[:, [0, 2]]
    with jax.enable_x64(True):
        x, y = jnp.asarray(calls.pad(x)), jnp.asarray(calls.pad(y))

        def found(*sets):
            units = np.arange(calls.UNITS)
            masks = [[np.isin(units, side) for side in sides] for sides in sets]
            stacked = np.array(masks, bool).reshape(-1, 2, calls.UNITS)
            return decomposition.is_stable(x, y, 0.1, 3.0, jaxrepsim.Match(stacked[:, 0], stacked[:, 1]))

        assert decomposition.is_stable(x, y, 0.1, 3.0) is None
        assert found(([0], [0])) is True
        assert found() is None  # not all of them: nothing is proven
        assert found(([0], [0]), ([0], [0, 1])) is False
        assert found(([0], [0]), ([0, 1], [0])) is False
        assert found(([0, 4], [0])) is False
        assert found(([0], [0, 4])) is False


def test_faults_are_named():
    x = jnp.eye(5)
    for factor in (2.9, float("nan"), -np.inf):
        with pytest.raises(ValueError, match="factor"):
            decomposition.stable_intervals(PROFILE, factor)
        with pytest.raises(ValueError, match="factor"):
            decomposition.is_stable(x, x, 0.1, factor)
    with pytest.raises(ValueError, match="epsilon"):
        decomposition.is_stable(x, x, 1.0, 3.0)
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        decomposition.stable_intervals(jaxrepsim.MatchProfile(np.zeros((2, 3)), np.zeros((2, 3))), 3.0)
    with pytest.raises(ValueError, match=r"\(1, 4\).*5"):
        decomposition.is_stable(x, x, 0.1, 3.0, jaxrepsim.Match(np.ones((1, 4), bool), np.ones((1, 5), bool)))
