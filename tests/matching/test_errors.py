"""Static faults are found at trace time, and the message names what was received."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from tests.matching import calls

WITH_EPSILON = {
    "maximum_match": jaxrepsim.maximum_match,
    "minimal_match": lambda x, y, epsilon: jaxrepsim.minimal_match(x, y, epsilon, 0),
    "minimal_matches": jaxrepsim.minimal_matches,
    "joint_match": lambda x, y, epsilon: jaxrepsim.joint_match([x, y], epsilon),
}
GOOD = jnp.ones((7, 3))


@pytest.fixture(params=calls.FUNCTIONS)
def function(request):
    return calls.FUNCTIONS[request.param]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("shape", [(7,), (), (2, 7, 3)])
def test_only_two_dimensions(function, shape, jit):
    function = jax.jit(function) if jit else function
    for x, y in ((jnp.ones(shape), GOOD), (GOOD, jnp.ones(shape))):
        with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
            function(x, y)


@pytest.mark.parametrize("jit", [False, True])
def test_the_same_samples(function, jit):
    function = jax.jit(function) if jit else function
    with pytest.raises(ValueError, match=r"(?s)\b7\b.*\b11\b|\b11\b.*\b7\b"):
        function(GOOD, jnp.ones((11, 3)))


def test_only_real_numbers(function):
    for bad in (GOOD.astype(jnp.complex64), np.full(GOOD.shape, "a"), np.full(GOOD.shape, None)):
        for x, y in ((bad, GOOD), (GOOD, bad)):
            with pytest.raises(TypeError, match=str(bad.dtype)):
                function(x, y)


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.uint8, jnp.bool_, jnp.bfloat16, jnp.float16, list])
def test_integers_booleans_half_precision_and_lists_are_taken(function, dtype):
    values = np.random.default_rng(0).integers(0, 2, size=GOOD.shape)
    given = values.tolist() if dtype is list else jnp.asarray(values, dtype)
    found, expected = function(given, GOOD), function(jnp.asarray(values, jnp.float32), GOOD)
    jax.tree.map(np.testing.assert_array_equal, found, expected)


@pytest.mark.parametrize("epsilon", [-0.1, 1.0, 1.5, float("nan"), np.float32(1.0), jnp.float32(-1.0)])
@pytest.mark.parametrize("name", WITH_EPSILON)
def test_epsilon_in_its_range(name, epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        WITH_EPSILON[name](GOOD, GOOD, epsilon)


@pytest.mark.parametrize(
    "name", ["maximum_match", *(pytest.param(name, marks=pytest.mark.long) for name in [*WITH_EPSILON][1:])]
)
def test_epsilon_may_be_traced(name):
    found = jax.jit(WITH_EPSILON[name])(GOOD, GOOD, 0.0)
    assert found.size.sum() > 0


def test_compress_names_all_the_sample_counts_that_differ():
    with pytest.raises(ValueError, match=r"7.*11"):
        jaxrepsim.compress(GOOD, GOOD, jnp.ones((11, 2)))


@pytest.mark.parametrize("function", [jaxrepsim.joint_profile, lambda networks: jaxrepsim.joint_match(networks, 0.3)])
@pytest.mark.parametrize("received", [0, 1])
def test_two_networks_at_least(function, received):
    with pytest.raises(ValueError, match=f"two networks or more, received {received}"):
        function([GOOD] * received)


def test_joint_functions_name_all_the_sample_counts_that_differ():
    with pytest.raises(ValueError, match=r"7.*7.*11"):
        jaxrepsim.joint_profile([GOOD, GOOD, jnp.ones((11, 2))])
