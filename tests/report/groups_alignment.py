"""Made-up groups of one-to-many and many-to-many alignment, and the correlations that they rest on."""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from xarray import Dataset, DataTree

from tests.report.groups_alignment_units import one_to_one
from tests.report.trees import as_flat, as_tree, with_padding

PENALTIES = (0.1, 0.01, 0.001, 0.0001, 0.00001, 0.0)
THRESHOLDS = (0.0, 0.01, 0.1)
PREDICTED = ("layer", "pair", "penalty", "unit")
UNITS = ("layer", "pair", "unit")


def add_alignment(results: DataTree) -> DataTree:
    """Results with the groups `one_to_one`, `sparse_prediction` and `clusters`.

    Args:
        results: What `make_results` gives.
    """
    rng = np.random.default_rng(1)
    flat = as_flat(results)
    flat = flat.assign(one_to_one(flat, rng))
    return as_tree(flat.assign(sparse(flat, rng) | clusters(flat, rng)))


def unaligned(results: DataTree) -> DataTree:
    """The same, with nothing but padding in these groups."""
    return with_padding(add_alignment(results), ("one_to_one", "sparse_prediction", "clusters"))


def planted_correlations(results: Dataset, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of units that are mixtures of a few features which all networks have, and noise of their own.

    A part of the units is nearly a feature, a part mixes two or three, and a part is noise; dead units are constant.

    Args:
        results: What `make_results` gives.
        rng: Draws the mixtures.

    Returns:
        Within each network, (layer, network, unit, other unit), and between the two of each pair, (layer, pair, unit,
        other unit), NaN in a layer of fewer units.
    """
    layers, networks, width = (results.sizes[dim] for dim in ("layer", "network", "unit"))
    pairs = list(combinations(range(networks), 2))
    within = np.full((layers, networks, width, width), np.nan)
    between = np.full((layers, len(pairs), width, width), np.nan)
    for layer, count in enumerate(results["units"].values.tolist()):
        features = max(2, count // 3)
        loadings = [_loadings(count, features, int(dead), rng) for dead in results["dead"].values[layer]]
        for network, own in enumerate(loadings):
            noise = np.maximum(1 - (own**2).sum(1), 0) * own.any(1)
            within[layer, network, :count, :count] = own @ own.T + np.diag(noise)
        for pair, (a, b) in enumerate(pairs):
            between[layer, pair, :count, :count] = loadings[a] @ loadings[b].T
    return within, between


def _loadings(count: int, features: int, dead: int, rng: np.random.Generator) -> np.ndarray:
    loadings = np.zeros((count, features))
    for unit in range(dead, count):
        mixed = rng.choice(features, size=min(features, int(rng.choice([1, 1, 2, 3]))), replace=False)
        weight = rng.uniform(0.4, 1, len(mixed)) * rng.choice([1, 1, 1, -1], len(mixed))
        loadings[unit, mixed] = weight / np.linalg.norm(weight) * rng.choice([0.98, 0.8, 0.3])
    return loadings


def correlations(results: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Those of the results, or planted ones where they hold none."""
    if "correlation" in results:
        return results["correlation_within"].values, results["correlation"].values
    return planted_correlations(results, np.random.default_rng(7))


def sparse(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """The group `sparse`, with the coordinates penalty and threshold.

    As the penalty falls, fitted R² rises to that of least squares, and so does the number of predictors; held-out R²
    loses with every predictor.
    """
    within, between = correlations(results)
    layers, pairs, width = results.sizes["layer"], results.sizes["pair"], results.sizes["unit"]
    shape = (layers, pairs, len(PENALTIES), width)
    fitted, held_out = ({side: np.full(shape, np.nan) for side in "xy"} for _ in range(2))
    predictors = {side: np.full((*shape[:3], len(THRESHOLDS), width), -1) for side in "xy"}
    networks = list(combinations(range(results.sizes["network"]), 2))
    for layer, pair in np.ndindex(layers, pairs):
        count = int(results["units"].values[layer])
        for side, other in (("x", 1), ("y", 0)):
            cross = between[layer, pair, :count, :count]
            cross = cross.T if side == "x" else cross  # (predictors, predicted)
            gram = within[layer, networks[pair][other], :count, :count]
            weights = np.linalg.lstsq(gram, cross, rcond=1e-10)[0]
            largest = np.abs(cross).max(0)
            for place, penalty in enumerate(PENALTIES):
                kept = np.clip(1 - penalty / np.maximum(largest, 1e-9), 0, 1)
                counts = np.stack([
                    ((np.abs(cross) > penalty) * np.abs(weights) * kept > threshold).sum(0) for threshold in THRESHOLDS
                ])  # fmt: skip
                explained = np.minimum((weights * cross).sum(0), 1) * kept * (2 - kept)
                at = (layer, pair, place)
                fitted[side][(*at, slice(count))] = explained
                loss = 0.1 * counts[0] / count + 0.03 * rng.random(count)
                held_out[side][(*at, slice(count))] = explained - loss * (counts[0] > 0)
                predictors[side][(*at, slice(None), slice(count))] = counts
    data: dict[str, Any] = {
        "fitted_samples": (("layer",), np.full(layers, 270)),
        "held_out_samples": (("layer",), np.full(layers, 270)),
        "penalty": (("penalty",), np.array(PENALTIES)),
        "threshold": (("threshold",), np.array(THRESHOLDS)),
    }
    for side in "xy":
        data[f"fitted_r2_{side}"] = (PREDICTED, fitted[side])
        data[f"held_out_r2_{side}"] = (PREDICTED, held_out[side])
        data[f"predictors_{side}"] = ((*PREDICTED[:3], "threshold", "unit"), predictors[side])
    return data


def clusters(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """The group `clusters`: two trees of the joint correlations, one of which stands for the spectral clusters.

    A unit that correlates with no other is in no spectral cluster, and in a cluster of its own in the tree.
    """
    within, between = correlations(results)
    layers, pairs, width = results.sizes["layer"], results.sizes["pair"], results.sizes["unit"]
    data = {
        f"{kind}_{side}": np.full((layers, pairs, width), -1) for kind in ("cluster", "tree", "leaf") for side in "xy"
    }
    counts = np.maximum(2, results["units"].values // 3)
    networks = list(combinations(range(results.sizes["network"]), 2))
    for layer, pair in np.ndindex(layers, pairs):
        count = int(results["units"].values[layer])
        first, second = (within[layer, network, :count, :count] for network in networks[pair])
        across = between[layer, pair, :count, :count]
        joint = np.abs(np.block([[first, across], [across.T, second]]))
        np.fill_diagonal(joint, 1)
        near = squareform(np.clip(1 - joint, 0, None), checks=False)
        tree = linkage(near, "average")
        leaf = np.empty(2 * count, int)
        leaf[leaves_list(tree)] = np.arange(2 * count)
        labels = fcluster(linkage(near, "complete"), counts[layer], "maxclust") - 1
        # Some clusters keep to one network: the units of the other go to the next one.
        apart = (rng.random(counts[layer]) < 0.3)[labels] & (np.arange(2 * count) >= count)
        labels = (labels + apart) % counts[layer]
        lonely = (joint - np.eye(2 * count) < 1e-9).all(1)
        found = {
            "cluster": np.where(lonely, -1, labels),
            "tree": fcluster(tree, counts[layer], "maxclust") - 1,
            "leaf": leaf,
        }
        for kind, values in found.items():
            data[f"{kind}_x"][layer, pair, :count], data[f"{kind}_y"][layer, pair, :count] = np.split(values, 2)
    chance = {
        f"mixed_by_chance_{kind}": (UNITS[:2], rng.uniform(0.5, 1, (layers, pairs))) for kind in ("cluster", "tree")
    }
    return {name: (UNITS, values) for name, values in data.items()} | chance | {"cluster_count": (("layer",), counts)}
