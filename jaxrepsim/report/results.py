"""Checked results, and the numbers that tables, plots and sentences share, all counted from them: means, shares."""

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xarray import DataTree

if TYPE_CHECKING:
    from xarray import DataArray

    class Results(DataTree):
        """What `jaxrepsim.report.check` gives: `results["chance/observed"]` is known to be a variable."""

        def __getitem__(self, key: str) -> DataArray: ...
else:
    Results = DataTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
SAME = 0.02
"""Similarities that differ by less are not called different."""
_LAYERS = ("layer", "layer_x", "layer_y")
MOST_LAYERS = 120
"""More layers than this are not drawn and listed one by one: no reader looks at them, and drawing takes hours."""


class Spread(NamedTuple):
    """A mean with the smallest and the largest of the values it is taken over."""

    mean: Floats
    low: Floats
    high: Floats

    def at(self, *index: int | slice) -> "Spread":
        """The same at some places of the arrays."""
        return Spread(*(part[index] for part in self))


def names(results: Results, dim: str) -> list[str]:
    """The labels along one dimension, as text."""
    return [str(value) for value in results[dim].values]


def rounded(value: float) -> str:
    """A similarity to two digits, or to so many that a small one is not called none, or a large one all.

    >>> rounded(0.834), rounded(0.0012), rounded(0.9996), rounded(1.0), rounded(-0.001), rounded(0.99999)
    ('0.83', '0.001', '0.9996', '1.00', '0.00', '>0.9999')
    """
    if 0 < value < 1:
        texts = (f"{value:.{digits}f}" for digits in (2, 3, 4))
        return next((text for text in texts if 0 < float(text) < 1), "<0.0001" if value < 0.5 else ">0.9999")
    return f"{round(value, 2) + 0.0:.2f}"  # no −0.00


def short(value: float) -> str:
    """A number with three digits that count and no power of ten, as text of tables; ∞, or a dash where there is none.

    >>> short(0.01234), short(98.765), short(12345.0), short(0.0000123), short(float("nan"))
    ('0.0123', '98.8', '12,300', '0.0000123', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    text = np.format_float_positional(value, 3, fractional=False, trim="-")
    return text if abs(float(text)) < 1000 else f"{float(text):,.0f}"


def of_chance(p: float) -> str:
    """A p-value with two digits that count, without powers of ten; a dash where there is none.

    >>> of_chance(0.0251), of_chance(0.00004)
    ('0.025', '<0.0001')
    """
    return "–" if math.isnan(p) else f"{p:.2g}" if p >= 0.0001 else "<0.0001"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """A number with its noun, whose plural is the noun with an s if not given.

    >>> plural(1, "layer"), plural(2000, "unit"), plural(2, "match", "matches")
    ('1 layer', '2,000 units', '2 matches')
    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def unit_counts(results: Results) -> tuple[Ints, Ints]:
    """Units of both sides: how many places of the profile are no NaN.

    Args:
        results: The tree of results.

    Returns:
        Two arrays (layer, pair). The sides differ where two files of different widths are compared.
    """
    x, y = (results[f"similarity/profile_{side}"].notnull().sum("unit").max("redraw").values for side in "xy")
    return x, y


def pair_similarity(results: Results) -> Floats:
    """Similarity of every pair: (layer, pair, ε), the mean over redraws that were made."""
    return results["similarity/similarity"].mean("redraw", skipna=True).values.astype(np.float64)


def over_pairs(values: ArrayLike, axis: int = 1) -> Spread:
    """Mean, smallest and largest value over pairs.

    Args:
        values: An array with one value a pair along `axis`.
        axis: The axis of pairs.

    Returns:
        Arrays without that axis.
    """
    array = np.asarray(values, dtype=np.float64)
    return Spread(array.mean(axis), array.min(axis), array.max(axis))


def over_known(values: ArrayLike, axis: int | tuple[int, ...] = 1) -> Spread:
    """Mean, smallest and largest of the values that were computed.

    Args:
        values: An array, NaN where nothing was computed.
        axis: The axes to go over, by default that of pairs.

    Returns:
        Arrays without those axes; NaN where there is no value.
    """
    array = np.asarray(values, dtype=np.float64)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # where there is no value
        return Spread(np.nanmean(array, axis), np.nanmin(array, axis), np.nanmax(array, axis))


def thinned(indices: Sequence[int], most: int) -> list[int]:
    """At most `most` of the indices, evenly spaced, the first and the last among them.

    >>> thinned([0, 1, 2, 3, 4, 5, 6], 4)
    [0, 2, 4, 6]
    """
    if len(indices) <= most:
        return list(indices)
    return [indices[round(place)] for place in np.linspace(0, len(indices) - 1, most)]


def some_layers(results: Results) -> Results:
    """The results of at most `MOST_LAYERS` layers, evenly spaced, the first and the last among them."""
    if results.sizes["layer"] <= MOST_LAYERS:
        return results
    counts = {dim: count for node in results.subtree for dim, count in node.sizes.items() if dim in _LAYERS}
    chosen = {dim: thinned(range(count), MOST_LAYERS) for dim, count in counts.items()}
    return results.isel(chosen, missing_dims="ignore")


def known_layers(results: Results, path: str, **at: int) -> list[int]:
    """The layers for which a variable was computed: not all of its values are padding, NaN or −1.

    Args:
        results: The tree of results.
        path: The variable, such as `clusters/count`.
        **at: Where else it must be known, such as `pair=0`.

    Returns:
        Their indices, from input to output; none where the group is missing.
    """
    if path.partition("/")[0] not in results.children:
        return []
    values = results[path].isel(at)
    known = values.notnull() if values.dtype.kind == "f" else values >= 0
    return np.flatnonzero(known.any([dim for dim in values.dims if dim != "layer"])).tolist()


def computed(results: Results, *variables: str) -> bool:
    """Whether any of these variables, such as `chance/observed`, was computed in any layer."""
    return any(known_layers(results, variable) for variable in variables)
