"""Partners of largest total similarity, against all permutations and SciPy; and each unit's best."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from jaxrepsim.convergent import bipartite_match, semi_match
from tests.matching.calls import LOGIC_DTYPES, over_seeds

compiled = jax.jit(bipartite_match)
batched = jax.jit(jax.vmap(bipartite_match))
compiled_semi = jax.jit(semi_match)
WAYS = {"plain": bipartite_match, "compiled": compiled}
SMALL = 6  # all permutations of so many are tried
SHAPES = [(SMALL, SMALL), (4, SMALL), (SMALL, 4)]


def total(similarity, partner):
    """Σ similarity of partners, after a check that they are one to one and as many as can be."""
    similarity, partner = np.asarray(similarity, np.float64), np.asarray(partner)
    have = partner >= 0
    assert partner.shape == similarity.shape[:1]
    assert have.sum() == min(similarity.shape) == np.unique(partner[have]).size
    assert (partner[~have] == -1).all()
    assert (partner < similarity.shape[1]).all()
    return similarity[np.flatnonzero(have), partner[have]].sum()


def largest_total(similarity):
    """By trying everything."""
    wide = np.asarray(similarity, np.float64)
    wide = wide if wide.shape[0] <= wide.shape[1] else wide.T
    rows = np.arange(len(wide))
    return max(wide[rows, list(choice)].sum() for choice in permutations(range(wide.shape[1]), len(wide)))


def small_cases(rng, shape):
    """Matrices with one best matching, with many, of either sign, with dead and with equal units."""
    continuous = rng.uniform(-1, 1, shape)
    ties = rng.integers(-2, 3, shape) / 2
    dead = continuous.copy()
    dead[rng.random(shape[0]) < 0.4] = 0
    dead[:, rng.random(shape[1]) < 0.4] = 0
    twins = continuous[rng.integers(0, shape[0], shape[0])]
    negative = -np.abs(continuous)
    return np.array([continuous, ties, dead, twins, negative, np.zeros(shape), np.full(shape, -0.5)])


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@over_seeds(6)
def test_no_permutation_has_a_larger_total(shape, dtype, seed):
    cases = small_cases(np.random.default_rng(seed), shape).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        together = np.asarray(batched(jnp.asarray(cases)))
        for case, partner in zip(cases, together, strict=True):
            best = largest_total(case)
            assert total(case, partner) == pytest.approx(best, abs=1e-6)
            assert total(case, bipartite_match(jnp.asarray(case))) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("shape", [(40, 40), (30, 50), (50, 30)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_totals_are_those_of_scipy(shape, dtype):
    rng = np.random.default_rng(4)
    continuous = rng.standard_normal(shape)
    dead = continuous.copy()
    dead[::3], dead[:, 1::4] = 0, 0
    with jax.enable_x64(dtype == np.float64):
        for case in (continuous, dead, np.round(continuous), np.outer(np.arange(shape[0]), np.arange(shape[1]))):
            case = case.astype(dtype)
            best = case.astype(np.float64)[linear_sum_assignment(case, maximize=True)].sum()
            tolerance = (1e-6 if dtype == np.float32 else 1e-13) * max(shape) * float(np.abs(case).max())
            for match in WAYS.values():
                found = match(jnp.asarray(case))
                assert total(case, found) == pytest.approx(best, abs=tolerance)
                assert jnp.issubdtype(found.dtype, jnp.integer)


@pytest.mark.parametrize("way", WAYS)
def test_permuted_copies_with_noise_are_found(way):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 40))
    order = rng.permutation(40)
    y = x[:, order] * rng.uniform(0.1, 9, 40) + 3
    y += 0.3 * y.std(axis=0) * rng.standard_normal(y.shape)
    correlation = np.corrcoef(x.T, y.T)[:40, 40:].astype(np.float32)
    # order[j] is the x unit that y unit j copies.
    np.testing.assert_array_equal(WAYS[way](correlation), np.argsort(order))
    np.testing.assert_array_equal(semi_match(correlation), np.argsort(order))


@pytest.mark.parametrize("way", WAYS)
@over_seeds(5)
def test_units_keep_their_partners_in_any_order_on_any_scale(way, seed):
    rng = np.random.default_rng(seed)
    similarity = rng.standard_normal((SMALL, SMALL)).astype(np.float32)
    partner = np.asarray(WAYS[way](similarity))
    rows, columns = rng.permutation(SMALL), rng.permutation(SMALL)
    moved = np.asarray(WAYS[way](similarity[rows][:, columns]))
    np.testing.assert_array_equal(columns[moved], partner[rows])
    inverse = np.asarray(WAYS[way](similarity.T))
    np.testing.assert_array_equal(inverse[partner], np.arange(SMALL))
    shifted = similarity + rng.uniform(-1, 1, (SMALL, 1)).astype(np.float32)
    for same in (similarity + 0.75, similarity * 37, similarity * 1e-20, similarity * 1e37, shifted):
        np.testing.assert_array_equal(WAYS[way](same), partner)


def test_more_units_than_partners_leave_out_those_that_gain_least():
    similarity = np.zeros((SMALL, 4), np.float32)
    similarity[[5, 1, 3, 2], [0, 1, 2, 3]] = [0.4, 0.5, 0.6, 0.7]
    for match in WAYS.values():
        np.testing.assert_array_equal(match(similarity), [-1, 1, 3, 2, -1, 0])


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (1, 3), (3, 1)])
@pytest.mark.parametrize("way", WAYS)
def test_degenerate_shapes(shape, way):
    similarity = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    found = WAYS[way](similarity)
    assert total(similarity, found) == pytest.approx(largest_total(similarity), abs=1e-6)
    best = semi_match(similarity)
    np.testing.assert_array_equal(best, similarity.argmax(axis=1) if shape[1] else np.full(shape[0], -1))
    np.testing.assert_array_equal(compiled_semi(similarity), best)


@over_seeds(5)
def test_semi_matching_has_no_smaller_total_and_its_first_best(seed):
    similarity = np.round(np.random.default_rng(seed).uniform(-1, 1, (4, SMALL)), 1).astype(np.float32)
    best = np.asarray(semi_match(similarity))
    np.testing.assert_array_equal(compiled_semi(similarity), best)
    for unit, partner in enumerate(best):
        assert (similarity[unit] <= similarity[unit, partner]).all()
        assert (similarity[unit, :partner] < similarity[unit, partner]).all()
    assert similarity[np.arange(4), best].sum() >= total(similarity, bipartite_match(similarity)) - 1e-6


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_narrow_floats(dtype):
    similarity = jnp.asarray(np.random.default_rng(2).permutation(SMALL**2).reshape(SMALL, SMALL), dtype)
    best = largest_total(similarity.astype(jnp.float32))
    for match in WAYS.values():
        assert total(similarity.astype(jnp.float32), match(similarity)) == pytest.approx(best)


@pytest.mark.parametrize("function", [bipartite_match, semi_match])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_named(function, value):
    similarity = np.zeros((SMALL, SMALL), np.float32)
    similarity[2, 3] = value
    with pytest.raises(ValueError, match=rf"unit 2 of x and unit 3 of y is {value}$"):
        function(jnp.asarray(similarity))
    similarity[4] = value
    with pytest.raises(ValueError, match="and 6 others"):
        function(similarity)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_traced_values_that_are_not_finite_end_and_give_nobody_a_partner(value):
    similarity = np.random.default_rng(0).standard_normal((SMALL, SMALL)).astype(np.float32)
    fine, similarity[2, 3] = similarity.copy(), value
    np.testing.assert_array_equal(compiled(similarity), np.full(SMALL, -1))
    np.testing.assert_array_equal(compiled(np.full_like(similarity, value)), np.full(SMALL, -1))
    expected = np.where(np.arange(SMALL) == 2, -1, fine.argmax(axis=1))
    np.testing.assert_array_equal(compiled_semi(similarity), expected)


@pytest.mark.parametrize("size", [1e-36, 1, 3e38])
def test_values_of_any_size(size):
    signs = np.random.default_rng(0).choice([-1, -0.5, 0.5, 1], (SMALL, SMALL))
    assert total(signs, compiled((signs * size).astype(np.float32))) == pytest.approx(largest_total(signs))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("function", [bipartite_match, semi_match])
def test_static_faults(function, jit):
    function = jax.jit(function) if jit else function
    for shape in ((), (3,), (2, 3, 3)):
        with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
            function(jnp.zeros(shape))
    for dtype in (jnp.int32, jnp.bool_, jnp.complex64):
        with pytest.raises(TypeError, match=jnp.dtype(dtype).name):
            function(jnp.zeros((2, 3), dtype))


def test_a_constant_under_jit_is_matched_on_the_host():
    similarity = np.array([[0.1, 0.9], [0.2, 0.3]], np.float32)
    np.testing.assert_array_equal(jax.jit(lambda: bipartite_match(similarity))(), [1, 0])
