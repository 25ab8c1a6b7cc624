"""Long tables of the groups that align units, for other programs."""

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.aligned import alignment, picked
from jaxrepsim.report.clusters import of_units
from jaxrepsim.report.schema import holds
from jaxrepsim.report.summaries import names, over_known


def unit_table(results: Dataset) -> DataFrame:
    """Mean and standard deviation of each unit.

    Args:
        results: The Dataset, with the group `one_to_one`.

    Returns:
        One row a layer, network and unit.
    """
    mean, std = (results[f"unit_{kind}"].values for kind in ("mean", "std"))
    return _rows(results, ("layer", "network"), ~np.isnan(mean), {"mean": mean, "std": std})


def one_to_one_table(results: Dataset) -> DataFrame:
    """Partners of the units of the first network of each pair.

    Args:
        results: The Dataset, with the group `one_to_one`.

    Returns:
        One row a layer, pair and unit: its partner one to one and the correlation with it (empty where there is none),
        the unit it correlates most with and that correlation, and whether the two are the same (empty for a unit that
        never varies). With mutual information also the partner and the best unit by it, each with its nats, and the
        nats of the partner by correlation.
    """
    found = alignment(results)
    columns = {
        "partner": _index(results, "partner"),
        "correlation": found.partner,
        "best": _index(results, "best_x"),
        "best_correlation": found.best,
        "same": found.same,
    }
    if holds(results, "mutual_information"):
        for name, variable in (("partner", "information_partner"), ("best", "information_best_x")):
            columns[f"information_{name}"] = _index(results, variable)
            columns[f"information_{name}_nats"] = picked(results, "mutual_information", results[variable].values)
        columns["partner_nats"] = picked(results, "mutual_information", results["partner"].values)
    return _rows(results, ("layer", "pair"), results["best_x"].values >= 0, columns)


def sparse_table(results: Dataset) -> DataFrame:
    """How well units are predicted from few units of the other network.

    Args:
        results: The Dataset, with the group `sparse`.

    Returns:
        One row a layer, pair, predicted side (x or y) and penalty: means over units of R² on fitted and on held-out
        inputs, and of the number of predictors beyond each threshold.
    """
    rows = []
    thresholds = [f"predictors_beyond_{value:g}" for value in results["threshold"].values]
    for side in "xy":
        fitted, held_out = (over_known(results[f"{kind}_r2_{side}"].values, -1).mean for kind in ("fitted", "held_out"))
        counts = results[f"predictors_{side}"].values
        predictors = over_known(np.where(counts < 0, np.nan, counts), -1).mean
        for layer, pair, penalty in np.argwhere(~np.isnan(fitted)).tolist():
            at = (layer, pair, penalty)
            rows.append([layer, pair, side, penalty, fitted[at], held_out[at], *predictors[at]])
    columns = ["layer", "pair", "predicted", "penalty", "fitted_r2", "held_out_r2", *thresholds]
    table = DataFrame(rows, columns=columns).sort_values(["layer", "pair", "predicted", "penalty"], kind="stable")
    table["layer"] = [names(results, "layer")[layer] for layer in table["layer"]]
    table["pair"] = [names(results, "pair")[pair] for pair in table["pair"]]
    table["penalty"] = [results["penalty"].values[penalty] for penalty in table["penalty"]]
    return table


def cluster_table(results: Dataset) -> DataFrame:
    """The clusters of each unit.

    Args:
        results: The Dataset, with the group `clusters`.

    Returns:
        One row a layer, pair, side (x or y) and unit: its spectral cluster, −1 for none, its cluster in the tree, and
        its place in the drawing order of the tree.
    """
    kinds = ("cluster", "tree", "leaf")
    rows = []
    for layer, pair in np.ndindex(results.sizes["layer"], results.sizes["pair"]):
        if results["cluster_count"].values[layer] < 0:
            continue
        sides = zip(*(of_units(results, kind, layer, pair) for kind in kinds), strict=True)
        for side, values in zip("xy", sides, strict=True):
            head = [names(results, "layer")[layer], names(results, "pair")[pair], side]
            rows += [[*head, unit, *row] for unit, row in enumerate(np.column_stack(values).tolist())]
    return DataFrame(rows, columns=["layer", "pair", "side", "unit", *kinds])


def _index(results: Dataset, name: str) -> np.ndarray:
    """Indices of units, empty for none."""
    values = results[name].values.astype(object)
    values[results[name].values < 0] = None
    return values


def _rows(results: Dataset, dims: tuple[str, str], known: np.ndarray, columns: dict[str, np.ndarray]) -> DataFrame:
    """One row a unit that is known: its place, then the columns."""
    first, second, unit = np.nonzero(known)
    place = {
        dims[0]: np.array(names(results, dims[0]), object)[first],
        dims[1]: np.array(names(results, dims[1]), object)[second],
        "unit": unit,
    }
    return DataFrame(place | {name: values[known] for name, values in columns.items()})
