"""What is called plainly: compiled once, also for other shapes of the same bucket, and the same as under jit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim import chance
from jaxrepsim.chance.groups import order_of_rows, permuted_rows
from jaxrepsim.numerics.permutations import rounds_of
from tests.compilations import traces
from tests.wrapped import under_checks, under_shard_map

KEY = jax.random.key(3)


def against(x, y):
    found = chance.similarity_against_chance(x, y, np.array([0.2, 0.6, 0.9]), KEY, 3, 2)
    return found, found.p_shuffled, found.p_random


FUNCTIONS = {
    "shuffled": lambda x, y: chance.shuffled_profiles(x, y, KEY, 3, 2),
    "random": lambda x, y: chance.random_profiles(x, y, KEY, 3),
    "validated": lambda x, y: chance.cross_validated_residuals(x, y, KEY, 2),
    "against": against,
}


def pair(samples, n_x, n_y, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, n_x)).astype(np.float32)
    return x, (x[:, :n_y] + rng.normal(size=(samples, n_y))).astype(np.float32)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_second_call_and_one_of_the_same_bucket_compile_nothing(name):
    call = FUNCTIONS[name]
    jax.block_until_ready(call(*pair(80, 7, 5)))
    with traces() as seen:
        jax.block_until_ready(call(*pair(80, 7, 5, 1)))
        jax.block_until_ready(call(*pair(74, 6, 4)))
    assert not seen


def each(names, *quick):
    """Some of them by default: each is a compilation of seconds."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("rows", ["few", pytest.param("many", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", each(FUNCTIONS, "shuffled", "validated"))
def test_is_what_it_is_under_jit(name, rows):
    """The padding changes nothing but the rounding of float32, random numbers by key included."""
    x, y = pair(74, 6, 4, 2)
    y = (
        np.concatenate([y, y[:, :1] + 1e-3 * x[:, :1]], axis=1) if rows == "few" else y
    )  # which it cannot be trusted with
    plain, jitted = FUNCTIONS[name](x, y), jax.jit(FUNCTIONS[name])(x, y)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-3), plain, jitted)
    assert jax.tree.map(lambda a: a.dtype, plain) == jax.tree.map(lambda a: a.dtype, jitted)


@pytest.mark.parametrize("x64", [False, True])
def test_orders_are_those_of_jax(x64):
    padded = jax.jit(order_of_rows, static_argnums=1)
    with jax.enable_x64(x64):
        for groups in (1, 2, 100, 1625, 1626):
            wanted = np.asarray(jax.random.permutation(KEY, groups))
            np.testing.assert_array_equal(padded(KEY, 2000, groups, 1, rounds_of(groups))[:groups], wanted)
        wanted = np.asarray(jax.random.permutation(KEY, 100))
        np.testing.assert_array_equal(permuted_rows(KEY, 200, 2)[::2], 2 * wanted)


@pytest.mark.parametrize("name", each(FUNCTIONS, "shuffled", "validated"))
def test_numbers_that_are_not_finite(name):
    """Refused where they are seen, else NaN."""
    x, y = pair(80, 7, 5)
    x[3, 2] = np.nan
    with pytest.raises(ValueError, match="unit 2 of the first network is nan at sample 3"):
        FUNCTIONS[name](x, y)
    found = jax.jit(FUNCTIONS[name])(x, y)
    if name == "validated":
        assert np.isnan(found).tolist() == [False, False, True, False, False, False, False]
        assert np.isnan(jax.jit(FUNCTIONS[name])(y, x)).all()
    else:
        assert all(np.isnan(part).all() for part in jax.tree.leaves(found))


def test_integers_half_precision_and_lists_are_taken():
    x, y = (np.round(4 * part) for part in pair(80, 7, 5))
    wanted = chance.cross_validated_residuals(x, y, KEY)
    for given in (x.astype(int), x.tolist(), jnp.asarray(x, jnp.bfloat16)):
        np.testing.assert_allclose(chance.cross_validated_residuals(given, y, KEY), wanted, rtol=1e-6)


@pytest.mark.parametrize("name", each(FUNCTIONS, "validated"))
def test_under_shard_map_with_its_default_checks(name):
    x, y = pair(80, 7, 5)
    found = under_shard_map(FUNCTIONS[name], x, y)
    for a, b in zip(found, jax.tree.leaves(FUNCTIONS[name](x, y)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("name", each(FUNCTIONS, "validated"))
def test_under_checkify_and_debug_nans(name):
    x, y = pair(80, 7, 5)
    x[:, 1] = x[:, 0]  # dependent units, and a dead one
    y[:, 2] = 0
    under_checks(FUNCTIONS[name], x, y)
