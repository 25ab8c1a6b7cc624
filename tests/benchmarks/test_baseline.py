"""The baseline computes what the paper says: against the oracles of the tests."""

import numpy as np
import pytest

from benchmarks import baseline, verify
from tests import reference


@pytest.fixture(params=["grouped", "dependent", "dead"])
def pair(request):
    rng = np.random.default_rng(3)
    x, y = reference.grouped_pair(rng, 60, 10, 3)
    if request.param == "dependent":
        return reference.with_dependent(rng, x), reference.with_dependent(rng, y)
    return (reference.with_dead(rng, x), y) if request.param == "dead" else (x, y)


EPSILON = 0.45


def test_maximum_match(pair):
    expected = reference.maximum_match_lstsq(*pair, EPSILON)
    assert expected.any()
    assert not expected.all()
    np.testing.assert_array_equal(baseline.maximum_match(*pair, EPSILON), expected)


@pytest.mark.parametrize("one_sided", [False, True])
def test_minimal_match(pair, one_sided):
    matched = np.flatnonzero(reference.maximum_match_lstsq(*pair, EPSILON))
    for unit in (matched[0], matched[-1]):
        expected = reference.minimal_match_lstsq(*pair, EPSILON, unit)
        np.testing.assert_array_equal(baseline.minimal_match(*pair, EPSILON, unit, one_sided), expected)
    unmatched = np.flatnonzero(~reference.maximum_match_lstsq(*pair, EPSILON))[0]
    assert not baseline.minimal_match(*pair, EPSILON, unmatched, one_sided).any()


def test_compressed_rows_give_the_same(pair):
    small = verify.compressed(*pair)
    np.testing.assert_array_equal(
        baseline.maximum_match(*small, EPSILON), reference.maximum_match_lstsq(*pair, EPSILON)
    )


def test_verifier_accepts_minimal_matches_and_finds_every_fault(pair):
    matched = np.flatnonzero(reference.maximum_match_lstsq(*pair, EPSILON))
    largest = reference.maximum_match_lstsq(*pair, EPSILON)
    masks = np.array([reference.minimal_match_lstsq(*pair, EPSILON, unit) for unit in matched])
    good = verify.minimal(*pair, EPSILON, matched, masks, deep=len(matched))
    assert good.as_check().passed
    assert good.deletions == masks.sum() - len(matched)

    def verdict(masks):
        return verify.minimal(*pair, EPSILON, matched, np.array(masks), deep=len(matched))

    assert verdict([largest, *masks[1:]]).not_minimal > 0
    assert verdict([np.zeros_like(largest), *masks[1:]]).without_v == 1
    alone = np.zeros_like(largest)
    alone[matched[0]] = True
    assert verdict([alone, *masks[1:]]).not_matches == 1
    assert not verdict([alone, *masks[1:]]).as_check().passed


def test_same_sets_puts_ties_aside():
    critical = np.array([0.1, 0.3, 0.5 + 1e-9, np.inf])
    mask = np.array([True, True, True, False])
    assert verify.same_sets(critical, [(0.5, mask)]) == (True, "1 set of 3 units: 0 units differ, 1 near ties")
    assert not verify.same_sets(critical, [(0.5, ~mask)]).passed
