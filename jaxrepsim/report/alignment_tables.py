"""Tables of one-to-many and many-to-many alignment for a reader."""

from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.clusters import clustered, mixing
from jaxrepsim.report.prediction import best_penalties, counts_as, penalty_labels, predicted, tradeoff
from jaxrepsim.report.summaries import Floats, names, over_known
from jaxrepsim.report.tables import Cell


class Predictors(NamedTuple):
    """Predictors that pass one threshold."""

    counted: str
    """Which count, in words."""
    mean: Cell
    """Of a unit, over pairs; NaN where not computed."""


class OneToManyRow(NamedTuple):
    """One layer at one penalty: means over units, then over pairs."""

    layer: str
    penalty: str
    best: bool
    """Whether the mean held-out R² of the layer is highest here."""
    fitted: Cell
    """R² on the inputs that were fitted."""
    held_out: Cell
    """R² on the others."""
    predictors: list[Predictors]
    """By threshold, from the smallest."""


class ManyToManyRow(NamedTuple):
    """One layer, over all pairs."""

    layer: str
    asked: int
    """The number of clusters that was asked for."""
    spectral: Cell
    """Clusters that hold any unit."""
    spectral_mixed: Cell
    """The share of them that mix both networks."""
    spectral_chance: Cell
    """What the share of mixed clusters is by chance, in clusters of these sizes."""
    spectral_units: Cell
    """The share of units that are in a mixed cluster."""
    tree: Cell
    tree_mixed: Cell
    tree_chance: Cell
    tree_units: Cell
    alone: Cell
    """Units of both networks that correlate with no other unit."""


def one_to_many_rows(results: Dataset) -> list[OneToManyRow]:
    """The table of sparse prediction.

    Args:
        results: The Dataset, with the group `sparse`.

    Returns:
        One row a layer and penalty for which it was computed, from input to output and from the largest penalty on.
    """
    if not predicted(results):
        return []
    curves = tradeoff(results)
    best = best_penalties(curves.held_out)
    order = np.argsort(results["threshold"].values, kind="stable")
    counted = [counts_as(float(results["threshold"].values[index])) for index in order]
    penalties = penalty_labels(results)
    rows = []
    for layer, name in enumerate(names(results, "layer")):
        for place, penalty in enumerate(penalties):
            fitted, held_out = curves.fitted[layer, :, place], curves.held_out[layer, :, place]
            if np.isnan(fitted).all() and np.isnan(held_out).all():
                continue
            predictors = [_cell(curves.predictors[layer, :, place, index]) for index in order]
            rows.append(
                OneToManyRow(
                    layer=name,
                    penalty=penalty,
                    best=place == best[layer],
                    fitted=_cell(fitted),
                    held_out=_cell(held_out),
                    predictors=[Predictors(*pair) for pair in zip(counted, predictors, strict=True)],
                )
            )
    return rows


def many_to_many_rows(results: Dataset) -> list[ManyToManyRow]:
    """The table of clusters.

    Args:
        results: The Dataset, with the group `clusters`.

    Returns:
        One row a layer for which it was computed, from input to output.
    """
    if not clustered(results):
        return []
    spectral, tree = mixing(results, "cluster"), mixing(results, "tree")
    return [
        ManyToManyRow(
            layer=name,
            asked=int(results["cluster_count"].values[layer]),
            spectral=_cell(spectral.clusters[layer]),
            spectral_mixed=_cell(spectral.share[layer]),
            spectral_chance=_cell(results["mixed_by_chance_cluster"].values[layer]),
            spectral_units=_cell(spectral.unit_share[layer]),
            tree=_cell(tree.clusters[layer]),
            tree_mixed=_cell(tree.share[layer]),
            tree_chance=_cell(results["mixed_by_chance_tree"].values[layer]),
            tree_units=_cell(tree.unit_share[layer]),
            alone=_cell(spectral.alone[layer]),
        )
        for layer, name in enumerate(names(results, "layer"))
        if results["cluster_count"].values[layer] >= 0
    ]


def _cell(values: Floats) -> Cell:
    return Cell(*(float(value) for value in over_known(values, 0)))
