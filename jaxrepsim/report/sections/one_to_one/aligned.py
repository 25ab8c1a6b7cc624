"""How alike units and their partners are, counted from the results: what tables, plots and sentences on them share."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from xarray import DataArray

from jaxrepsim.report.doubtful import counted_share
from jaxrepsim.report.results import Floats, Ints, Results, Spread, known_layers, over_known, plural


class Alignment(NamedTuple):
    """Each x unit, (layer, pair, unit); NaN where there is none, or nothing was computed."""

    partner: Floats
    """Correlation with its partner in the one-to-one assignment; NaN for a unit without one."""
    best: Floats
    """Correlation with the y unit it correlates most with, which other x units may share."""
    same: Floats
    """Whether the two are one unit, 1 or 0; NaN for a unit without a partner, and for one that never varies."""


def aligned(results: Results) -> bool:
    """Whether units of any layer were aligned one to one."""
    return bool(known_layers(results, "one_to_one/best_x"))


def alignment(results: Results) -> Alignment:
    """Correlations of x units with their partners, and whether one to one and best partner are the same.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        One value per layer, pair and x unit.
    """
    partner, best = (results[f"one_to_one/{name}"].values for name in ("partner", "best_x"))
    correlation = results["one_to_one/correlation"]
    return Alignment(picked(correlation, partner), picked(correlation, best), _same(results, partner, best))


def same_under_both(results: Results) -> Floats:
    """Whether an x unit has the same one-to-one partner by correlation and by mutual information.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        (layer, pair, unit): 1 or 0; NaN for a unit without a partner, for one that never varies, and where mutual
        information was not measured.
    """
    partner = results["one_to_one/partner"].values
    if "mutual_information" not in results.children:
        return np.full(partner.shape, np.nan)
    return _same(results, partner, results["mutual_information/partner"].values)


def _same(results: Results, partner: Ints, other: Ints) -> Floats:
    # One layer at a time: a comparison of all matrices at once may not fit beside them.
    varies = np.stack([(np.nan_to_num(layer) != 0).any(-1) for layer in results["one_to_one/correlation"].values])
    return np.where((partner >= 0) & (other >= 0) & varies, partner == other, np.nan)


def picked(matrix: DataArray, index: Ints) -> Floats:
    """The value of each unit with one unit of the other network.

    Args:
        matrix: Values (layer, pair, unit, other_unit).
        index: The other unit, (layer, pair, unit), −1 for none.

    Returns:
        (layer, pair, unit), NaN for none.
    """
    values = np.take_along_axis(matrix.values, np.maximum(index, 0)[..., None], -1)[..., 0]
    return np.where(index >= 0, values, np.nan).astype(np.float64)


def by_layer(values: Floats) -> Spread:
    """Mean, smallest and largest over pairs of the mean over units.

    Args:
        values: (layer, pair, unit), NaN where nothing is known.

    Returns:
        One value per layer, NaN where nothing is known.
    """
    return over_known(over_known(values, -1).mean)


def agreement(results: Results, same: Floats, what: str) -> list[str]:
    """A sentence on how many units have the same partner in two ways; none where no unit was compared.

    Args:
        results: The tree of results.
        same: 1 or 0, NaN where a unit does not count, (layer, pair, unit).
        what: What holds for those units that agree, in words.
    """
    total, agree = int((~np.isnan(same)).sum()), int((same == 1).sum())
    if not total:
        return []
    start = "For" if results.sizes["pair"] == 1 else "Over all pairs, for"
    share = counted_share(results, agree, total, by_layer(same).mean)
    return [f"{start} {agree:,} of {plural(total, 'unit')} that vary, {what} {share}."]


def networks_of_pairs(results: Results) -> list[tuple[int, int]]:
    """The indices of the networks of each pair: all pairs, in the order in which results hold them."""
    return list(combinations(range(results.sizes["network"]), 2))


def correlations(results: Results, layer: int, pair: int) -> tuple[Floats, Floats, Floats]:
    """The correlations of the units of a pair in one layer.

    Args:
        results: Results with the group `one_to_one`.
        layer: The index of the layer.
        pair: The index of the pair.

    Returns:
        Within the first network (n_x, n_x), within the second (n_y, n_y), and between them (n_x, n_y).
    """
    between = results["one_to_one/correlation"].values[layer, pair]
    units = np.flatnonzero(~np.isnan(between).all(1)), np.flatnonzero(~np.isnan(between).all(0))
    within = results["one_to_one/correlation_within"].values[layer]
    networks = networks_of_pairs(results)[pair]
    x, y = (within[network][np.ix_(own, own)] for network, own in zip(networks, units, strict=True))
    return x, y, between[np.ix_(*units)]
