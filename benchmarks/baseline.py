"""The paper's algorithms by NumPy least squares, written from its definitions: what the package is timed against.

As fast as NumPy makes them without leaving the paper: units have norm 1 once and for all, all units of a side are one
`np.linalg.lstsq` with many right-hand sides, on as many threads as serve it best (see `threads`), only the columns of
the current set enter, the residual norms are those that LAPACK returns, and a test of v ends when v is gone.

Source: Wang et al. 2018 (arXiv:1810.11750), definition 1, algorithms 1 and 2.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CUTOFF = 1e-10
"""Singular values below this share of the largest are zero: dependent units add nothing to a span."""


def unit_columns(x: Array) -> Array:
    """Columns of norm 1; a dead unit stays zero."""
    norm = np.linalg.norm(x, axis=0)
    return x / np.where(norm > 0, norm, 1.0)


def alive(x: Array, y: Array) -> Mask:
    """Bool[n_x + n_y]: the units that are not zero for every sample."""
    return np.concatenate([np.sum(np.abs(side), axis=0) for side in (x, y)]) > 0


def squared_residuals(points: Array, span: Array) -> Array:
    """min over λ of |p − Σ λ_j s_j|² for every column p of `points`."""
    if 0 in (points.shape[1], span.shape[1]):
        return np.sum(points * points, axis=0)
    coefficients, squared, rank, _ = np.linalg.lstsq(span, points, rcond=CUTOFF)
    if rank == span.shape[1] and squared.size:
        return np.asarray(squared, float)
    error = points - span @ coefficients  # LAPACK gives no residuals where the span has dependent columns
    return np.sum(error * error, axis=0)


def shrink(x: Array, y: Array, epsilon: float, keep: Mask, watch: int | None = None, first: int | None = None) -> Mask:
    """The loop of algorithm 1: throw out what the other side does not span within ε, until nothing is thrown out.

    Args:
        x: Float[m, n_x], of unit norm, like y.
        y: Float[m, n_y].
        epsilon: The bound.
        keep: Bool[n_x + n_y], the set to begin with.
        watch: A unit of interest: once it is gone, so is everything.
        first: Not in the paper: the one side (0 for x) that needs looking at to begin with, where the set is an ε-match
            but for a unit taken out of the other side. A side is then looked at only after the other has lost units.

    Returns:
        Bool[n_x + n_y].
    """
    n_x = x.shape[1]
    keep = keep.copy()
    sides = ((slice(0, n_x), slice(n_x, None), x, y), (slice(n_x, None), slice(0, n_x), y, x))
    due = [True, True] if first is None else [first == 0, first == 1]
    while any(due):
        changed = [False, False]
        for i, (side, other, points, span) in enumerate(sides):
            if not due[i]:
                continue
            kept = np.flatnonzero(keep[side])
            squared = squared_residuals(points[:, kept], span[:, keep[other]])
            gone = kept[squared > epsilon * epsilon]
            keep[side][gone] = False
            changed[i] = gone.size > 0
            if watch is not None and not keep[watch]:
                return np.zeros_like(keep)
        due = [any(changed)] * 2 if first is None else changed[::-1]
    return keep


def maximum_match(x: Array, y: Array, epsilon: float) -> Mask:
    """Algorithm 1 from all units that are not dead: Bool[n_x + n_y]."""
    x, y = unit_columns(x), unit_columns(y)
    return shrink(x, y, epsilon, alive(x, y))


def minimal_match(
    x: Array, y: Array, epsilon: float, unit: int, one_sided: bool = False, order: NDArray[np.int_] | None = None
) -> Mask:
    """Algorithm 2: from the maximum match, do without each unit in turn where v survives that.

    Args:
        x: Float[m, n_x], raw or compressed.
        y: Float[m, n_y].
        epsilon: The bound.
        unit: v, x units first.
        one_sided: Not in the paper: look at a side only after the other has lost units, which halves the work.
        order: In which the units are tried; 0, 1, 2, … by default.

    Returns:
        Bool[n_x + n_y]; empty where v is in no match.
    """
    x, y = unit_columns(x), unit_columns(y)
    match = shrink(x, y, epsilon, alive(x, y), watch=unit)
    for u in range(match.size) if order is None else order.tolist():
        if u == unit or not match[u]:
            continue
        without = match.copy()
        without[u] = False
        smaller = shrink(x, y, epsilon, without, unit, first=int(u < x.shape[1]) if one_sided else None)
        if smaller[unit]:
            match = smaller
    return match
