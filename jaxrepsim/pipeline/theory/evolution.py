"""Similarity at chosen moments of training."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np

from jaxrepsim.pipeline.sampled import Sampled
from jaxrepsim.pipeline.stacking import profiles, stacked
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
    layers = {layer: [network.positions[layer] for network in networks] for layer in networks[0].positions}
    found: dict[str, np.ndarray] = {}
    with jax.enable_x64(True):
        for group in stacked(layers):
            for layer, (x, y) in profiles(group).items():
                # Padding is dead: nothing of it is matched, and it is no unit of the layer either.
                critical = np.concatenate([x[:, 0], y[:, 0]], axis=1)
                widths = [array.shape[1] for array in layers[layer]]
                count = np.array([a + b for a, b in pairs(widths)])
                matched = (critical[:, None] <= epsilons[None, :, None]).sum(axis=2)
                found[layer] = matched / count[:, None]
    return {layer: found[layer] for layer in layers}
