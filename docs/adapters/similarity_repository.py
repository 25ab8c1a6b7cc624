"""Every measure of jaxrepsim in the similarity repository (github.com/nacloos/similarity-repository).

Import it once; then `similarity.make("measure/jaxrepsim/match_auc")(X, Y)` is a number, and
`similarity.make("measure/jaxrepsim/*")` is all of them. Distances stay distances.
"""

from functools import partial

import jax
import numpy as np
import similarity

from jaxrepsim.measures import MEASURES


def score(X, Y, function):  # the names by which the repository calls it
    with jax.enable_x64(True):
        return float(function(np.asarray(X, np.float64), np.asarray(Y, np.float64)))


for name, row in MEASURES.items():
    similarity.register(f"measure/jaxrepsim/{name}", partial(score, function=row.function), preprocessing=["reshape2d"])

if __name__ == "__main__":
    X, Y = np.random.default_rng(0).normal(size=(2, 400, 30))
    for name in ("match_auc", "debiased_cka", "procrustes"):
        print(f"{name}: {similarity.make(f'measure/jaxrepsim/{name}')(X, Y):.3f}")
