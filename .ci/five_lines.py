"""The five lines of the README, on two networks that are functions: all that `compare` needs is the extra `plots`."""

import sys
from pathlib import Path

import numpy as np

import jaxrepsim

rng = np.random.default_rng(0)
first_weights, second_weights = rng.normal(size=(2, 8, 6))
images = rng.normal(size=(300, 8)).astype(np.float32)


def first(batch):
    return {"hidden": np.maximum(batch @ first_weights, 0)}


def second(batch):
    return {"hidden": np.maximum(batch @ second_weights, 0)}


activations = {"first": jaxrepsim.capture(first, images), "second": jaxrepsim.capture(second, images)}
comparison = jaxrepsim.compare(activations)
comparison.report("report.html")

assert "<svg" in Path("report.html").read_text(encoding="utf-8")
assert comparison.similarity.notnull().all()
comparison.save("comparison.nc")
assert jaxrepsim.Comparison.load("comparison.nc").similarity.equals(comparison.similarity)
assert not {"flax", "optax", "tensorflow_datasets"} & {*sys.modules}
