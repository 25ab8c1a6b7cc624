"""Every layer of one network against every layer of the other, where rows can be aligned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import xarray as xr

from jaxrepsim.compression import Compressed
from jaxrepsim.errors import InputError
from jaxrepsim.matching import match_profiles
from jaxrepsim.pipeline.part import Inputs, Part, Switch, pairs
from jaxrepsim.pipeline.parts.measures import of_pairs, padded_width, together
from jaxrepsim.pipeline.parts.over_training import similarity
from jaxrepsim.pipeline.passes.sampled import Sampled

Shape = tuple[int, ...]


@dataclass(frozen=True)
class AcrossLayers(Switch, Part):
    """Every layer of one network against every layer of the other."""

    needs = "rows"
    by_layer = False
    reads = ("sampling", "measures")

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        """The group; the networks may have other layers, and other numbers of them.

        Layers with maps of one shape are compared position by position; others by the means of their maps, an image a
        row; of compressed activations, which have no means, they are left out.

        Source: the similarity is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1, there of equal layers only.
        """
        networks = {name: one.renamed(inputs.own_names.get(name, {})) for name, one in inputs.sampled.items()}
        _check_images(networks)
        both = pairs(list(networks.values()))
        # Layers of one name are one row and one column.
        names = list(dict.fromkeys(layer for network in networks.values() for layer in network.positions))
        found = np.full((len(both), len(names), len(names), len(inputs.epsilons)), np.nan)
        samples, pooled = np.full(found.shape[:3], -1), np.full(found.shape[:3], -1, np.int8)
        others = np.full((*found.shape[:3], len(inputs.measures)), np.nan)
        width = padded_width(inputs)
        done, total = 0, sum(len(x.positions) * len(y.positions) for x, y in both)
        for pair, (x, y) in enumerate(both):
            for cells in _on_the_same_rows(x.maps, y.maps):
                by_means = x.maps[cells[0][0]] != y.maps[cells[0][1]]
                done += len(cells)
                if by_means and not x.pooled:
                    continue
                rows = [one.pooled if by_means else one.positions for one in (x, y)]
                used = [list(dict.fromkeys(layers)) for layers in zip(*cells, strict=True)]
                arrays = [
                    np.asarray(side[layer], np.float64) for side, own in zip(rows, used, strict=True) for layer in own
                ]
                places = [(used[0].index(i), len(used[0]) + used[1].index(j)) for i, j in cells]
                at = tuple(np.transpose([(names.index(i), names.index(j)) for i, j in cells]))
                found[pair][at] = similarity(match_profiles(arrays, places), inputs.epsilons)
                if inputs.measures:
                    small = [
                        Compressed(side.positions[layer], side.stands_for[layer], side.squares[layer])
                        for side, own in zip((x, y), used, strict=True)
                        for layer in own
                        if layer in side.squares
                    ] or together(arrays, width)
                    others[pair][at] = of_pairs(small, places, inputs.measures, width)
                samples[pair][at] = x.stands_for.get(cells[0][0], len(arrays[0]))
                pooled[pair][at] = by_means
                inputs.progress("comparing across layers", done, total, inputs.pair_names[pair])
        cells = ("pair", "layer_x", "layer_y")
        units = [
            max(network.positions[name].shape[-1] for network in networks.values() if name in network.positions)
            for name in names
        ]
        yield xr.Dataset(
            {
                "similarity": ((*cells, "epsilon"), found),
                "value": ((*cells, "measure"), others),
                "samples": (cells, samples),
                "pooled": (cells, pooled),
                "units_x": (("layer_x",), units),
                "units_y": (("layer_y",), units),
            },
            coords={"layer": list(layers), "layer_x": names, "layer_y": names, "measure": list(inputs.measures)},
        )


def _on_the_same_rows(x: Mapping[str, Shape], y: Mapping[str, Shape]) -> list[list[tuple[str, str]]]:
    """Pairs of layers in groups with the same rows: for each shape of map, and those of two shapes."""
    every = list(product(x, y))
    groups = [[(i, j) for i, j in every if x[i] == y[j] == shape] for shape in dict.fromkeys(x.values())]
    return [*filter(None, [*groups, [(i, j) for i, j in every if x[i] != y[j]]])]


def _check_images(networks: Mapping[str, Sampled]) -> None:
    counts = {f"{layer!r} of {name}": len(rows) for name, one in networks.items() for layer, rows in one.pooled.items()}
    for (first, count), (layer, other) in pairwise(counts.items()):
        if other != count:
            raise InputError(
                f"layers cannot be compared across: {first} has rows of {count} inputs, and {layer} of {other}. Give "
                "each layer as many rows as there are inputs, the mean over the positions of its map, say"
            )
