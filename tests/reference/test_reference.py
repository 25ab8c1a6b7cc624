"""The oracles against each other, and against what the paper proves."""

import itertools

import numpy as np
import pytest

from tests import reference as ref


def cases(count, seed, **options):
    """`count` small cases with their table and some ε away from every residual."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        x, y = ref.small_pair(rng, **options)
        table = ref.subset_table(x, y)
        yield rng, x, y, table, ref.clear_epsilons(table.values, (0.05, 0.3, 0.5, 0.7, 0.9), 1e-6)


def test_residuals_of_known_vectors():
    x = np.array([[1.0, 0.0, 3.0, 0.0], [1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 4.0, 0.0]])
    y = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(ref.residuals(x, y), [np.sqrt(0.5), 1.0, 0.8, 1.0], atol=1e-15)
    np.testing.assert_allclose(ref.residuals(x, y[:, :0]), np.ones(4))
    np.testing.assert_allclose(ref.residuals(x, 0 * y), np.ones(4))
    assert ref.residuals(x[:, :0], y).shape == (0,)


def test_resolution_reads_small_residuals_as_zero():
    x, y = np.array([[1.0], [1e-6]]), np.array([[1.0], [0.0]])
    assert ref.residuals(x, y)[0] == pytest.approx(1e-6, rel=1e-6)
    assert ref.residuals(x, y, resolution=1e-5)[0] == 0.0


def test_svd_and_least_squares_residuals_agree():
    for _, x, y, _, _ in cases(200, 0):
        np.testing.assert_allclose(ref.residuals(x, y), ref.residuals_lstsq(x, y), atol=1e-9)


@pytest.mark.parametrize("condition", [1e3, 1e6])
def test_svd_and_least_squares_residuals_agree_when_ill_conditioned(condition):
    rng = np.random.default_rng(1)
    x, y = ref.conditioned_pair(rng, 60, 16, condition)
    more = ref.with_dependent(rng, y, duplicates=3, sums=3)
    np.testing.assert_allclose(ref.residuals(x, y) ** 2, ref.residuals_lstsq(x, y) ** 2, atol=1e-9)
    np.testing.assert_allclose(ref.residuals(x, y) ** 2, ref.residuals(x, more) ** 2, atol=1e-9)


def test_table_is_the_definition():
    for rng, x, y, table, epsilons in cases(12, 2, largest=3):
        for epsilon in epsilons:
            matches = {tuple(match) for match in ref.all_matches(table, epsilon)}
            for members in itertools.product([False, True], repeat=x.shape[1] + y.shape[1]):
                assert ref.is_match(x, y, np.array(members), epsilon) == (members in matches)
        del rng


def test_matches_are_closed_under_union_and_the_maximum_is_one():
    for rng, _, _, table, epsilons in cases(60, 3):
        for epsilon in epsilons:
            matches = ref.all_matches(table, epsilon)
            known = {match.tobytes() for match in matches}
            assert ref.maximum_match_brute(table, epsilon).tobytes() in known
            picks = rng.integers(len(matches), size=(50, 2))
            assert all((matches[a] | matches[b]).tobytes() in known for a, b in picks)


def test_decomposition_theorem():
    """Every match is the union of its simple ones, and these are the v-minimal ones."""
    for _, _, _, table, epsilons in cases(60, 4):
        for epsilon in epsilons:
            simple = ref.simple_matches_brute(table, epsilon)
            n = table.members.shape[1]
            minimal = [ref.minimal_matches_brute(table, epsilon, v) for v in range(n)]
            assert {m.tobytes() for group in minimal for m in group} == {m.tobytes() for m in simple}
            for match in ref.all_matches(table, epsilon):
                inside = ~(simple & ~match).any(axis=1)
                np.testing.assert_array_equal(simple[inside].any(axis=0), match)


def test_necessary_units_are_the_intersection():
    for _, x, y, table, epsilons in cases(30, 5):
        for epsilon in epsilons[:2]:
            necessary = ref.necessary_units_brute(table, epsilon)
            n = x.shape[1] + y.shape[1]
            for u, v in itertools.product(range(n), repeat=2):
                maximum = ref.maximum_match_brute(table, epsilon)
                without = ref.maximum_match_lstsq(x, y, epsilon, within=np.arange(n) != u)
                assert necessary[u, v] == (maximum[v] and not without[v])


def test_algorithm_1_finds_the_union_of_all_matches():
    compared = 0
    for _, x, y, table, epsilons in cases(300, 6):
        for epsilon in epsilons:
            seen = ref.Seen(epsilon)
            found = ref.maximum_match_lstsq(x, y, epsilon, seen=seen)
            assert seen.margin >= 1e-7
            np.testing.assert_array_equal(found, ref.maximum_match_brute(table, epsilon))
            compared += found.any()
    assert compared > 300  # not mostly empty ones


def test_algorithm_2_finds_a_minimal_match_whatever_the_order():
    several = 0
    for rng, x, y, table, epsilons in cases(60, 7):
        n = x.shape[1] + y.shape[1]
        for epsilon in epsilons[1:4]:
            unit = int(rng.integers(n))
            minimal = ref.minimal_matches_brute(table, epsilon, unit)
            for order in (None, rng.permutation(n)):
                found = ref.minimal_match_lstsq(x, y, epsilon, unit, order)
                if len(minimal) == 0:
                    assert not found.any()
                else:
                    assert (minimal == found).all(axis=1).any()
            several += len(minimal) > 1
    assert several > 10


def test_algorithm_2_reaches_every_minimal_match():
    """Trying the units outside a minimal match first leaves just that match."""
    for rng, x, y, table, epsilons in cases(30, 8):
        n = x.shape[1] + y.shape[1]
        for epsilon in epsilons[1:4]:
            unit = int(rng.integers(n))
            for match in ref.minimal_matches_brute(table, epsilon, unit)[:4]:
                order = np.argsort(match, kind="stable")
                np.testing.assert_array_equal(ref.minimal_match_lstsq(x, y, epsilon, unit, order), match)


def test_peeling_finds_the_critical_values():
    for _, x, y, table, epsilons in cases(300, 9):
        critical = ref.profile_peel(x, y)
        np.testing.assert_allclose(critical, ref.profile_brute(table), atol=1e-7)
        for epsilon in epsilons:
            np.testing.assert_array_equal(critical <= epsilon, ref.maximum_match_brute(table, epsilon))


def test_critical_value_by_bisection_of_algorithm_1():
    rng = np.random.default_rng(10)
    x, y = ref.latent_pair(rng, 40, 8, 9, rank=5, noise=0.6)
    critical = ref.profile_peel(x, y)
    for unit in range(17):
        low, high = -1.0, 1.0
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if ref.maximum_match_lstsq(x, y, middle)[unit] else (middle, high)
        assert critical[unit] == pytest.approx(high, abs=1e-8)


def test_planted_groups_have_the_critical_value_they_were_given():
    rng = np.random.default_rng(11)
    sines = (0.0, 0.02, 0.2, 0.4)
    x, y, label = ref.planted_pair(rng, 60, [(3, s) for s in sines], (4, 3))
    critical = ref.profile_peel(x, y)
    for group, s in enumerate(sines):
        np.testing.assert_allclose(critical[label == group], s, atol=1e-9)
    assert (critical[label == -1] > 0.85).all()
    for unit in np.flatnonzero(label == 0):
        found = ref.minimal_match_lstsq(x, y, 0.0, unit, resolution=1e-5)
        np.testing.assert_array_equal(found, label == 0)


@pytest.mark.parametrize("n", [1, 2, 7, 16])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e6])
def test_conditioned_has_unit_columns_and_that_condition(n, condition):
    rng = np.random.default_rng(12)
    a = ref.conditioned(rng, np.linalg.qr(rng.normal(size=(40, n)))[0], condition)
    np.testing.assert_allclose(np.linalg.norm(a, axis=0), 1.0, atol=1e-10)
    assert np.linalg.cond(a) == pytest.approx(condition if n > 1 else 1.0, rel=1e-6)


def test_degenerate_cases_are_what_they_say():
    rng = np.random.default_rng(13)
    a = rng.normal(size=(20, 6))
    assert np.linalg.matrix_rank(ref.with_dependent(rng, a, 2, 2)) == 6
    assert (~ref.with_dead(rng, a, 2).any(axis=0)).sum() == 2
    x, y = ref.logits_pair(rng, 50, 10, 0.3)
    assert np.linalg.matrix_rank(x) == 9
    assert np.linalg.matrix_rank(y) == 9
    np.testing.assert_allclose(ref.logits_pair(rng, 50, 10, 0.3, total=1.0)[0].sum(axis=1), 1.0)


def test_clear_epsilons_keep_their_distance():
    values = np.array([0.1, 0.10001, 0.5, np.inf, 1.0])
    found = ref.clear_epsilons(values, (0.0, 0.1, 0.2, 0.9), 1e-3)
    np.testing.assert_allclose(found, [0.05, 0.300005, 0.75])
    assert ref.clear_epsilons(np.linspace(0, 1, 2000), (0.3,), 1e-3) == []
