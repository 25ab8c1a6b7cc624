"""Made-up results of aligned units: one to one, by mutual information, and what excites them."""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from xarray import Dataset

UNIT = ("layer", "pair", "unit")
MATRIX = (*UNIT, "other_unit")
SAMPLES = 400


def activations(results: Dataset, rng: np.random.Generator) -> list[list[np.ndarray]]:
    """Units of each network in each layer: noisy copies of common features, of which some have several in a network.

    Noise grows with depth, up to the last layer. A unit that is dead in the first network of the results (its critical
    ε is infinite) is zero.
    """
    layers, networks = results.sizes["layer"], results.sizes["network"]
    made = []
    for layer, count in enumerate(results["units"].values.tolist()):
        kinds = max(1, 3 * count // 4) if layer < layers - 1 else count
        features = rng.standard_normal((SAMPLES, kinds)) + 0.3 * rng.standard_normal((SAMPLES, 1))
        noise = np.linspace(0.2, 1.6, layers)[layer] if layer < layers - 1 or layers == 1 else 0.15
        scale = noise * rng.uniform(0.3, 2, (networks, 1, count))
        extra = [rng.integers(0, kinds, count - kinds) for _ in range(networks)]
        order = [rng.permutation(np.concatenate([np.arange(kinds), more])) for more in extra]
        made.append([features[:, order[n]] + scale[n] * rng.standard_normal((SAMPLES, count)) for n in range(networks)])
        dead = np.isinf(results["profile_x"].values[layer, 0, 0, :count])
        made[-1][0][:, dead] = 0
    return made


def correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation of the columns, 0 with one that is constant."""
    x, y = (part - part.mean(0) for part in (x, y))
    x, y = (part / np.where(part.any(0), np.linalg.norm(part, axis=0), 1) for part in (x, y))
    return x.T @ y


def assigned(similarity: np.ndarray) -> np.ndarray:
    """The partner of each row in the assignment of largest total."""
    rows, columns = linear_sum_assignment(-similarity)
    partner = np.full(len(similarity), -1)
    partner[rows] = columns
    return partner


def one_to_one(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """The group `one_to_one`."""
    layers, pairs, networks = (results.sizes[dim] for dim in ("layer", "pair", "network"))
    width = results.sizes["unit"]
    mean, std = (np.full((layers, networks, width), np.nan) for _ in range(2))
    within = np.full((layers, networks, width, width), np.nan)
    between = np.full((layers, pairs, width, width), np.nan)
    index = {name: np.full((layers, pairs, width), -1) for name in ("partner", "best_x", "best_y")}
    constant = np.zeros((layers, networks), int)
    for layer, units in enumerate(activations(results, rng)):
        n = units[0].shape[1]
        for network, part in enumerate(units):
            mean[layer, network, :n], std[layer, network, :n] = part.mean(0), part.std(0)
            within[layer, network, :n, :n] = correlate(part, part)
            constant[layer, network] = int((part.std(0) == 0).sum())
        for pair, (x, y) in enumerate(combinations(units, 2)):
            found = correlate(x, y)
            between[layer, pair, :n, :n] = found
            index["partner"][layer, pair, :n] = assigned(found)
            index["best_x"][layer, pair, :n], index["best_y"][layer, pair, :n] = found.argmax(1), found.argmax(0)
    return {
        "unit_mean": (("layer", "network", "unit"), mean),
        "unit_std": (("layer", "network", "unit"), std),
        "constant": (("layer", "network"), constant),
        "correlation": (MATRIX, between),
        "correlation_within": (("layer", "network", "unit", "other_unit"), within),
        **{name: (UNIT, values) for name, values in index.items()},
        "aligned_samples": (("layer",), np.full(layers, SAMPLES)),
    }


def mutual_information(correlation: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """The group `mutual_information`, near that of normal variables of these correlations (layer, pair, n, n)."""
    made = -0.45 * np.log1p(-np.minimum(correlation**2, 0.98)) + 0.02 * rng.standard_normal(correlation.shape)
    index = {name: np.full(correlation.shape[:3], -1) for name in ("partner", "best_x", "best_y")}
    for at in np.ndindex(*correlation.shape[:2]):
        n = int((~np.isnan(correlation[at])).any(1).sum())
        found = made[at][:n, :n]
        index["partner"][at][:n] = assigned(found)
        index["best_x"][at][:n], index["best_y"][at][:n] = found.argmax(1), found.argmax(0)
    return {
        "mutual_information": (MATRIX, made),
        **{f"information_{name}": (UNIT, values) for name, values in index.items()},
    }


def exciting(
    results: Dataset, group: dict[str, Any], rng: np.random.Generator, shape: tuple[int, int, int] = (8, 8, 1)
) -> tuple[dict[str, Any], np.ndarray]:
    """The group `exciting` for the partners of the group `one_to_one`, and its coordinate `image`.

    Three pairs of units a layer, fewer where there are not so many; six images a unit. The last layer is dense.
    """
    partner, correlation = group["partner"][1], group["correlation"][1]
    layers, pairs = partner.shape[:2]
    images = np.arange(40) * 3
    shown = {side: np.full((layers, pairs, 3), -1) for side in "xy"}
    how = np.full((layers, pairs, 3), np.nan)
    names = [f"{kind}_{side}" for kind in ("exciting_value", "row", "column") for side in "xy"]
    floats = {name: np.full((layers, pairs, 3, 6), np.nan) for name in names}
    index = {f"exciting_{side}": np.full((layers, pairs, 3, 6), -1) for side in "xy"}
    for layer, pair in np.ndindex(layers, pairs):
        held = np.flatnonzero(partner[layer, pair] >= 0)
        best = held[np.argsort(-correlation[layer, pair, held, partner[layer, pair, held]])]
        chosen = best[np.unique(np.linspace(0, len(best) - 1, 3).astype(int))]
        for slot, unit in enumerate(chosen):
            at = (layer, pair, slot)
            shown["x"][at], shown["y"][at] = unit, partner[layer, pair, unit]
            how[at] = correlation[layer, pair, unit, shown["y"][at]]
            for side in "xy":
                index[f"exciting_{side}"][at] = rng.choice(images, 6, replace=False)
                floats[f"exciting_value_{side}"][at] = -np.sort(-rng.uniform(1, 9, 6))
                if layer < layers - 1:
                    for name in ("row", "column"):
                        floats[f"{name}_{side}"][at] = (rng.integers(0, 4, 6) + 0.5) / 4
    ranked = ("layer", "pair", "shown", "rank")
    rows, columns, channels = shape
    # Smooth pictures, so that a reader can tell one from another.
    waves = rng.uniform(0.2, 1.2, (len(images), 2, channels))
    phase = (
        np.arange(rows)[:, None, None] * waves[:, None, None, 0] + np.arange(columns)[:, None] * waves[:, None, None, 1]
    )
    pixels = np.round(127.5 + 127.5 * np.sin(phase)).astype(np.uint8)
    return {
        **{f"shown_{side}": (ranked[:3], values) for side, values in shown.items()},
        "shown_correlation": (ranked[:3], how),
        **{name: (ranked, values) for name, values in (floats | index).items()},
        "pixels": (("image", "pixel_row", "pixel_column", "channel"), pixels),
    }, images
