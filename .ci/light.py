"""What works where `pip install jaxrepsim` alone was done: the core; and what is said of everything else."""

from importlib import import_module
from importlib.util import find_spec

import jax
import numpy as np

import jaxrepsim
import jaxrepsim.models
import jaxrepsim.training
from jaxrepsim import compression, decomposition, measures

for package in ("flax", "optax", "xarray", "pandas", "matplotlib", "networkx", "pysat", "msgspec", "rich", "sklearn"):
    assert find_spec(package) is None, package
for folder in ("chance", "convergent", "frameworks", "validity"):
    import_module(f"jaxrepsim.{folder}")


def network(seed):
    weights = jax.random.normal(jax.random.key(seed), (8, 6))
    return lambda batch: {"hidden": np.maximum(batch @ np.asarray(weights), 0)}


def said_by(call):
    try:
        call()
    except jaxrepsim.MissingPackageError as error:
        return str(error)
    raise AssertionError("nothing was said")


inputs = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
x, y = (jaxrepsim.capture(network(seed), inputs)["hidden"] for seed in (0, 1))
assert jaxrepsim.match_profile(x, x).similarity(0.1) == 1
assert 0 <= jaxrepsim.maximum_match(x, y, 0.5).similarity <= 1
assert jaxrepsim.minimal_match(x, x, 0.1, unit=0).x.sum() == 1
assert 0 < measures.linear_cka(x, y) < measures.linear_cka(x, x) <= 1.001
assert measures.soft_matching(x, y[:, :5]) > 0
streamed = compression.update(compression.init([6, 6]), x, y)
assert len(compression.finalize(streamed)) == 2
assert 'pip install "jaxrepsim[plots]"' in said_by(lambda: jaxrepsim.compare)
assert 'pip install "jaxrepsim[plots]"' in said_by(jaxrepsim.match_profile(x, y).plot)
assert 'pip install "jaxrepsim[decomposition]"' in said_by(lambda: decomposition.containment([]))
assert 'pip install "jaxrepsim[decomposition]"' in said_by(lambda: list(jaxrepsim.simple_matches(x, x, 0.1)))
assert 'pip install "jaxrepsim[models]"' in said_by(lambda: jaxrepsim.models.build)
assert 'pip install "jaxrepsim[models]"' in said_by(lambda: jaxrepsim.training.train_network)
