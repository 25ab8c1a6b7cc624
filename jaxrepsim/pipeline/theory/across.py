"""Every layer of one network against every layer of the other, where rows can be aligned."""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.compression import compress
from jaxrepsim.matching import match_profile
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.sampled import Sampled
from jaxrepsim.pipeline.theory.layers import pairs

_compress = jax.jit(compress)
_profile = jax.jit(match_profile)


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
    units = max(rows.shape[1] for network in sampled for rows in network.positions.values())
    similarity = np.full((len(both), len(layers), len(layers), len(epsilons)), np.nan)
    samples, pooled = np.zeros((len(layers), len(layers)), int), np.zeros((len(layers), len(layers)), np.int8)
    total = similarity[..., 0].size
    with jax.enable_x64(True):
        for done, (pair, i, j) in enumerate(np.ndindex(similarity.shape[:3]), start=1):
            alike = sampled[0].maps[layers[i]] == sampled[0].maps[layers[j]]
            first, second = (network.positions if alike else network.pooled for network in both[pair])
            x, y = first[layers[i]], second[layers[j]]
            similarity[pair, i, j] = _similarity(x, y, units, epsilons)
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


def _similarity(x: np.ndarray, y: np.ndarray, units: int, epsilons: Sequence[float] | np.ndarray) -> np.ndarray:
    """At each ε. All pairs go through one compiled profile: padded to one width, and compressed."""
    n_x, n_y = x.shape[1], y.shape[1]
    sides = [jnp.asarray(np.pad(side, ((0, 0), (0, units - side.shape[1]))), jnp.float64) for side in (x, y)]
    profile = _profile(*(jnp.pad(side, ((0, 2 * units - len(side)), (0, 0))) for side in _compress(*sides)))
    critical = np.concatenate([profile.x[:n_x], profile.y[:n_y]])
    return (critical[None] <= np.asarray(epsilons)[:, None]).mean(axis=1)
