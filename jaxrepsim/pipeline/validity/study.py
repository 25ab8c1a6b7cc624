"""The tests of docs/validity.md on trained networks: for each a labelled group of numbers, one a measure."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from jaxrepsim import validity
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity.layers_across import Rows, across, both_ways, kept
from jaxrepsim.pipeline.validity.networks import Answers, Studied

DRAWS = 2000
"""Of each bootstrap."""
ORDERS = 9999
"""Of networks, for a p-value."""
SEED = 0
APART = 4
"""Layers that are far from one another."""
Between = dict[str, NDArray[np.float64]]
"""For each measure (networks, networks, layers, layers): how similar; the first index is the first argument."""


def between(networks: Sequence[Answers], rows: Rows, names: Sequence[str], folder: Path, progress: Progress) -> Between:
    """Every layer of every network against every layer of every other, and of itself.

    Args:
        networks: Of one architecture.
        rows: See `layers_across`.
        names: Of the measures.
        folder: Where values are kept.
        progress: Told of each pair.
    """
    layers = len(networks[0].maps)
    found = {name: np.full((len(networks), len(networks), layers, layers), np.nan) for name in names}
    pairs = [*combinations_with_replacement(range(len(networks)), 2)]
    for done, (a, b) in enumerate(pairs, start=1):
        for name, (forth, back) in across(networks[a].maps, networks[b].maps, rows, names, folder).items():
            found[name][a, b] = validity.similarity(name, forth)
            found[name][b, a] = validity.similarity(name, back).T
        progress(f"comparing layers, {rows}", done, len(pairs))
    return found


def identification(found: Between) -> xr.Dataset:
    """Layer identification: the share by layer, and of all layers with its interval.

    `symmetrised` is the share by the sum of both directions, which Kornblith et al. 2019 take of asymmetric measures;
    `apart` that among `APART` layers, spaced evenly from the first to the last.
    """
    layers = next(iter(found.values())).shape[-1]
    spaced = np.round(np.linspace(0, layers - 1, min(APART, layers))).astype(int)
    apart = {name: validity.identified(values[..., spaced[:, None], spaced]) for name, values in found.items()}
    shares = {name: validity.identified(values) for name, values in found.items()}
    count = len(next(iter(shares.values())))
    by_layer = {name: validity.accuracy(share, np.arange(count)) for name, share in shares.items()}
    draws = {
        name: _bootstrap(lambda places, share=share: validity.accuracy(share, places).mean(), np.zeros(count, int))
        for name, share in shares.items()
    }
    both = {name: validity.identified(values + values.transpose(1, 0, 3, 2)) for name, values in found.items()}
    symmetrised = [validity.accuracy(share, np.arange(count)).mean() for share in both.values()]
    return xr.Dataset(
        {
            "symmetrised": ("measure", np.array(symmetrised)),
            "apart": ("measure", np.array([validity.accuracy(of, np.arange(count)).mean() for of in apart.values()])),
            "by_layer": (("measure", "layer"), np.array([*by_layer.values()])),
            "value": ("measure", np.array([value.mean() for value in by_layer.values()])),
            "draws": (("measure", "draw"), np.array([*draws.values()])),
        },
        {"measure": [*found]},
    )


def monotonicity(found: Between) -> xr.Dataset:
    """Monotonicity of each network; the intervals are over networks."""
    each = {
        name: np.array([validity.monotonicity(values[at, at]) for at in range(len(values))])
        for name, values in found.items()
    }
    data = np.array([*each.values()])
    return xr.Dataset(
        {kind: (("measure", "network"), data[..., at]) for at, kind in enumerate(validity.Monotonicity._fields)},
        {"measure": [*found]},
    )


def output_correlation(networks: Studied, names: Sequence[str], folder: Path) -> xr.Dataset:
    """Spearman's correlation of dissimilarity at the last layer with how differently networks answer."""
    similarities = of_last_layers(networks.answers, names, folder)
    distances = validity.output_distances(np.array([one.logits for one in networks.answers]), networks.labels)
    found = np.array(
        [
            [validity.mantel(-values, distance, ORDERS, SEED) for distance in distances]
            for values in similarities.values()
        ]
    )
    dims = ("measure", "output")
    return xr.Dataset(
        {"correlation": (dims, found[..., 0]), "p": (dims, found[..., 1])},
        {"measure": [*similarities], "output": [*validity.OutputDistances._fields]},
    )


def grouping(groups: Mapping[str, Sequence[Answers]], names: Sequence[str], folder: Path) -> xr.Dataset:
    """How well measures tell variants apart, with the bootstrap over networks within each.

    Args:
        groups: The networks of each variant, on the same images.
        names: Of the measures.
        folder: Where values are kept.
    """
    networks = [network for group in groups.values() for network in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
    similarities = of_last_layers(networks, names, folder)
    found = [validity.separation(values, labels) for values in similarities.values()]
    draws = [
        _bootstrap(lambda places, values=values: np.array(validity.separation(values, labels, places)), labels)
        for values in similarities.values()
    ]
    return xr.Dataset(
        {
            **{
                kind: ("measure", np.array([getattr(each, kind) for each in found]))
                for kind in validity.Separation._fields
            },
            "draws": (("measure", "draw", "kind"), np.array(draws)),
        },
        {"measure": [*similarities], "kind": [*validity.Separation._fields]},
    )


def of_last_layers(networks: Sequence[Answers], names: Sequence[str], folder: Path) -> Between:
    """For each measure (networks, networks), the mean of both directions; the diagonal is NaN."""
    arrays = [network.last for network in networks]
    above = np.triu_indices(len(arrays), 1)
    places = [*zip(*(index.tolist() for index in above), strict=True)]

    def compute(missing: Sequence[str]) -> Between:
        both = both_ways(arrays, places, missing)
        return {name: (forth + back) / 2 for name, (forth, back) in both.items()}

    found = {}
    for name, values in kept(arrays, names, compute, folder).items():
        found[name] = np.full((len(arrays), len(arrays)), np.nan)
        found[name][above] = validity.similarity(name, values)
        found[name].T[above] = found[name][above]
    return found


def _bootstrap(statistic: Callable[[NDArray[np.int_]], NDArray[np.float64]], groups: NDArray[np.int_]) -> NDArray:
    return validity.resampled(statistic, groups, DRAWS, SEED)
