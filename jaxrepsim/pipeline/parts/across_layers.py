"""Every layer of one network against every layer of the other, where rows can be aligned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from jaxrepsim.matching import match_profiles
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
        networks = list(inputs.run.compared.values())
        layers, both = list(networks[0].positions), pairs(networks)
        maps = [networks[0].maps[layer] for layer in layers]
        found = np.full((len(both), len(layers), len(layers), len(inputs.epsilons)), np.nan)
        samples, pooled = np.zeros(found.shape[1:3], int), np.zeros(found.shape[1:3], np.int8)
        done = 0
        for pair, two in enumerate(both):
            for cells in _on_the_same_rows(maps):
                by_means = maps[cells[0][0]] != maps[cells[0][1]]
                used = sorted({i for i, _ in cells})
                sides = [one.pooled if by_means else one.positions for one in two]
                rows = [np.asarray(side[layers[i]], np.float64) for side in sides for i in used]
                profiles = match_profiles(rows, [(used.index(i), len(used) + used.index(j)) for i, j in cells])
                at = tuple(np.transpose(cells))
                found[pair][at] = similarity(profiles, inputs.epsilons)
                samples[at], pooled[at] = len(rows[0]), by_means
                done += len(cells)
                inputs.progress("comparing across layers", done, found[..., 0].size, inputs.pair_names[pair])
        cells = ("layer", "other_layer")
        yield xr.Dataset(
            {
                "similarity": (("pair", *cells, "epsilon"), found),
                "samples": (cells, samples),
                "pooled": (cells, pooled),
            },
            coords={"layer": layers, "other_layer": layers},
        )


def _on_the_same_rows(maps: Sequence[tuple[int, ...]]) -> list[list[tuple[int, int]]]:
    """Pairs of layers in groups with the same rows: for each shape of map, and those of two shapes."""
    every = list(product(range(len(maps)), repeat=2))
    groups = [[(i, j) for i, j in every if maps[i] == maps[j] == shape] for shape in dict.fromkeys(maps)]
    return [*groups, *filter(None, [[(i, j) for i, j in every if maps[i] != maps[j]]])]
