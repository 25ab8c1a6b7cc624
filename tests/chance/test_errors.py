"""Static faults are found at trace time, and the message names what was received."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from jaxrepsim import chance

KEY = jax.random.key(0)
FUNCTIONS = {
    "shuffled": lambda x, y: chance.shuffled_profiles(x, y, KEY, 2),
    "random": lambda x, y: chance.random_profiles(x, y, KEY, 2),
    "against": lambda x, y: chance.similarity_against_chance(x, y, jnp.array([0.3]), KEY, 2),
    "validated": lambda x, y: chance.cross_validated_residuals(x, y, KEY),
}
GOOD = jnp.ones((6, 3))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_are_checked(name, jit):
    function = jax.jit(FUNCTIONS[name]) if jit else FUNCTIONS[name]
    with pytest.raises(ValueError, match=r"\(2, 6, 3\)"):
        function(GOOD, jnp.ones((2, 6, 3)))
    with pytest.raises(ValueError, match=r"6 and 11"):
        function(GOOD, jnp.ones((11, 3)))
    with pytest.raises(TypeError, match="complex64"):
        function(GOOD, jnp.ones((6, 3), jnp.complex64))


@pytest.mark.parametrize("size", [4, 0])
@pytest.mark.parametrize(
    "function",
    [
        partial(chance.shuffled_profiles, draws=2),
        partial(chance.similarity_against_chance, epsilons=jnp.array([0.3]), draws=2),
        chance.cross_validated_residuals,
    ],
)
def test_groups_divide_the_samples(function, size):
    with pytest.raises(ValueError, match=rf"6 samples do not come in groups of {size}"):
        function(GOOD, GOOD, key=KEY, group_size=size)


@pytest.mark.parametrize("function", [chance.shuffled_profiles, chance.random_profiles])
def test_at_least_one_draw(function):
    with pytest.raises(ValueError, match="draws must be at least 1, received 0"):
        function(GOOD, GOOD, KEY, 0)


@pytest.mark.parametrize("epsilons", [jnp.array(0.3), jnp.array([[0.3]]), jnp.array([0.3, 1.0])])
def test_epsilons(epsilons):
    with pytest.raises(ValueError, match="epsilon"):
        chance.similarity_against_chance(GOOD, GOOD, epsilons, KEY, 2)
