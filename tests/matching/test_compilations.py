"""What is compiled once is not compiled again."""

import jax
import numpy as np
import pytest

import jaxrepsim
from tests.compilations import compilations
from tests.matching import calls

FUNCTIONS = {
    "residuals": lambda x, y, epsilon: jaxrepsim.residuals(x, y),
    "maximum_match": jaxrepsim.maximum_match,
    "match_profile": lambda x, y, epsilon: jaxrepsim.match_profile(x, y),
    "minimal_match": lambda x, y, epsilon: jaxrepsim.minimal_match(x, y, epsilon, 0),
    "minimal_matches": jaxrepsim.minimal_matches,
    "joint_match": lambda x, y, epsilon: jaxrepsim.joint_match((x, y, x), epsilon),
    "joint_profile": lambda x, y, epsilon: jaxrepsim.joint_profile((x, y, x)),
    "compress": lambda x, y, epsilon: jaxrepsim.compress(x, y),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_other_values_of_the_same_shape_compile_nothing(name):
    function = jax.jit(FUNCTIONS[name])
    rng = np.random.default_rng(0)
    pairs = [[rng.normal(size=(calls.SAMPLES, calls.UNITS)).astype(np.float32) for _ in "xy"] for _ in range(2)]
    with compilations() as first:
        jax.block_until_ready(function(*pairs[0], 0.3))
    assert len(first) == 1
    with compilations() as second:
        jax.block_until_ready(function(*pairs[1], 0.6))
    assert not second
