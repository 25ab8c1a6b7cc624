"""The paper's algorithms (arXiv:1810.11750), a least-squares problem for every test."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.reference.definitions import residuals, unit_columns

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Seen:
    """Remembers how near to ε the compared residuals came, so that a test can put ties aside."""

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon
        self.margin = np.inf

    def add(self, values: Array) -> None:
        """Note the residuals compared with ε."""
        self.margin = min(self.margin, np.abs(values - self.epsilon).min(initial=np.inf))


def residuals_lstsq(x: Array, y: Array, *, cutoff: float = 1e-10, resolution: float = 0.0) -> Array:
    """dist(x_i, span{y_j}) / |x_i| by least squares, as in the paper's Algorithm 1: min over λ of |x_i − Σ λ_j y_j|."""
    x, y = unit_columns(x), unit_columns(y)
    fit = y @ np.linalg.lstsq(y, x, rcond=cutoff)[0] if y.shape[1] else np.zeros_like(x)
    r = np.minimum(np.linalg.norm(x - fit, axis=0), 1.0)
    r[r < resolution] = 0.0
    r[~x.any(axis=0)] = 1.0
    return r


def maximum_match_lstsq(
    x: Array,
    y: Array,
    epsilon: float,
    *,
    within: Mask | None = None,
    cutoff: float = 1e-10,
    resolution: float = 0.0,
    seen: Seen | None = None,
) -> Mask:
    """Algorithm 1, max_match: throw out the units of either side that the other does not span within ε, until none is.

    Args:
        x: Float[m, n_x].
        y: Float[m, n_y].
        epsilon: The bound on the residual.
        within: Bool[n], the units to begin with; default all.
        cutoff: Of the singular values, in the least-squares problems.
        resolution: A residual below it reads as 0.
        seen: Collects the residuals compared with ε.

    Returns:
        Bool[n], the maximum match.
    """
    n_x = x.shape[1]
    keep = np.ones(n_x + y.shape[1], bool) if within is None else within.copy()
    while True:
        before = keep.copy()
        for side, other, columns, other_columns in (
            (slice(0, n_x), slice(n_x, None), x, y),
            (slice(n_x, None), slice(0, n_x), y, x),
        ):
            kept = np.flatnonzero(keep[side])
            r = residuals_lstsq(columns[:, kept], other_columns[:, keep[other]], cutoff=cutoff, resolution=resolution)
            if seen is not None:
                seen.add(r)
            keep[side][kept[r > epsilon]] = False
        if (keep == before).all():
            return keep


def minimal_match_lstsq(
    x: Array,
    y: Array,
    epsilon: float,
    unit: int,
    order: NDArray[np.int_] | None = None,
    *,
    cutoff: float = 1e-10,
    resolution: float = 0.0,
    seen: Seen | None = None,
) -> Mask:
    """Algorithm 2, min_match: from the maximum match, try to do without each unit in turn.

    Args:
        x: Float[m, n_x].
        y: Float[m, n_y].
        epsilon: The bound on the residual.
        unit: v, an index into the joint index.
        order: Int[n], in which the units are tried; default 0, 1, and so on.
        cutoff: Of the singular values, in the least-squares problems.
        resolution: A residual below it reads as 0.
        seen: Collects the residuals compared with ε.

    Returns:
        Bool[n], a v-minimal match; empty where no match holds v.
    """
    options = {"cutoff": cutoff, "resolution": resolution, "seen": seen}
    match = maximum_match_lstsq(x, y, epsilon, **options)
    if not match[unit]:
        return np.zeros_like(match)
    for u in np.arange(match.size) if order is None else order:
        if u == unit or not match[u]:
            continue
        without = match.copy()
        without[u] = False
        smaller = maximum_match_lstsq(x, y, epsilon, within=without, **options)
        if smaller[unit]:
            match = smaller
    return match


def profile_peel(x: Array, y: Array, *, cutoff: float = 1e-10, resolution: float = 0.0) -> Array:
    """Each unit's critical ε by peeling, every residual from a fresh SVD.

    Remove the unit with the largest residual, again and again; its critical ε is the least of the largest residuals so
    far. (When it goes, all that are left have residuals up to that value: they are a match there, and at any lower ε
    one of the units removed since would have had to stay.)

    Returns:
        Float[n]; inf for a zero unit.
    """
    n_x, n = x.shape[1], x.shape[1] + y.shape[1]
    joint = np.concatenate([unit_columns(x), unit_columns(y)], axis=1)
    is_x = np.arange(n) < n_x
    active = joint.any(axis=0)
    critical = np.full(n, np.inf)
    r = np.full(n, -np.inf)

    def refresh(side: Mask) -> None:
        mine, others = active & side, active & ~side
        r[mine] = residuals(joint[:, mine], joint[:, others], cutoff=cutoff, resolution=resolution)

    refresh(is_x)
    refresh(~is_x)
    level = np.inf
    while active.any():
        worst = int(np.argmax(np.where(active, r, -np.inf)))
        level = min(level, r[worst])
        critical[worst] = level
        active[worst] = False
        refresh(~is_x if is_x[worst] else is_x)
    return critical


def joint_peel(networks: Sequence[Array], *, cutoff: float = 1e-10) -> Array:
    """Each unit's critical ε in the match of k networks, by peeling, every residual from a fresh SVD.

    Remove the unit whose largest residual over the other networks is largest, again and again.

    Returns:
        Float[Σ n_a], the first network's units first; inf for a zero unit.
    """
    joint = np.concatenate([unit_columns(x) for x in networks], axis=1)
    network = np.repeat(np.arange(len(networks)), [x.shape[1] for x in networks])
    active = joint.any(axis=0)
    critical = np.full(len(active), np.inf)
    level = np.inf
    while active.any():
        worst_residual = np.full(len(active), -np.inf)
        for b in range(len(networks)):
            others = active & (network != b)
            r = residuals(joint[:, others], joint[:, active & (network == b)], cutoff=cutoff)
            worst_residual[others] = np.maximum(worst_residual[others], r)
        worst = int(np.argmax(worst_residual))
        level = min(level, worst_residual[worst])
        critical[worst] = level
        active[worst] = False
    return critical
