"""Clusters of the units of both networks of a pair."""

from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.convergent import Moments, agglomerative, joint_graph, mixing, moments, spectral_clusters
from jaxrepsim.pipeline.part import Inputs, LayerPart, Variables, along, pairs

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
        whole, widths = inputs.statistics[layer].whole, inputs.statistics[layer].widths
        key, found, counts = layer_key(inputs.matching.seed, layer), [], []
        for number, (a, b) in enumerate(pairs(range(len(widths)))):
            own = widths[a], widths[b]
            counts.append(max(1, min(self.count, sum(own) // LEAST)))
            found.append(_of_pair(whole.networks(a, b), own, counts[-1], jax.random.fold_in(key, number)))
        count = ((), np.asarray(max(counts), np.int32))
        return xr.Dataset({"count": count, **along("pair", found, unit=max(widths))})


def _of_pair(two: Moments, widths: tuple[int, int], count: int, key: jax.Array) -> Variables:
    """The clusters of the units of two networks, their leaf order, and how mixed clusters would be by chance."""
    graph = np.asarray(_graph(two))
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
