"""How alike units and their partners are, counted from the results: what tables, plots and sentences on them share."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.schema import holds
from jaxrepsim.report.summaries import Floats, Ints, Spread, over_known


class Alignment(NamedTuple):
    """Each x unit, (layer, pair, unit); NaN where there is none, or nothing was computed."""

    partner: Floats
    """Correlation with its partner in the one-to-one assignment; NaN for a unit without one."""
    best: Floats
    """Correlation with the y unit it correlates most with, which other x units may share."""
    same: Floats
    """Whether the two are one unit, 1 or 0; NaN for a unit without a partner, and for one that never varies."""


def aligned(results: Dataset) -> bool:
    """Whether units of any layer were aligned one to one."""
    return holds(results, "one_to_one") and bool((results["best_x"] >= 0).any())


def informed(results: Dataset) -> bool:
    """Whether mutual information was measured anywhere."""
    return holds(results, "mutual_information") and bool((results["information_best_x"] >= 0).any())


def alignment(results: Dataset) -> Alignment:
    """Correlations of x units with their partners, and whether one to one and best partner are the same.

    Args:
        results: The Dataset, with the group `one_to_one`.

    Returns:
        One value a layer, pair and x unit.
    """
    partner, best = results["partner"].values, results["best_x"].values
    counted = (partner >= 0) & (best >= 0) & varies(results)
    return Alignment(
        picked(results, "correlation", partner),
        picked(results, "correlation", best),
        np.where(counted, partner == best, np.nan),
    )


def varies(results: Dataset) -> np.ndarray:
    """Whether an x unit correlates with any y unit at all, (layer, pair, unit): one that never varies does not."""
    # One layer at a time: a comparison of all matrices at once may not fit beside them.
    return np.stack([(np.nan_to_num(layer) != 0).any(-1) for layer in results["correlation"].values])


def same_under_both(results: Dataset) -> Floats:
    """Whether an x unit has the same one-to-one partner by correlation and by mutual information.

    Args:
        results: The Dataset, with the groups `one_to_one` and `mutual_information`.

    Returns:
        (layer, pair, unit): 1 or 0; NaN for a unit without a partner, and for one that never varies.
    """
    partner, other = results["partner"].values, results["information_partner"].values
    return np.where((partner >= 0) & (other >= 0) & varies(results), partner == other, np.nan)


def picked(results: Dataset, name: str, index: Ints) -> Floats:
    """The value of each unit with one unit of the other network.

    Args:
        results: The Dataset.
        name: A variable (layer, pair, unit, other_unit).
        index: The other unit, (layer, pair, unit), −1 for none.

    Returns:
        (layer, pair, unit), NaN for none.
    """
    values = np.take_along_axis(results[name].values, np.maximum(index, 0)[..., None], -1)[..., 0]
    return np.where(index >= 0, values, np.nan).astype(np.float64)


def by_layer(values: Floats) -> Spread:
    """Mean, smallest and largest over pairs of the mean over units.

    Args:
        values: (layer, pair, unit), NaN where nothing is known.

    Returns:
        One value a layer, NaN where nothing is known.
    """
    return over_known(over_known(values, -1).mean)


def networks_of_pairs(results: Dataset) -> list[tuple[int, int]]:
    """The indices of the networks of each pair: all pairs, in the order in which results hold them."""
    return list(combinations(range(results.sizes["network"]), 2))
