"""Made-up optional groups of results, consistent in themselves and with the results they are added to."""

from itertools import combinations
from typing import Any

import numpy as np
from xarray import Dataset, DataTree

from tests.report.groups_alignment import clusters, sparse
from tests.report.groups_alignment_units import exciting, mutual_information, one_to_one
from tests.report.trees import OPTIONAL, as_flat, as_tree, with_padding

CELL = ("layer", "pair", "epsilon")
MEASURES = ["linear_cka", "debiased_cka", "procrustes", "pwcca"]
EPOCHS = (0, 1, 2, 5, 10, 20, 40)


def add_groups(
    results: DataTree,
    slots: int = 24,
    draws: int = 19,
    epochs: tuple[int, ...] = EPOCHS,
    huge: bool = False,
) -> DataTree:
    """Results with all groups.

    Args:
        results: What `make_results` gives.
        slots: The most simple matches kept; where there are more, the enumeration is incomplete.
        draws: Of each kind of chance.
        epochs: The checkpoints.
        huge: Whether held-out residuals go far beyond 1.
    """
    rng = np.random.default_rng(1)
    flat = as_flat(results)
    added = flat.assign(
        decomposition(flat, slots, rng)
        | stability(flat, rng)
        | chance(flat, draws, huge, rng)
        | measures(flat, rng)
        | joint(flat)
        | dimensionality(flat, rng)
        | across(flat, rng)
        | training(flat, len(epochs), rng)
    ).assign_coords(
        layer_x=flat["layer"].values, layer_y=flat["layer"].values, measure=MEASURES, checkpoint=np.array(epochs)
    )
    return add_alignments(as_tree(added), rng)


def measures(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """Values that follow the similarity, but for their noise; a distance falls."""
    similar = results["similarity"].values[..., -1, :1]
    value = np.clip(similar + rng.normal(0, 0.05, (*similar.shape[:2], len(MEASURES))), 0, 1)
    value[..., 2] = 1.4 * (1 - value[..., 2])
    swapped = np.where(np.arange(len(MEASURES)) == 3, value * 0.9, value)
    dims = ("layer", "pair", "measure")
    drawn = {"measure_p": (dims, np.full(value.shape, 0.05)), "measure_calibrated": (dims, value / 2)}
    return {"measure_value": (dims, value), "measure_swapped": (dims, swapped), **drawn}


def dimensionality(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """Numbers between 1 and the units of each layer."""
    share = rng.uniform(0.1, 1, (2, results.sizes["layer"], results.sizes["network"]))
    rank = 1 + (results["units"].values[:, None] - 1) * share
    return {
        "participation_ratio": (("layer", "network"), 1 + (rank[0] - 1) / 4),
        "effective_rank": (("layer", "network"), rank[1]),
    }


def add_alignments(results: DataTree, rng: np.random.Generator) -> DataTree:
    """Results with the groups that align units."""
    flat = as_flat(results)
    units = one_to_one(flat, rng)
    pictures, images = exciting(flat, units, rng)
    information = mutual_information(units["correlation"][1], rng)
    added = flat.assign(units | information | pictures).assign_coords(image=images)
    return as_tree(added.assign(sparse(added, rng) | clusters(added, rng)))


def simple_masks(x: np.ndarray, y: np.ndarray, limit: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Nested masks over joint units whose union is the match (x, y): single pairs, then unions with one unit more.

    Some units come in twice, on top of different masks, so that they have two minimal matches.
    """
    n = len(x)
    left, right = np.flatnonzero(x), n + np.flatnonzero(y)
    if not len(left) or not len(right):
        return []
    base = max(1, min(len(left), len(right)) // 3)
    masks = [np.isin(np.arange(2 * n), [left[i], right[i]]) for i in range(base)]
    for unit in [*left[base:], *right[base:]]:
        for _ in range(1 + (rng.random() < 0.4)):
            chosen = rng.choice(len(masks), size=min(len(masks), int(rng.integers(1, 4))), replace=False)
            mask = np.any([masks[i] for i in chosen], axis=0)
            mask[unit] = True
            if not any((mask == other).all() for other in masks):
                masks.append(mask)
            if len(masks) >= limit:
                return masks
    return masks


def covers(masks: np.ndarray) -> np.ndarray:
    """Whether the second mask lies directly inside the first: the transitive reduction of containment."""
    sizes = masks.sum(1)
    inside = (masks.astype(int) @ masks.T.astype(int) == sizes[None]) & (sizes[None] < sizes[:, None])
    between = inside.astype(int) @ inside.astype(int) > 0
    return inside & ~between


def minimal_holders(masks: np.ndarray, unit: int) -> list[int]:
    """The masks that hold the unit and have none inside that does."""
    held = [i for i in range(len(masks)) if masks[i, unit]]
    return [i for i in held if not any(j != i and (masks[j] <= masks[i]).all() for j in held)]


def decomposition(results: Dataset, slots: int, rng: np.random.Generator) -> dict[str, Any]:
    shape = tuple(results.sizes[dim] for dim in CELL)
    width, samples = results.sizes["unit"], results.sizes["sample"]
    sides = {side: np.full((*shape, slots, width), -1, np.int8) for side in "xy"}
    below = np.zeros((*shape, slots, slots), np.int8)
    complete, minimum, several, parts = (np.zeros(shape, int) for _ in range(4))
    size, bound = (np.full((*shape, samples), -1) for _ in range(2))
    profiles = [results[f"profile_{side}"].values[:, :, 0] for side in "xy"]
    units = results["units"].values
    for at in np.ndindex(*shape):
        layer, pair, epsilon = at
        x, y = (profile[layer, pair] <= results["epsilon"].values[epsilon] for profile in profiles)
        masks = np.array(simple_masks(x, y, 3 * slots, rng), bool).reshape(-1, 2 * width)
        union = masks.any(0)
        kept = masks[:slots]
        complete[at] = len(masks) <= slots
        for slot, mask in enumerate(kept):
            sides["x"][(*at, slot)], sides["y"][(*at, slot)] = mask[:width], mask[width:]
        below[(*at, slice(len(kept)), slice(len(kept)))] = covers(kept)
        holders = {unit: len(minimal_holders(masks, unit)) for unit in np.flatnonzero(union).tolist()}
        minimum[at] = sum(count == 1 for count in holders.values())
        # Units that the limit left out count as having several, so that the two add up to the match.
        several[at] = int(x.sum() + y.sum()) - minimum[at]
        needed = list(range(len(masks)))
        for i in range(len(masks)):
            rest = [j for j in needed if j != i]
            if rest and (masks[rest].any(0) == union).all():
                needed = rest
        parts[at] = len(needed)
        for sample, unit in enumerate(results["minimal_unit"].values[at].tolist()):
            joint = unit if unit < units[layer] else width + unit - units[layer]
            sizes = [int(masks[i].sum()) for i in range(len(masks)) if masks[i, joint]]
            size[(*at, sample)] = min(sizes, default=0)
            bound[(*at, sample)] = max(min(sizes, default=0) - int(rng.integers(0, 3)), min(2, min(sizes, default=0)))
    simple = (*CELL, "simple")
    return {
        "simple_x": ((*simple, "unit"), sides["x"]),
        "simple_y": ((*simple, "unit"), sides["y"]),
        "simple_below": ((*simple, "other_simple"), below),
        "simple_complete": (CELL, complete.astype(np.int8)),
        "certified_minimum": (CELL, minimum),
        "certified_several": (CELL, several),
        "parts": (CELL, parts),
        "smallest_size": ((*CELL, "sample"), size),
        "smallest_bound": ((*CELL, "sample"), bound),
    }


def stability(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    shape = (results.sizes["layer"], results.sizes["network"])
    lower = rng.uniform(0.02, 0.6, shape)
    lower[-1, 0] = 0.0
    upper = lower * rng.choice([1.0, 1.3], shape)
    starts = np.full((results.sizes["layer"], results.sizes["pair"], 2), np.nan)
    starts[..., 0] = rng.uniform(0, 0.05, starts.shape[:2])
    starts[::2, :, 1] = 0.4
    starts[-1] = np.nan
    stable = rng.choice([-1, 0, 1], tuple(results.sizes[dim] for dim in CELL)).astype(np.int8)
    stable[-1] = -1
    return {
        "theta_lower": (("layer", "network"), lower),
        "theta_upper": (("layer", "network"), upper),
        "stable": (CELL, stable),
        "stable_from": (("layer", "pair", "interval"), starts),
        "stable_to": (("layer", "pair", "interval"), starts + 0.0125),
    }


def chance(results: Dataset, draws: int, huge: bool, rng: np.random.Generator) -> dict[str, Any]:
    observed = results["similarity"].values[..., 0]
    nulls = {
        "shuffled": np.clip(0.5 * observed[..., None] + 0.1 * rng.standard_normal((*observed.shape, draws)), 0, 1),
        "random": np.clip(0.25 * observed[..., None] + 0.05 * rng.standard_normal((*observed.shape, draws)), 0, 1),
    }
    nulls = {kind: np.where(observed[..., None] > 0, values, 0.0) for kind, values in nulls.items()}
    data: dict[str, Any] = {
        "chance_observed": (CELL, observed),
        "chance_samples": (("layer",), np.full(results.sizes["layer"], 500)),
        "chance_untrained": (CELL, 0.8 * observed),
    }
    for kind, values in nulls.items():
        data[f"chance_{kind}"] = ((*CELL, "draw"), values)
        data[f"p_{kind}"] = (CELL, (1 + (values >= observed[..., None]).sum(-1)) / (1 + draws))
    for side in "xy":
        critical = results[f"profile_{side}"].values[:, :, 0]
        fitted = np.where(np.isfinite(critical), 0.9 * critical, np.nan)
        held = fitted * (10 ** rng.uniform(0, 4, fitted.shape) if huge else rng.uniform(1, 1.6, fitted.shape))
        if huge:
            held[0] = fitted[0]
        data[f"residual_{side}"] = (("layer", "pair", "unit"), fitted)
        data[f"held_out_{side}"] = (("layer", "pair", "unit"), held)
    return data


def joint(results: Dataset) -> dict[str, Any]:
    pairs = list(combinations(range(results.sizes["network"]), 2))
    profile = np.full((results.sizes["layer"], results.sizes["network"], results.sizes["unit"]), -np.inf)
    for index, pair in enumerate(pairs):
        for side, network in zip("xy", pair, strict=True):
            profile[:, network] = np.maximum(profile[:, network], results[f"profile_{side}"].values[:, index, 0])
    matched = (profile[:, None] <= results["epsilon"].values[None, :, None, None]).sum(-1)
    total = (~np.isnan(profile)).sum((1, 2))
    return {
        "joint_similarity": (("layer", "epsilon"), matched.sum(-1) / total[:, None]),
        "joint_profile": (("layer", "network", "unit"), profile),
        "joint_matched": (("layer", "epsilon", "network"), matched),
    }


def across(results: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    layers, pairs = results.sizes["layer"], results.sizes["pair"]
    observed = results["similarity"].values[..., 0]
    apart = np.abs(np.subtract.outer(np.arange(layers), np.arange(layers)))[None, :, :, None]
    both = (observed[:, None] * observed[None]) ** 0.5
    values = (
        both.transpose(2, 0, 1, 3) * np.exp(-apart / (0.4 * layers)) * rng.uniform(0.9, 1, (pairs, layers, layers, 1))
    )
    maps = np.arange(layers) // 2
    pooled = maps[:, None] != maps
    return {
        "across": (("pair", "layer_x", "layer_y", "epsilon"), values),
        "across_samples": (("pair", "layer_x", "layer_y"), np.stack([np.where(pooled, 250, 4000)] * pairs)),
        "across_pooled": (("pair", "layer_x", "layer_y"), np.stack([pooled.astype(np.int8)] * pairs)),
        "across_value": (("pair", "layer_x", "layer_y", "measure"), np.repeat(values[..., -1:], len(MEASURES), -1)),
        "units_x": ("layer_x", results["units"].values),
        "units_y": ("layer_y", results["units"].values),
    }


def training(results: Dataset, checkpoints: int, rng: np.random.Generator) -> dict[str, Any]:
    last = results["similarity"].values[..., 0]
    way = np.linspace(0, 1, checkpoints)[:, None, None, None] ** 0.5
    start = np.where(last > 0, rng.uniform(0, 0.6, last.shape), 0)
    accuracy = 0.1 + 0.88 * np.linspace(0, 1, checkpoints) ** 0.3 - 0.05 * rng.random((results.sizes["network"], 1))
    return {
        "training_similarity": (("checkpoint", *CELL), start + (last - start) * way),
        "checkpoint_accuracy": (("network", "checkpoint"), accuracy),
    }


def not_computed(results: DataTree) -> DataTree:
    """Results with all groups, of which those that not all results have hold nothing but padding."""
    return with_padding(add_groups(results), OPTIONAL)
