"""How sentences name the layers of the highest and of the lowest value."""

from collections.abc import Callable

import numpy as np

from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.results import Results
from jaxrepsim.report.summaries import SAME, Floats


def highest_and_lowest(values: Floats, at: Callable[[int], str]) -> str:
    """The layers of the highest and of the lowest value, as `at` words them; one layer where there is but one.

    Args:
        values: One per layer, NaN for none; at least one is known.
        at: Words for a layer, given its index.
    """
    low, high = _ends(values)
    return at(high) if high == low else f"{at(high)}, the highest, and of {at(low)}, the lowest"


def counted_share(results: Results, count: int, total: int, share: Floats) -> str:
    """A share of all layers, and from which layer to which it runs where they are not as good as the same.

    Args:
        results: The tree of results.
        count: How many there are.
        total: Out of how many, at least one.
        share: Of each layer, NaN for none.
    """
    low, high = _ends(share)
    layers, ends = cited(results), ""
    if share[high] - share[low] >= SAME:
        ends = f"; from {share[low]:.0%} in {layers[low]} to {share[high]:.0%} in {layers[high]}"
    return f"({count / total:.0%}{ends})"


def _ends(values: Floats) -> tuple[int, int]:
    known = np.flatnonzero(~np.isnan(values))
    return int(known[values[known].argmin()]), int(known[values[known].argmax()])
