"""Simple matches and certificates, counted from the results: what tables, plots and sentences on them share."""

from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.schema import holds
from jaxrepsim.report.summaries import Floats, Ints, unit_counts


class SimpleSizes(NamedTuple):
    """The simple matches that were found; an unused slot has size 0 on both sides."""

    x: Ints
    """Units of the first network, (layer, pair, ε, slot)."""
    y: Ints
    """Units of the second."""

    @property
    def both(self) -> Ints:
        """Units of both sides."""
        return self.x + self.y

    @property
    def found(self) -> Ints:
        """How many were found, (layer, pair, ε)."""
        return (self.both > 0).sum(-1)

    @property
    def single(self) -> Ints:
        """How many are one unit on each side, (layer, pair, ε)."""
        return ((self.x == 1) & (self.y == 1)).sum(-1)


class Certificates(NamedTuple):
    """Shares of all units of both networks, (layer, pair, ε), NaN where not computed. They add up to 1."""

    minimum: Floats
    """With a proven minimum match: exactly one v-minimal match."""
    several: Floats
    """With two v-minimal matches or more."""
    none: Floats
    """In no match; dead units are among them."""


def simple_sizes(results: Dataset) -> SimpleSizes:
    """Sizes of the simple matches that were found.

    Args:
        results: The Dataset, with the group `decomposition`.

    Returns:
        The sizes of both sides.
    """
    # One layer at a time: a comparison of all masks at once may not fit beside them.
    x, y = (np.stack([(layer == 1).sum(-1) for layer in results[name].values]) for name in ("simple_x", "simple_y"))
    return SimpleSizes(x, y)


def any_simple(results: Dataset) -> bool:
    """Whether any simple match was found."""
    return holds(results, "decomposition") and bool((results["simple_x"] >= 0).any())


def matched_units(results: Dataset) -> Ints:
    """Units in the maximum match, both sides together, (layer, pair, ε): of the first redraw, as certificates are."""
    return (results["matched_x"] + results["matched_y"]).isel(redraw=0).values.astype(np.int64)


def certificates(results: Dataset) -> Certificates:
    """Shares of units by what is proven of their v-minimal matches.

    Args:
        results: The Dataset, with the group `decomposition`.

    Returns:
        The three shares of each layer, pair and ε.
    """
    minimum, several = (results[name].values for name in ("certified_minimum", "certified_several"))
    known = (minimum >= 0) & (several >= 0)
    x, y = unit_counts(results)
    units = np.maximum(x + y, 1)[:, :, None]
    one, more = (np.where(known, count / units, np.nan) for count in (minimum, several))
    return Certificates(one, more, 1 - one - more)


def certified(results: Dataset) -> bool:
    """Whether the certificates of any layer, pair and ε were computed."""
    return holds(results, "decomposition") and bool((results["certified_minimum"] >= 0).any())
