"""Every match is a union of simple matches: the decomposition, compiled and over whole batches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import Match
from tests import reference as ref
from tests.decomposition import cases
from tests.matching import calls

over_cases = jax.jit(jax.vmap(jax.vmap(jaxrepsim.decompose, (None, None, 0))))


def of_match(x, y, epsilon, a, b):
    return jaxrepsim.decompose(x, y, epsilon, Match(a, b))


def check(found, simple, matched):
    """Parts are simple matches, their union is the match, and none can be spared."""
    parts = calls.joint(found.parts)[found.chosen]
    assert found.whole
    np.testing.assert_array_equal(calls.joint(found.union), matched)
    for part in parts:
        assert (simple == part).all(axis=1).any()
    for i in range(len(parts)):
        assert (np.delete(parts, i, axis=0).any(axis=0) != matched).any()


def at(found, *index):
    return jax.tree.map(lambda a: a[index], found)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(1)
def test_the_maximum_match_is_a_union_of_simple_matches(dtype, seed):
    batch = calls.small_batch(seed, dtype)
    found = calls.call(over_cases, batch.x, batch.y, batch.epsilon, dtype=dtype)
    for c, table in enumerate(batch.table):
        for e, epsilon in enumerate(batch.epsilon[c]):
            brute = ref.simple_matches_brute(table, epsilon)
            simple, maximum = (np.zeros((k, 10), bool) for k in (len(brute), 1))
            simple[:, batch.real[c]] = brute
            maximum[:, batch.real[c]] = ref.maximum_match_brute(table, epsilon)
            check(at(found, c, e), simple, maximum[0])


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(2)
def test_any_match_is_and_what_is_no_match_is_not(dtype, seed):
    batch, rng = calls.small_batch(seed, dtype), np.random.default_rng(seed)
    epsilon = batch.epsilon[:, 2]
    given = np.zeros((calls.CASES, 10), bool)
    for c, table in enumerate(batch.table):
        matches = ref.all_matches(table, epsilon[c])
        given[c, batch.real[c]] = matches[rng.integers(len(matches))]
        if c % 4 == 0:  # one unit more or less, mostly no match
            given[c, rng.choice(np.flatnonzero(batch.real[c]))] ^= True
    found = calls.one_by_one(of_match, batch.x, batch.y, epsilon, given[:, :5], given[:, 5:], dtype=dtype)
    whole = 0
    for c, table in enumerate(batch.table):
        matches = ref.all_matches(table, epsilon[c])
        is_match = (matches == given[c, batch.real[c]]).all(axis=1).any()
        assert found.whole[c] == is_match
        if is_match:
            brute = ref.simple_matches_brute(table, epsilon[c])
            simple = np.zeros((len(brute), 10), bool)
            simple[:, batch.real[c]] = brute
            check(at(found, c), simple, given[c])
            whole += given[c].any()
    assert whole


@pytest.mark.parametrize("name", cases.degenerate())
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_degenerate(dtype, name):
    x, y, expected = cases.degenerate()[name]
    found = calls.call(jaxrepsim.decompose, x, y, 0.2, dtype=dtype)
    simple = np.array([[unit in match for unit in range(10)] for match in expected], bool).reshape(-1, 10)
    check(found, simple, simple.any(axis=0))


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_planted_groups_are_the_parts(dtype):
    """Theorem: exact matches of linearly independent units decompose in one way."""
    x, y, label = ref.planted_pair(np.random.default_rng(1), 40, [(1, 0.0), (2, 0.0), (3, 0.0)], (3, 2))
    n_x = x.shape[1]
    found = calls.call(jaxrepsim.decompose, calls.pad(x, 40, 12), calls.pad(y, 40, 12), 0.0, dtype=dtype)
    parts = calls.joint(found.parts)[found.chosen][:, np.r_[0:n_x, 12 : 12 + y.shape[1]]]
    assert sorted(map(tuple, parts)) == sorted(tuple(label == group) for group in (0, 1, 2))


def test_a_match_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="a match of 3 and 2 units is needed, received masks of the shapes"):
        jaxrepsim.decompose(jnp.ones((5, 3)), jnp.ones((5, 2)), 0.1, Match(jnp.ones(2, bool), jnp.ones(3, bool)))
