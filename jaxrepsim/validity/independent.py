"""Networks that share nothing, of any width."""

import warnings

import jax
import numpy as np

from jaxrepsim.chance import Calibration, calibrate
from jaxrepsim.errors import FewSamplesWarning
from jaxrepsim.numerics.x64 import enable_x64


def of_independent(name: str, samples: int, units: int, draws: int, seed: int) -> Calibration:
    """What a measure gives for two networks of independent standard Gaussian activations, raw and calibrated.

    It is computed in float64, and nothing warns of few samples, as these are what is looked at.

    Args:
        name: The measure.
        samples: How many.
        units: Of each network.
        draws: Of the null; see `jaxrepsim.chance.calibrate`.
        seed: Of activations and draws: all measures see the same.

    >>> round(float(of_independent("linear_regression", 40, 20, 19, seed=0).observed), 1)
    0.5
    """
    x, y = np.random.default_rng([seed, units]).normal(size=(2, samples, units))
    with enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)
        return calibrate(name, x, y, jax.random.key(seed), draws)
