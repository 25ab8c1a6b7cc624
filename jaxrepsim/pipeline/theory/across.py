"""Every layer of one network against every layer of the other, where rows can be aligned."""

from collections.abc import Mapping

import jax
import numpy as np
import xarray as xr

from jaxrepsim.matching import match_profile
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.sampled import Sampled
from jaxrepsim.pipeline.theory.layers import pairs


def across_layers(networks: Mapping[str, Sampled], epsilons: np.ndarray, progress: Progress) -> xr.Dataset:
    """The variables of the group `across` of `jaxrepsim.report.schema`, with its coordinates but `pair` and `epsilon`.

    Layers with maps of one shape are compared position by position; others by the means of their maps, an image a row.

    Args:
        networks: Raw activations of each, on the same inputs.
        epsilons: (e,).
        progress: Told of every cell.

    Source: the similarity is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1, there of equal layers only.
    """
    sampled = list(networks.values())
    layers = list(sampled[0].positions)
    both = pairs(sampled)
    similarity = np.full((len(both), len(layers), len(layers), len(epsilons)), np.nan)
    samples, pooled = np.zeros((len(layers), len(layers)), int), np.zeros((len(layers), len(layers)), np.int8)
    total = similarity[..., 0].size
    with jax.enable_x64(True):
        for done, (pair, i, j) in enumerate(np.ndindex(similarity.shape[:3]), start=1):
            alike = sampled[0].maps[layers[i]] == sampled[0].maps[layers[j]]
            first, second = (network.positions if alike else network.pooled for network in both[pair])
            x, y = first[layers[i]], second[layers[j]]
            similarity[pair, i, j] = _similarity(x, y, epsilons)
            samples[i, j], pooled[i, j] = len(x), not alike
            progress("comparing across layers", done, total, f"{layers[i]}, {layers[j]}")
    cells = ("layer", "other_layer")
    return xr.Dataset(
        {
            "across": (("pair", *cells, "epsilon"), similarity),
            "across_samples": (cells, samples),
            "across_pooled": (cells, pooled),
        },
        coords={"layer": layers, "other_layer": layers},
    )


def _similarity(x: np.ndarray, y: np.ndarray, epsilons: np.ndarray) -> np.ndarray:
    """At each ε."""
    critical = np.concatenate(match_profile(np.asarray(x, np.float64), np.asarray(y, np.float64)))
    return np.array([reached(critical, epsilon).mean() for epsilon in epsilons])
