"""Reliability: what noise learns of a representation while a measure of the two is maximised."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from jaxrepsim import validity
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity.layers_across import SEED
from jaxrepsim.pipeline.validity.networks import Studied

STEPS = (0, 3, 10, 30, 60, 100, 150, 200, 300, 500, 1000)
"""After which it is looked at."""
COMPONENTS = 10
REACHED = (0.5, 0.8, 0.9, 0.95)
"""Values of a measure, as 1 for the same, at which what was learned of the classes is probed."""


def maximised(networks: Studied, names: Sequence[str], progress: Progress) -> xr.Dataset:
    """For each measure that has gradients: where each component is first learned, and what a probe finds.

    The target is the last layer of the first network. The probe is fitted on every second image, and tested on the
    others.

    Args:
        networks: The networks.
        names: Of the measures; those without gradients are NaN.
        progress: Told of each measure.
    """
    x, classes = networks.answers[0].last, networks.labels
    learned, probed = np.full((len(names), COMPONENTS), np.nan), np.full((len(names), len(REACHED)), np.nan)
    for at, name in enumerate(names):
        if name in validity.DIFFERENTIABLE:
            with enable_x64(True):
                course = validity.optimised(name, x, STEPS, COMPONENTS, SEED)
            found = course.learned_at()
            learned[at, : len(found)] = found
            for place, value in enumerate(REACHED):
                if (course.value >= value).any():
                    y = course.rows[(course.value >= value).argmax()]
                    halves = validity.Deletion(y[::2], y[1::2])
                    probed[at, place] = validity.probe_accuracy(halves, classes[::2], classes[1::2])
        progress("maximising measures", at + 1, len(names))
    return xr.Dataset(
        {"learned_at": (("measure", "component"), learned), "probe": (("measure", "reached"), probed)},
        {"measure": [*names], "component": np.arange(1, COMPONENTS + 1), "reached": [*REACHED]},
    )
