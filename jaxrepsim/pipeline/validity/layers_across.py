"""Every layer of one network against every layer of another, by every measure; what is done is kept."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jaxrepsim import validity
from jaxrepsim.files import atomic_path
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.validity.networks import Maps, pooled, reduced

Rows = Literal["pooled", "positions"]
SAMPLE = 600
"""At most so many rows for measures whose time grows with the square of their number."""
SEED = 0
Values = dict[str, NDArray[np.float64]]


def across(x: Maps, y: Maps, rows: Rows, names: Sequence[str], folder: Path) -> Values:
    """Measures of all layers of two networks of the same images.

    Args:
        x: The first network.
        y: The second.
        rows: `pooled`: an image a row; `positions`: every position of every image, of the smaller of two maps.
        names: Of the measures.
        folder: Where values are kept.

    Returns:
        For each name (2, layers of x, layers of y): with a layer of x as the first argument, and with one of y.
    """

    if rows == "pooled":  # what follows looks at means alone
        x, y = ({layer: pooled(maps)[:, None, None] for layer, maps in network.items()} for network in (x, y))

    def compute(missing: Sequence[str]) -> Values:
        found = {name: np.full((2, len(x), len(y)), np.nan) for name in missing}
        sides = [[maps.shape[1] for maps in network.values()] for network in (x, y)]
        cells = list(product(range(len(x)), range(len(y))))
        for side in sorted({min(sides[0][i], sides[1][j]) for i, j in cells}):
            here = [(i, j) for i, j in cells if min(sides[0][i], sides[1][j]) == side]
            used = [sorted(set(layers)) for layers in zip(*here, strict=True)]
            arrays = [
                reduced(maps, side)
                for network, own in zip((x, y), used, strict=True)
                for at, maps in enumerate(network.values())
                if at in own
            ]
            places = [(used[0].index(i), len(used[0]) + used[1].index(j)) for i, j in here]
            at = tuple(np.transpose(here))
            for name, (forth, back) in both_ways(arrays, places, missing).items():
                found[name][0][at], found[name][1][at] = forth, back
        return found

    return kept([rows.encode(), *(maps for network in (x, y) for maps in network.values())], names, compute, folder)


def both_ways(
    arrays: Sequence[NDArray[np.float64]], places: Sequence[tuple[int, int]], names: Sequence[str]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Measures of pairs, and of the pairs swapped, in float64; those that need all pairs of rows see a sample."""
    count = len(arrays[0])
    sample = np.sort(np.random.default_rng(SEED).permutation(count)[:SAMPLE]) if count > SAMPLE else None
    with enable_x64(True):
        return validity.measured_both_ways(arrays, places, names, sample)


def kept(
    of: Iterable[NDArray[np.float64] | bytes],
    names: Sequence[str],
    compute: Callable[[Sequence[str]], Values],
    folder: Path,
) -> Values:
    """Values that are on disk, and those that are not, which then are.

    Args:
        of: What they are computed of: with other activations they are others.
        names: Of the measures.
        compute: Gives the values of some of the names.
        folder: Where to.
    """
    digest = hashlib.sha256()
    for part in of:
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    path = folder / f"{digest.hexdigest()[:32]}.npz"
    there: Values = {}
    if path.exists():
        with np.load(path) as file:
            there = {name: file[name] for name in file.files}
    missing = [name for name in names if name not in there]
    if missing:
        there |= compute(missing)
        with atomic_path(path) as temporary, temporary.open("wb") as handle:
            np.savez(handle, allow_pickle=False, **there)
    return {name: there[name] for name in names}
