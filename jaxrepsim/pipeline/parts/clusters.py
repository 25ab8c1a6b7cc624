"""Clusters of the units of both networks of a pair."""

from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.convergent import agglomerative, joint_graph, mixing, moments, spectral_clusters
from jaxrepsim.pipeline.part import Inputs, LayerPart, Variables, along, pairs
from jaxrepsim.pipeline.passes.statistics import Statistics

LEAST = 4
"""Units per cluster, on average, at least: smaller ones say no more than pairs do."""

_graph = jax.jit(joint_graph)
_spectral = jax.jit(spectral_clusters, static_argnums=1)


@dataclass(frozen=True)
class Clusters(LayerPart):
    """Clusters of the units of both networks together, spectral and agglomerative."""

    needs = "statistics"
    uses = ("one_to_one",)
    reads = ("alignment", "sparse_prediction")  # see OneToOne
    asked_by = "count"
    requirements = (("count", "0, or 2 or more", lambda value: value == 0 or value >= 2),)

    count: int = 0
    """So many clusters, but four units or more to a cluster; 0 for none of it."""

    def of_layer(self, inputs: Inputs, layer: str) -> xr.Dataset:
        statistics, key = inputs.statistics[layer], layer_key(inputs.matching.seed, layer)
        networks = pairs(range(len(statistics.widths)))
        counts = [max(1, min(self.count, (statistics.widths[a] + statistics.widths[b]) // LEAST)) for a, b in networks]
        found = [
            _of_pair(statistics, *pair, count, jax.random.fold_in(key, number))
            for number, (pair, count) in enumerate(zip(networks, counts, strict=True))
        ]
        count = ((), np.asarray(max(counts), np.int32))
        return xr.Dataset({"count": count, **along("pair", found, unit=max(statistics.widths))})


def _of_pair(statistics: Statistics, a: int, b: int, count: int, key: jax.Array) -> Variables:
    """The clusters of the units of two networks, their leaf order, and how mixed clusters would be by chance."""
    widths = statistics.widths[a], statistics.widths[b]
    graph = np.asarray(_graph(statistics.whole.networks(a, b)))
    own = moments.own_units(widths, len(graph) // 2)
    tree = agglomerative(graph[np.ix_(own, own)], count)
    leaf = np.empty(sum(widths), np.int32)
    leaf[np.asarray(tree.order)] = np.arange(len(leaf))
    spectral = np.asarray(_spectral(graph, count, key))[own]
    variables: Variables = {}
    for kind, labels in (("cluster", spectral), ("tree", tree.labels), ("leaf", leaf)):
        x, y = np.split(np.asarray(labels, np.int32), widths[:1])
        variables |= {f"{kind}_x": (("unit",), x), f"{kind}_y": (("unit",), y)}
        if kind != "leaf":
            by_chance = mixing(x, y, count).chance_share_of_clusters
            variables[f"mixed_by_chance_{kind}"] = ((), float(by_chance))
    return variables
