"""Every layer of one network against every layer of the other, where rows can be aligned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.pipeline.part import Inputs, Part, Switch, pairs
from jaxrepsim.pipeline.parts.over_training import similarity


@dataclass(frozen=True)
class AcrossLayers(Switch, Part):
    """Every layer of one network against every layer of the other."""

    needs = "sampled"
    by_layer = False
    reads = ("sampling",)

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        """The group.

        Layers with maps of one shape are compared position by position; others by the means of their maps, an image a
        row.

        Source: the similarity is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1, there of equal layers only.
        """
        networks, epsilons = list(inputs.run.compared.values()), inputs.epsilons
        layers, both = list(networks[0].positions), pairs(networks)
        found = np.full((len(both), len(layers), len(layers), len(epsilons)), np.nan)
        samples, pooled = np.zeros((len(layers), len(layers)), int), np.zeros((len(layers), len(layers)), np.int8)
        for done, (pair, i, j) in enumerate(np.ndindex(found.shape[:3]), start=1):
            alike = networks[0].maps[layers[i]] == networks[0].maps[layers[j]]
            first, second = (network.positions if alike else network.pooled for network in both[pair])
            x, y = first[layers[i]], second[layers[j]]
            found[pair, i, j] = similarity(x, y, epsilons)
            samples[i, j], pooled[i, j] = len(x), not alike
            inputs.progress("comparing across layers", done, found[..., 0].size, f"{layers[i]}, {layers[j]}")
        cells = ("layer", "other_layer")
        yield xr.Dataset(
            {
                "similarity": (("pair", *cells, "epsilon"), found),
                "samples": (cells, samples),
                "pooled": (cells, pooled),
            },
            coords={"layer": layers, "other_layer": layers},
        )
