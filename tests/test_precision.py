"""Products of float32 numbers keep all their digits on every device: what the compiled programs ask for."""

import re

import jax
import jax.numpy as jnp
import pytest

import jaxrepsim
from jaxrepsim import chance, compression, decomposition

X = jnp.ones((6, 3))
KEY = jax.random.key(0)
FUNCTIONS = {
    "residuals": lambda x: jaxrepsim.residuals(x, x),
    "maximum_match": lambda x: jaxrepsim.maximum_match(x, x, 0.1),
    "match_profile": lambda x: jaxrepsim.match_profile(x, x),
    "match_profiles": lambda x: jaxrepsim.match_profiles([x, x, x]),
    "minimal_match": lambda x: jaxrepsim.minimal_match(x, x, 0.1, 0),
    "minimal_matches": lambda x: jaxrepsim.minimal_matches(x, x, 0.1),
    "joint_match": lambda x: jaxrepsim.joint_match([x, x, x], 0.1),
    "joint_profile": lambda x: jaxrepsim.joint_profile([x, x, x]),
    "necessary_units": lambda x: jaxrepsim.necessary_units(x, x, 0.1),
    "certificates": lambda x: jaxrepsim.certificates(x, x, 0.1),
    "decompose": lambda x: jaxrepsim.decompose(x, x, 0.1),
    "independence": lambda x: decomposition.independence(x, KEY),
    "shuffled_profiles": lambda x: chance.shuffled_profiles(x, x, KEY, 2),
    "random_profiles": lambda x: chance.random_profiles(x, x, KEY, 2),
    "cross_validated_residuals": lambda x: chance.cross_validated_residuals(x, x, KEY),
    "streaming": lambda x: compression.finalize(compression.update(compression.init((3, 3)), x, x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_product_asks_for_all_digits(name):
    program = str(jax.make_jaxpr(FUNCTIONS[name])(X))
    # The elements of integer and boolean products are exact in any case; there are none of them.
    precisions = re.findall(r"dot_general\[.*?precision=(.*?)\n", program, flags=re.DOTALL)
    assert all("HIGHEST" in precision for precision in precisions)
    assert precisions
