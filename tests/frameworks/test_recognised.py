import subprocess
import sys

import equinox as eqx
import jax
from flax import linen, nnx

from jaxrepsim.frameworks.recognised import framework_of


def test_frameworks():
    class Own(linen.Module):
        pass

    assert framework_of(Own()) == "linen"
    assert framework_of(nnx.Linear(1, 1, rngs=nnx.Rngs(0))) == "nnx"
    assert framework_of(eqx.nn.Linear(1, 1, key=jax.random.key(0))) == "equinox"
    assert framework_of(eqx.filter_jit(len)) == framework_of(len) == "callables"
    assert framework_of(Own) is framework_of("text") is None


def test_no_framework_is_imported_for_a_callable():
    code = """
import sys
import jaxrepsim, numpy
jaxrepsim.capture(lambda images: {"all": images}, numpy.ones((3, 2)))
assert not {"flax", "equinox", "torch"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
