"""Simple matches and certificates, counted from the results: what tables, plots and sentences on them share."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxrepsim.report.results import Floats, Ints, Results, unit_counts


class SimpleSizes(NamedTuple):
    """The simple matches that were found; an unused slot has size 0 on both sides."""

    x: Ints
    """Units of the first network, (layer, pair, ε, slot)."""
    y: Ints
    """Units of the second."""
    units: Ints
    """Units of both networks in the layer, (layer, pair)."""

    @property
    def both(self) -> Ints:
        """Units of both sides."""
        return self.x + self.y

    @property
    def shares(self) -> Floats:
        """The same as shares of all units of both networks."""
        return self.both / np.maximum(self.units, 1)[:, :, None, None]

    @property
    def found(self) -> Ints:
        """How many were found, (layer, pair, ε)."""
        return (self.both > 0).sum(-1)

    @property
    def single(self) -> NDArray[np.bool_]:
        """Which are one unit on each side."""
        return (self.x == 1) & (self.y == 1)


class Certificates(NamedTuple):
    """Shares of all units of both networks, (layer, pair, ε), NaN where not computed. They add up to 1."""

    minimum: Floats
    """With a proven minimum match: exactly one v-minimal match."""
    several: Floats
    """With two v-minimal matches or more."""
    none: Floats
    """In no match; dead units are among them."""


def simple_sizes(results: Results) -> SimpleSizes:
    """Sizes of the simple matches that were found.

    Args:
        results: Results with the group `decomposition`.

    Returns:
        The sizes of both sides.
    """
    # One layer at a time: a comparison of all masks at once may not fit beside them.
    sides = (results[f"decomposition/simple_{side}"].values for side in "xy")
    x, y = (np.stack([(layer == 1).sum(-1) for layer in masks]) for masks in sides)
    return SimpleSizes(x, y, np.add(*unit_counts(results)))


def any_simple(results: Results) -> bool:
    """Whether any simple match was found."""
    return "decomposition" in results.children and bool((results["decomposition/simple_x"] >= 0).any())


def matched_units(results: Results) -> Ints:
    """Units in the maximum match, both sides together, (layer, pair, ε): of the first redraw, as certificates are."""
    x, y = (results[f"similarity/matched_{side}"].isel(redraw=0).values for side in "xy")
    return (x + y).astype(np.int64)


def certificates(results: Results) -> Certificates:
    """Shares of units by what is proven of their v-minimal matches.

    Args:
        results: Results with the group `decomposition`.

    Returns:
        The three shares of each layer, pair and ε.
    """
    minimum, several = (results[f"decomposition/certified_{name}"].values for name in ("minimum", "several"))
    known = (minimum >= 0) & (several >= 0)
    units = np.maximum(np.add(*unit_counts(results)), 1)[:, :, None]
    one, more = (np.where(known, count / units, np.nan) for count in (minimum, several))
    return Certificates(one, more, 1 - one - more)
