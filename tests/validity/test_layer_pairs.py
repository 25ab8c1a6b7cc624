"""Measures of many pairs: each as its own function gives it."""

import numpy as np
import pytest

from jaxrepsim import validity
from jaxrepsim.measures import MEASURES

RANDOM = np.random.default_rng(0)
BASE = RANDOM.normal(size=(64, 4))
REPRESENTATIONS = [np.maximum(BASE @ RANDOM.normal(size=(4, n)) + RANDOM.normal(size=(64, n)), 0) for n in (4, 4, 4)]
PAIRS = [(0, 1), (1, 0), (2, 2)]


@pytest.mark.parametrize("name", validity.NAMES)
def test_each_as_its_own_function_gives_it(name):
    found = validity.measured(REPRESENTATIONS, PAIRS, [name])
    own = [float(MEASURES[name].function(REPRESENTATIONS[a], REPRESENTATIONS[b])) for a, b in PAIRS]
    np.testing.assert_allclose(found[name], own, atol=2e-3)  # float32; compressed, and not
    assert found[name][2] == pytest.approx(MEASURES[name].range[MEASURES[name].kind == "similarity"], abs=2e-2) or (
        name == "ridge"
    )


def test_a_sample_is_for_raw_activations_alone():
    sample = np.arange(32)
    names = ["linear_cka", "mutual_knn"]
    found = validity.measured(REPRESENTATIONS, PAIRS[:1], names, sample)
    whole, part = (
        validity.measured([x[rows] for x in REPRESENTATIONS], PAIRS[:1], names) for rows in (slice(64), sample)
    )
    assert found["linear_cka"] == whole["linear_cka"]
    assert found["mutual_knn"] == part["mutual_knn"] != whole["mutual_knn"]


def test_both_ways_are_both_ways():
    names = ["linear_cka", "pwcca", "linear_regression"]
    forth, back = (validity.measured(REPRESENTATIONS, pairs, names) for pairs in ([(0, 1)], [(1, 0)]))
    for name, values in validity.measured_both_ways(REPRESENTATIONS, [(0, 1)], names).items():
        np.testing.assert_allclose(np.ravel(values), [*forth[name], *back[name]], rtol=1e-4)


def test_more_is_more_alike():
    for name in validity.NAMES:
        values = validity.similarity(name, validity.measured(REPRESENTATIONS, [(0, 0), (0, 1)], [name])[name])
        assert values[0] > values[1], name


def test_resemblance_of_the_same_and_of_what_never_varies():
    for name in set(validity.NAMES) - {"ridge"}:
        x = REPRESENTATIONS[0]
        constant = np.zeros_like(x)
        found = validity.resemblance(name, validity.measured([x, constant], [(0, 0), (0, 1)], [name])[name])
        np.testing.assert_allclose(found, [1, 0], atol=2e-2, err_msg=name)
