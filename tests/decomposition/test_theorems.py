"""The theorems on matches that the package rests on, by trying every subset of small pairs.

Each test counts the cases in which the theorem says something, and asserts that there were enough.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tests import reference as ref
from tests.reference.angles import stability_factor

MARGIN = 1e-6


class Case(NamedTuple):
    """A pair by its table, some ε far from every residual, and λ."""

    table: ref.SubsetTable
    epsilons: list[float]
    factor: float
    units: tuple[int, int]

    def intersections(self, matches):
        """Float[k, k]: the least ε at which the intersection of two of these rows of the table is a match."""
        rows = np.flatnonzero(matches)
        n_y = self.units[1]
        x, y = rows >> n_y, rows & (2**n_y - 1)  # the table lists subsets of x, and for each those of y
        return self.table.epsilon[(x[:, None] & x) << n_y | (y[:, None] & y)]


@lru_cache
def cases():
    """Random, latent, exact, dependent, dead and planted pairs, and three kinds with ε small enough to be stable."""
    rng = np.random.default_rng(0)
    pairs = [ref.small_pair(rng, 4) for _ in range(150)]
    for _ in range(100):
        sines = rng.choice([0.0, 0.01, 0.03, 0.1], size=3)
        groups = ([(1, sines[0]), (2, sines[1])], [(3, sines[0])], [(1, s) for s in sines], [(2, sines[2])])
        pairs.append(ref.planted_pair(rng, 12, groups[rng.integers(4)], (1, int(rng.integers(2))))[:2])
    for _ in range(60):
        n_x, n_y = rng.integers(2, 5, size=2)
        pairs.append(ref.latent_pair(rng, 10, n_x, n_y, int(rng.integers(2, 5)), 10 ** rng.uniform(-2.5, -0.3)))
    for _ in range(60):  # each unit has its counterpart, and a little of other units and of its own besides
        n, share = int(rng.integers(3, 5)), 10 ** rng.uniform(-2, -0.7)
        x = np.linalg.qr(rng.normal(size=(10, n)))[0]
        pairs.append((x, x + share * (x @ rng.normal(size=(n, n)) + 0.3 * rng.normal(size=(10, n)))))
    found = []
    for x, y in pairs:
        table = ref.subset_table(x, y, resolution=1e-7)
        least = np.unique(table.epsilon[(table.epsilon > 0) & (table.epsilon < 1)])
        above = np.concatenate([1.01 * least[least < 0.3], rng.uniform(size=2)])
        clear = [e for e in above if np.abs(table.values - e).min() > MARGIN]
        epsilons = [0.0, *rng.permutation(clear)[:6]]
        found.append(Case(table, epsilons, stability_factor(x, y), (x.shape[1], y.shape[1])))
    return found


def is_stable(case, epsilon):
    """By the definition: no set of live units has its least ε in (ε, λε]."""
    if np.isinf(case.factor):
        return False
    least = case.table.epsilon[np.isfinite(case.table.epsilon)]
    return not ((least > epsilon) & (least <= case.factor * epsilon)).any()


def as_set(masks):
    return {row.tobytes() for row in masks}


def test_unions_of_matches_are_matches():
    met = 0
    for case in cases():
        codes = case.table.members @ (1 << np.arange(sum(case.units)))
        for epsilon in case.epsilons:
            matches = codes[case.table.epsilon <= epsilon]
            unions = matches[:, None] | matches
            assert np.isin(unions, matches).all()
            met += ((unions != matches) & (unions != matches[:, None])).any()
    assert met > 300


def test_every_match_is_the_union_of_the_simple_matches_inside_it():
    met = 0
    for case in cases():
        for epsilon in case.epsilons:
            matches, simple = ref.all_matches(case.table, epsilon), ref.simple_matches_brute(case.table, epsilon)
            inside = ~(simple[None] & ~matches[:, None]).any(axis=2)
            np.testing.assert_array_equal((inside[:, :, None] & simple).any(axis=1), matches)
            met += len(simple) > 1
    assert met > 300


def test_a_match_is_simple_exactly_when_it_is_minimal_for_some_unit():
    met = 0
    for case in cases():
        for epsilon in case.epsilons:
            minimal = [ref.minimal_matches_brute(case.table, epsilon, unit) for unit in range(sum(case.units))]
            simple = as_set(ref.simple_matches_brute(case.table, epsilon))
            assert simple == set().union(*map(as_set, minimal))
            met += len(simple) > 1
    assert met > 300


def test_exact_matches_of_independent_units_decompose_in_one_way():
    met = 0
    for case in cases():
        if np.isfinite(case.factor):
            counts = [len(ref.minimal_matches_brute(case.table, 0.0, unit)) for unit in range(sum(case.units))]
            assert max(counts) <= 1
            assert (case.intersections(case.table.epsilon == 0) == 0).all()
            met += sum(counts) > 0
    assert met > 50


def test_exact_matches_of_dependent_units_need_not():
    """So the theorem's condition is not idle."""
    several = 0
    for case in cases():
        if np.isinf(case.factor):
            several += max(len(ref.minimal_matches_brute(case.table, 0.0, u)) for u in range(sum(case.units))) > 1
    assert several > 5


def test_the_intersection_of_two_matches_is_a_match_at_lambda_times_epsilon():
    met = strained = 0
    for case in cases():
        for epsilon in case.epsilons:
            if np.isinf(case.factor) or case.factor * epsilon >= 1:
                continue  # nothing is said
            least = case.intersections(case.table.epsilon <= epsilon)
            assert (least <= case.factor * epsilon + 1e-9).all()
            met += len(least) > 2
            strained += (least > epsilon).any()
    assert met > 300
    assert strained > 50


def test_at_a_stable_epsilon_matches_close_under_intersection_and_the_decomposition_is_unique():
    stable = unstable = 0
    for case in cases():
        for epsilon in case.epsilons[1:]:
            counts = [len(ref.minimal_matches_brute(case.table, epsilon, unit)) for unit in range(sum(case.units))]
            if is_stable(case, epsilon):
                assert (case.intersections(case.table.epsilon <= epsilon) <= epsilon).all()
                assert max(counts) <= 1
                stable += sum(counts) > 0
            else:
                unstable += max(counts) > 1
    assert stable > 100
    assert unstable > 100  # where it need not be unique, and is not
