"""Every measure of jaxrepsim in the ReSi benchmark (github.com/mklabunde/resi), beside its own.

python resi.py -c CONFIG.yaml

does what `python -m repsim.run -c CONFIG.yaml` does, and the config may name `jaxrepsim_match_auc` and the others among
its `included_measures`. Maps are laid out as ReSi's own measures lay them out: positions become samples.
"""

import runpy

import jax
import numpy as np
from repsim.measures import ALL_MEASURES
from repsim.measures.utils import RepresentationalSimilarityMeasure, align_spatial_dimensions, flatten

from jaxrepsim.measures import MEASURES, Measure


class FromTable(RepresentationalSimilarityMeasure):
    """A row of the table, with what ReSi wants to know of a measure."""

    def __init__(self, name: str, row: Measure) -> None:
        super().__init__(
            sim_func=row.function,
            larger_is_more_similar=row.kind == "similarity",
            is_metric=row.metric,
            is_symmetric=row.symmetric,
            invariant_to_affine={"invertible", "translation"} <= row.invariances,
            invariant_to_invertible_linear="invertible" in row.invariances,
            invariant_to_ortho="orthogonal" in row.invariances,
            invariant_to_permutation="permutation" in row.invariances,
            invariant_to_isotropic_scaling="isotropic_scaling" in row.invariances,
            invariant_to_translation="translation" in row.invariances,
        )
        self.name = f"jaxrepsim_{name}"

    def __call__(self, R, Rp, shape):  # the names by which ReSi calls it
        if shape == "nchw":
            R, Rp, shape = *align_spatial_dimensions(R, Rp), "nd"
        with jax.enable_x64(True):
            return float(self.sim_func(*(np.asarray(each, np.float64) for each in flatten(R, Rp, shape=shape))))


for measure in (FromTable(name, row) for name, row in MEASURES.items()):
    ALL_MEASURES[measure.name] = measure

if __name__ == "__main__":
    runpy.run_module("repsim.run", run_name="__main__")
