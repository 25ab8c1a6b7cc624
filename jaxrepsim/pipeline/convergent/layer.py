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
    mixing,
    moments,
    one_to_one,
    sparse_prediction_of,
    spectral_clusters,
)
from jaxrepsim.pipeline.config import ConvergentConfig
from jaxrepsim.pipeline.convergent.statistics import Statistics
from jaxrepsim.pipeline.theory.layers import pairs

THRESHOLDS = (0.0, 0.01, 0.1)
"""Of a coefficient between standardised units, above which a unit counts as a predictor."""

SHARED_WIDTH = 128
"""Narrower layers are padded with constant units to so many, which change nothing: one compiled program serves all."""
LEAST = 4
"""Units to a cluster, on average, at least: smaller ones say no more than pairs do."""

_merge = jax.jit(moments.merge)
_graph = jax.jit(joint_graph)
_spectral = jax.jit(spectral_clusters, static_argnums=1)


@jax.jit
def _described(whole: Moments) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...], jax.Array]:
    return whole.std, whole.constant, whole.correlation


@jax.jit
def _ordered_pairs(whole: Moments) -> list[Moments]:
    """For each pair first (a, b), by which b is predicted from a, then (b, a)."""
    both = [order for a, b in pairs(range(len(whole.means))) for order in ((a, b), (b, a))]
    return [whole.networks(*order) for order in both]


@jax.jit
def _predicted(fitted: Moments, held_out: Moments, penalties: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """R² as fitted and held out, and the numbers of predictors, of the second network's units from the first's."""
    found = sparse_prediction_of(fitted, penalties)
    counts = jnp.stack([found.predictors(threshold) for threshold in THRESHOLDS], axis=1)
    # Of a unit that never varies there is nothing to predict: it should not pull means down.
    varies = ~(fitted.constant[1] | held_out.constant[1])
    elsewhere = held_out_r2(found.coefficients, fitted, held_out)
    return jnp.where(varies, found.r2, jnp.nan), jnp.where(varies, elsewhere, jnp.nan), counts.astype(jnp.int32)


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
    widths = [part.shape[0] for part in statistics.fitted.means]
    width = max(SHARED_WIDTH, *widths)
    with jax.enable_x64(True):
        fitted = _padded(statistics.fitted, width)
        held_out = None if statistics.held_out is None else _padded(statistics.held_out, width)
        whole = fitted if held_out is None else _merge(fitted, held_out)
        found = _one_to_one(whole, widths)
        if information:
            found |= _information(information)
        coords = {"layer": [layer]}
        if held_out is not None:
            found |= _sparse(fitted, held_out, config.penalties, widths)
            coords |= {"penalty": list(config.penalties), "threshold": list(THRESHOLDS)}
        if config.clusters:
            found |= _clusters(whole, config.clusters, layer_key(seed, layer), widths)
    values = {name: (("layer", *dims), _widened(dims, part, max(widths))[None]) for name, (dims, part) in found.items()}
    return xr.Dataset(values, coords)


Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]
"""Variables of one layer: their dimensions, and their values."""


def _padded(state: Moments, width: int) -> Moments:
    """With constant units after those that each network has."""
    means, low, high = (
        tuple(np.pad(part, (0, width - len(part))) for part in jax.device_get(parts))
        for parts in (state.means, state.low, state.high)
    )
    places = _places([len(part) for part in state.means], width)
    rest = np.zeros(width * len(means))
    rest[places] = state.rest
    scaled = np.zeros((len(rest), len(rest)))
    scaled[np.ix_(places, places)] = state.scaled
    return Moments(state.samples, means, rest, low, high, scaled)  # type: ignore[arg-type]


def _places(widths: Sequence[int], width: int) -> np.ndarray:
    """Where the units of all networks stand among the padded ones."""
    return np.concatenate([network * width + np.arange(own) for network, own in enumerate(widths)])


def _one_to_one(whole: Moments, widths: Sequence[int]) -> Variables:
    std, constant, joint = jax.device_get(_described(whole))
    places = _places(widths, len(std[0]))
    joint = joint[np.ix_(places, places)]
    blocks = [slice(start, stop) for start, stop in pairwise(np.cumsum([0, *widths]))]
    between = [joint[a, b] for a, b in pairs(blocks)]

    def cut(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(part)[:own] for part, own in zip(parts, widths, strict=True)]

    return {
        "unit_mean": (("network", "unit"), _stacked(cut(jax.device_get(whole.means)))),
        "unit_std": (("network", "unit"), _stacked(cut(std))),
        "constant": (("network",), np.array([part.sum() for part in cut(constant)], np.int32)),
        "correlation": (("pair", "unit", "other_unit"), _stacked(between).astype(np.float32)),
        "correlation_within": (
            ("network", "unit", "other_unit"),
            _stacked([joint[block, block] for block in blocks]).astype(np.float32),
        ),
        **_partners(between, ""),
        "aligned_samples": ((), np.asarray(whole.samples, np.int64)),
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


def _sparse(fitted: Moments, held_out: Moments, penalties: Sequence[float], widths: Sequence[int]) -> Variables:
    values: dict[str, list[np.ndarray]] = {}
    path = jnp.asarray(penalties)
    here = zip(_ordered_pairs(fitted), _ordered_pairs(held_out), strict=True)
    for (a, b), forth, back in zip(pairs(widths), here, here, strict=False):
        for side, own, two in (("y", b, forth), ("x", a, back)):
            names = (f"fitted_r2_{side}", f"held_out_r2_{side}", f"predictors_{side}")
            for name, found in zip(names, _predicted(*two, path), strict=True):
                values.setdefault(name, []).append(np.asarray(found)[..., :own])
    dims = {2: ("pair", "penalty", "unit"), 3: ("pair", "penalty", "threshold", "unit")}
    return {
        **{name: (dims[parts[0].ndim], _stacked(parts)) for name, parts in values.items()},
        "fitted_samples": ((), np.asarray(fitted.samples, np.int64)),
        "held_out_samples": ((), np.asarray(held_out.samples, np.int64)),
    }


def _clusters(whole: Moments, clusters: int, key: jax.Array, widths: Sequence[int]) -> Variables:
    values: dict[str, list[np.ndarray]] = {}
    chance: dict[str, list[float]] = {}
    counts = []
    for number, ((a, b), two) in enumerate(zip(pairs(widths), _ordered_pairs(whole)[::2], strict=True)):
        graph = np.asarray(_graph(two))
        places = _places((a, b), len(graph) // 2)
        counts.append(max(1, min(clusters, len(places) // LEAST)))
        spectral = np.asarray(_spectral(graph, counts[-1], jax.random.fold_in(key, number)))[places]
        tree = agglomerative(graph[np.ix_(places, places)], counts[-1])
        leaf = np.empty(len(places), np.int32)
        leaf[np.asarray(tree.order)] = np.arange(len(places))
        for kind, labels in (("cluster", spectral), ("tree", tree.labels), ("leaf", leaf)):
            joint = np.asarray(labels, np.int32)
            values.setdefault(f"{kind}_x", []).append(joint[:a])
            values.setdefault(f"{kind}_y", []).append(joint[a:])
            if kind != "leaf":
                mixed = mixing(joint[:a], joint[a:], counts[-1])
                chance.setdefault(f"mixed_by_chance_{kind}", []).append(float(mixed.chance_share_of_clusters))
    return {
        "cluster_count": ((), np.asarray(max(counts), np.int32)),
        **{name: (("pair",), np.array(shares)) for name, shares in chance.items()},
        **{name: (("pair", "unit"), _stacked(parts)) for name, parts in values.items()},
    }


def _widened(dims: Sequence[str], values: np.ndarray, width: int) -> np.ndarray:
    """With as many units as the widest network has: a pair may hold narrower ones only, on one side or on both."""
    lacking = [(0, width - size if dim.endswith("unit") else 0) for dim, size in zip(dims, values.shape, strict=True)]
    return np.pad(values, lacking, constant_values=_fill(values)) if any(more for _, more in lacking) else values


def _fill(values: np.ndarray) -> float:
    """Where there is no such unit: −1 for whole numbers, else NaN."""
    return -1 if np.issubdtype(values.dtype, np.integer) else np.nan


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of perhaps different numbers of units, as one: −1 or NaN where there is no such unit."""
    shape = np.max([part.shape for part in parts], axis=0)
    out = np.full((len(parts), *shape), _fill(parts[0]), parts[0].dtype)
    for place, part in zip(out, parts, strict=True):
        place[tuple(map(slice, part.shape))] = part
    return out
