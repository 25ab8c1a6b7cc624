"""Clusters of the units of both networks of a pair."""

from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.convergent import agglomerative, joint_graph, mixing, spectral_clusters
from jaxrepsim.pipeline.part import Inputs, LayerPart, pairs, stacked
from jaxrepsim.pipeline.parts.aligned import gathered, ordered_pairs

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
        state, key = gathered(inputs.statistics[layer]), layer_key(inputs.matching.seed, layer)
        values: dict[str, list[np.ndarray]] = {}
        chance: dict[str, list[float]] = {}
        counts = []
        networks = pairs(range(len(state.widths)))
        for number, (pair, (two, _)) in enumerate(zip(networks, ordered_pairs(state.whole), strict=True)):
            graph, places, first = np.asarray(_graph(two)), state.places(*pair), state.widths[pair[0]]
            counts.append(max(1, min(self.count, len(places) // LEAST)))
            spectral = np.asarray(_spectral(graph, counts[-1], jax.random.fold_in(key, number)))[places]
            tree = agglomerative(graph[np.ix_(places, places)], counts[-1])
            leaf = np.empty(len(places), np.int32)
            leaf[np.asarray(tree.order)] = np.arange(len(places))
            for kind, labels in (("cluster", spectral), ("tree", tree.labels), ("leaf", leaf)):
                x, y = np.split(np.asarray(labels, np.int32), [first])
                values.setdefault(f"{kind}_x", []).append(x)
                values.setdefault(f"{kind}_y", []).append(y)
                if kind != "leaf":
                    mixed = mixing(x, y, counts[-1])
                    chance.setdefault(f"mixed_by_chance_{kind}", []).append(float(mixed.chance_share_of_clusters))
        return xr.Dataset(
            {
                "count": ((), np.asarray(max(counts), np.int32)),
                **{name: (("pair",), np.array(shares)) for name, shares in chance.items()},
                **{name: (("pair", "unit"), stacked(parts, max(state.widths))) for name, parts in values.items()},
            }
        )
