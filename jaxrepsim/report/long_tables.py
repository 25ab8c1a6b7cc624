"""Long tables of the optional groups, for other programs: one CSV file a group."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pandas import DataFrame
from xarray import DataArray, Dataset

from jaxrepsim.files import write_text
from jaxrepsim.report.joint import pair_mean
from jaxrepsim.report.long_tables_alignment import cluster_table, one_to_one_table, sparse_table, unit_table
from jaxrepsim.report.schema import check, holds
from jaxrepsim.report.stability import looked_at, stability_rows
from jaxrepsim.report.summaries import names, over_known


def write_tables(results: Dataset, folder: str | os.PathLike[str]) -> list[Path]:
    """Writes a table of each optional group that the results hold, as comma-separated values, atomically.

    `simple_matches.csv`, `chance.csv`, `joint.csv`, `across_layers.csv`, `over_training.csv`, `stability.csv`,
    `units.csv`, `one_to_one.csv`, `sparse_prediction.csv` and `clusters.csv`. What was not computed has no row.
    `write_csv` writes the similarities of the run.

    Args:
        results: The Dataset.
        folder: Where to. Made where missing.

    Returns:
        The files.

    Raises:
        InputError: The Dataset is not one of match results.
    """
    check(results)
    paths = []
    for name, (group, table) in _TABLES.items():
        if holds(results, group):
            path = Path(folder) / f"{name}.csv"
            write_text(path, table(results).to_csv(index=False, float_format="%.6g", lineterminator="\n"))
            paths.append(path)
    return paths


def simple_match_table(results: Dataset) -> DataFrame:
    """The simple matches that were found.

    Args:
        results: The Dataset, with the group `decomposition`.

    Returns:
        One row a match: its sizes and units (indices, separated by spaces) on both sides, the numbers of the matches
        directly inside it, and whether all simple matches of this layer, pair and ε were found.
    """
    columns = ["layer", "pair", "epsilon", "match", "size_x", "size_y", "units_x", "units_y", "contains", "complete"]
    rows = []
    labels = [results[dim].values.tolist() for dim in ("layer", "pair", "epsilon")]
    # One layer at a time: all masks together may be large.
    for layer, name in enumerate(labels[0]):
        x, y, below = (results[v][layer].values == 1 for v in ("simple_x", "simple_y", "simple_below"))
        complete = results["simple_complete"].values[layer] == 1
        for pair, epsilon, match in np.argwhere(x.any(-1) | y.any(-1)).tolist():
            units = [np.flatnonzero(side[pair, epsilon, match]) for side in (x, y)]
            inside = np.flatnonzero(below[pair, epsilon, match])
            rows.append(
                [name, labels[1][pair], labels[2][epsilon], match]
                + [len(side) for side in units]
                + [" ".join(map(str, side)) for side in (*units, inside)]
                + [int(complete[pair, epsilon])]
            )
    return DataFrame(rows, columns=columns)


def chance_table(results: Dataset) -> DataFrame:
    """Similarity beside what chance gives.

    Args:
        results: The Dataset, with the group `chance`.

    Returns:
        One row a layer, ε and pair: the observed similarity, that of untrained networks, and mean, smallest and largest
        of the draws, with their p-values.
    """
    observed = results["chance_observed"]
    columns = {"samples": results["chance_samples"], "observed": observed, "untrained": results["chance_untrained"]}
    for kind in ("shuffled", "random"):
        draws = over_known(results[f"chance_{kind}"].values, -1)
        columns |= {f"{kind}_{part}": (observed.dims, values) for part, values in draws._asdict().items()}
        columns[f"p_{kind}"] = results[f"p_{kind}"]
    return _long(Dataset(columns), ["layer", "epsilon", "pair"], "observed")


def joint_table(results: Dataset) -> DataFrame:
    """Similarity of all networks at once.

    Args:
        results: The Dataset, with the group `joint`.

    Returns:
        One row a layer, ε and network: the similarity of all networks, the mean over pairs, and how many units of the
        network are matched.
    """
    similarity = results["joint_similarity"]
    columns = {
        "similarity": similarity,
        "similarity_of_pairs": (similarity.dims, pair_mean(results)),
        "matched": results["joint_matched"],
    }
    return _long(Dataset(columns), ["layer", "epsilon", "network"], "similarity")


def across_table(results: Dataset) -> DataFrame:
    """Similarity of layers with other layers.

    Args:
        results: The Dataset, with the group `across`.

    Returns:
        One row a layer, other layer, ε and pair: the similarity, the samples, and whether maps were pooled.
    """
    columns = {
        "similarity": results["across"],
        "samples": results["across_samples"],
        "pooled": results["across_pooled"],
    }
    return _long(Dataset(columns), ["layer", "other_layer", "epsilon", "pair"], "similarity")


def training_table(results: Dataset) -> DataFrame:
    """Similarity over training.

    Args:
        results: The Dataset, with the group `training`.

    Returns:
        One row an epoch, layer, ε and pair: the similarity, and the mean validation accuracy of all networks.
    """
    accuracy = over_known(results["checkpoint_accuracy"].values, 0).mean
    columns = {
        "similarity": results["training_similarity"],
        "mean_accuracy": DataArray(accuracy, dims="checkpoint", coords={"checkpoint": results["checkpoint"]}),
    }
    table = Dataset(columns).rename(checkpoint="epoch")
    return _long(table, ["epoch", "layer", "epsilon", "pair"], "similarity")


def stability_table(results: Dataset) -> DataFrame:
    """Bounds, verdicts and stable values of ε.

    Args:
        results: The Dataset, with the group `stability`.

    Returns:
        One row a layer, ε and pair: bounds of θ (the smallest of any network) and of λ, the verdict, and the stable
        intervals of the pair as `from:to`, separated by spaces.
    """
    rows = []
    results = looked_at(results)
    for layer, row in enumerate(stability_rows(results)):
        ends = {pair: " ".join(f"{low:.6g}:{high:.6g}" for low, high in ends) for pair, ends in row.intervals}
        for epsilon, value in enumerate(results["epsilon"].values):
            for index, pair in enumerate(names(results, "pair")):
                verdict = {1: "stable", 0: "not stable"}.get(int(results["stable"][layer, index, epsilon]), "undecided")
                rows.append([row.layer, value, pair, *row.degrees, *row.factor, verdict, ends.get(pair, "")])
    bounds = ["theta_lower_degrees", "theta_upper_degrees", "lambda_lower", "lambda_upper"]
    return DataFrame(rows, columns=["layer", "epsilon", "pair", *bounds, "verdict", "stable_intervals"])


def _long(table: Dataset, dims: list[str], measured: str) -> DataFrame:
    return table.to_dataframe(dim_order=dims).reset_index().dropna(subset=[measured])


_TABLES: dict[str, tuple[str, Callable[[Dataset], DataFrame]]] = {
    "simple_matches": ("decomposition", simple_match_table),
    "chance": ("chance", chance_table),
    "joint": ("joint", joint_table),
    "across_layers": ("across", across_table),
    "over_training": ("training", training_table),
    "stability": ("stability", stability_table),
    "units": ("one_to_one", unit_table),
    "one_to_one": ("one_to_one", one_to_one_table),
    "sparse_prediction": ("sparse", sparse_table),
    "clusters": ("clusters", cluster_table),
}
