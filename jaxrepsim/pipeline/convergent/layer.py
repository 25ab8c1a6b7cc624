"""All alignments of one layer, of every pair of networks, from its statistics."""

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.convergent import (
    Moments,
    agglomerative,
    held_out_r2,
    joint_graph,
    one_to_one,
    sparse_prediction_of,
    spectral_clusters,
)
from jaxrepsim.pipeline.config import ConvergentConfig
from jaxrepsim.pipeline.convergent.statistics import Statistics
from jaxrepsim.pipeline.theory.layers import pairs

THRESHOLDS = (0.0, 0.01, 0.1)
"""Of a coefficient between standardised units, above which a unit counts as a predictor."""

_graph = jax.jit(joint_graph)
_spectral = jax.jit(spectral_clusters, static_argnums=1)
_correlation = jax.jit(lambda moments: moments.correlation)


@jax.jit
def _predicted(fitted: Moments, held_out: Moments, penalties: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """R² as fitted and held out, and the numbers of predictors, of the second network's units from the first's."""
    found = sparse_prediction_of(fitted, penalties)
    counts = jnp.stack([found.predictors(threshold) for threshold in THRESHOLDS], axis=1)
    # Of a unit that never varies there is nothing to predict: it should not pull means down.
    varies = ~(fitted.constant[1] | held_out.constant[1])
    r2 = (found.r2, held_out_r2(found.coefficients, fitted, held_out))
    return *(jnp.where(varies, part, jnp.nan) for part in r2), counts.astype(jnp.int32)


def align_layer(
    layer: str,
    statistics: Statistics,
    information: Sequence[np.ndarray],
    config: ConvergentConfig,
    seed: int,
) -> xr.Dataset:
    """The groups `one_to_one`, and as far as they are asked for `mutual_information`, `sparse` and `clusters`.

    Args:
        layer: Its name.
        statistics: What was gathered of it.
        information: For each pair the mutual information of its units; empty where there is none.
        config: What is asked for.
        seed: Of the clusters.

    Returns:
        The results of this layer.
    """
    with jax.enable_x64(True):
        found = _one_to_one(statistics.moments)
        if information:
            found |= _information(information)
        coords = {"layer": [layer]}
        if statistics.held_out is not None:
            found |= _sparse(statistics.fitted, statistics.held_out, config.penalties)
            coords |= {"penalty": list(config.penalties), "threshold": list(THRESHOLDS)}
        if config.clusters:
            found |= _clusters(statistics.moments, config.clusters, layer_key(seed, layer))
    return xr.Dataset({name: (("layer", *dims), values[None]) for name, (dims, values) in found.items()}, coords)


Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]
"""Variables of one layer: their dimensions, and their values."""


def _one_to_one(moments: Moments) -> Variables:
    joint = np.asarray(_correlation(moments))
    widths = [part.shape[0] for part in moments.means]
    ends = np.cumsum([0, *widths])
    blocks = [slice(start, stop) for start, stop in pairwise(ends)]
    between = [joint[a, b] for a, b in pairs(blocks)]
    within = [joint[block, block] for block in blocks]
    return {
        "unit_mean": (("network", "unit"), _stacked([np.asarray(part) for part in moments.means])),
        "unit_std": (("network", "unit"), _stacked([np.asarray(part) for part in moments.std])),
        "constant": (("network",), np.array([int(part.sum()) for part in moments.constant], np.int32)),
        "correlation": (("pair", "unit", "other_unit"), _stacked(between).astype(np.float32)),
        "correlation_within": (("network", "unit", "other_unit"), _stacked(within).astype(np.float32)),
        **_partners(between, ""),
        "aligned_samples": ((), np.asarray(moments.samples, np.int64)),
    }


def _information(information: Sequence[np.ndarray]) -> Variables:
    return {
        "mutual_information": (("pair", "unit", "other_unit"), _stacked(information).astype(np.float32)),
        **_partners(information, "information_"),
    }


def _partners(similarities: Sequence[np.ndarray], prefix: str) -> Variables:
    found = [one_to_one(similarity) for similarity in similarities]
    return {
        f"{prefix}{name}": (("pair", "unit"), _stacked([np.asarray(getattr(one, name), np.int32) for one in found]))
        for name in ("partner", "best_x", "best_y")
    }


def _sparse(fitted: Moments, held_out: Moments, penalties: Sequence[float]) -> Variables:
    values: dict[str, list[np.ndarray]] = {}
    path = jnp.asarray(penalties)
    for a, b in pairs(range(len(fitted.means))):
        for side, order in (("y", (a, b)), ("x", (b, a))):
            here = [part.networks(*order) for part in (fitted, held_out)]
            names = (f"fitted_r2_{side}", f"held_out_r2_{side}", f"predictors_{side}")
            for name, found in zip(names, _predicted(*here, path), strict=True):
                values.setdefault(name, []).append(np.asarray(found))
    dims = {2: ("pair", "penalty", "unit"), 3: ("pair", "penalty", "threshold", "unit")}
    return {
        **{
            name: (
                dims[parts[0].ndim],
                _stacked([part.astype(np.int32) if part.dtype.kind == "i" else part for part in parts]),
            )
            for name, parts in values.items()
        },
        "fitted_samples": ((), np.asarray(fitted.samples, np.int64)),
        "held_out_samples": ((), np.asarray(held_out.samples, np.int64)),
    }


def _clusters(moments: Moments, clusters: int, key: jax.Array) -> Variables:
    values: dict[str, list[np.ndarray]] = {
        f"{kind}_{side}": [] for kind in ("cluster", "tree", "leaf") for side in "xy"
    }
    count = clusters
    for number, (a, b) in enumerate(pairs(range(len(moments.means)))):
        graph = _graph(moments.networks(a, b))
        count = min(clusters, len(graph))
        width = moments.means[a].shape[0]
        tree = agglomerative(np.asarray(graph), count)
        leaf = np.empty(len(graph), np.int32)
        leaf[np.asarray(tree.order)] = np.arange(len(graph))
        spectral = _spectral(graph, count, jax.random.fold_in(key, number))
        for kind, labels in (("cluster", spectral), ("tree", tree.labels), ("leaf", leaf)):
            joint = np.asarray(labels, np.int32)
            values.setdefault(f"{kind}_x", []).append(joint[:width])
            values.setdefault(f"{kind}_y", []).append(joint[width:])
    return {
        "cluster_count": ((), np.asarray(count, np.int32)),
        **{name: (("pair", "unit"), _stacked(parts)) for name, parts in values.items()},
    }


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of perhaps different numbers of units, as one: −1 or NaN where there is no such unit."""
    fill = -1 if np.issubdtype(parts[0].dtype, np.integer) else np.nan
    shape = np.max([part.shape for part in parts], axis=0)
    out = np.full((len(parts), *shape), fill, parts[0].dtype)
    for place, part in zip(out, parts, strict=True):
        place[tuple(map(slice, part.shape))] = part
    return out
