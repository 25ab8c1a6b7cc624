"""Similarity at chosen moments of training."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np

from jaxrepsim.matching import match_profile
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.sampled import Sampled
from jaxrepsim.pipeline.theory.layers import pairs


def similarities(networks: Sequence[Sampled], epsilons: np.ndarray) -> Mapping[str, np.ndarray]:
    """The similarity of every pair in every layer at one moment, from the sampled positions.

    Args:
        networks: Raw activations of each, on the same inputs.
        epsilons: (e,).

    Returns:
        For each layer (pairs, e).

    Source: the similarity is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1, there of trained networks only.
    """
    found: dict[str, np.ndarray] = {}
    with jax.enable_x64(True):
        for layer in networks[0].positions:
            rows = [np.asarray(network.positions[layer], np.float64) for network in networks]
            critical = [np.concatenate(match_profile(x, y)) for x, y in pairs(rows)]
            found[layer] = np.array([[reached(values, epsilon).mean() for epsilon in epsilons] for values in critical])
    return found
