"""Whether results are what they claim to be: checks from the definitions, in NumPy, without the package.

Residuals come from a QR factorisation here, which is several times faster than least squares, and from least squares
where the factor says that units are nearly dependent.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.baseline import Array, Mask, alive, squared_residuals, unit_columns
from benchmarks.table import Check

TIE = 1e-7
"""Nearer to ε than this, rounding may decide."""


def compressed(*networks: Array) -> list[Array]:
    """The same geometry on fewer rows, by NumPy's own QR."""
    joint = np.concatenate([unit_columns(x) for x in networks], axis=1)
    triangle = np.asarray(np.linalg.qr(joint, mode="r"))
    return np.split(triangle, np.cumsum([x.shape[1] for x in networks])[:-1], axis=1)


def residuals(points: Array, span: Array) -> Array:
    """dist(p, span) for columns of unit norm."""
    if 0 in (points.shape[1], span.shape[1]):
        return np.linalg.norm(points, axis=0)
    basis, triangle = np.linalg.qr(span)
    if span.shape[1] > span.shape[0] or np.abs(np.diag(triangle)).min() < 1e-7:
        return np.sqrt(squared_residuals(points, span))
    for _ in range(2):  # the second projection takes what the first one's rounding has left
        points = points - basis @ (basis.T @ points)
    return np.linalg.norm(points, axis=0)


def both_sides(x: Array, y: Array, keep: Mask) -> Array:
    """The residual of every unit of a set on the other side's part of it; 0 outside the set."""
    n_x = x.shape[1]
    in_x, in_y = keep[:n_x], keep[n_x:]
    values = np.zeros(keep.size)
    values[:n_x][in_x] = residuals(x[:, in_x], y[:, in_y])
    values[n_x:][in_y] = residuals(y[:, in_y], x[:, in_x])
    return values


def largest_match(x: Array, y: Array, epsilon: float, keep: Mask, watch: int | None = None) -> Mask:
    """The largest ε-match within a set, for columns of unit norm; empty as soon as `watch` is out of it."""
    while True:
        smaller = keep & (both_sides(x, y, keep) <= epsilon)
        if watch is not None and not smaller[watch]:
            return np.zeros_like(keep)
        if (smaller == keep).all():
            return keep
        keep = smaller


def same_sets(critical: Array, theirs: list[tuple[float, Mask]]) -> Check:
    """Whether units of critical ε ≤ ε are those of the set found at ε, near ties put aside and counted.

    Args:
        critical: Float[n], from the profile.
        theirs: Each ε with the maximum match found by other means.
    """
    wrong = ties = 0
    for epsilon, mask in theirs:
        different = (critical <= epsilon) != mask
        near = np.abs(critical - epsilon) <= TIE
        wrong += int(np.sum(different & ~near))
        ties += int(np.sum(different & near))
    sizes = ", ".join(str(int(mask.sum())) for _, mask in theirs)
    sets = "set" if len(theirs) == 1 else "sets"
    return Check(wrong == 0, f"{len(theirs)} {sets} of {sizes} units: {wrong} units differ, {ties} near ties")


def clear_epsilons(critical: Array) -> list[float]:
    """Values of ε away from every critical ε: in the widest gap of each of three stretches of the sorted values."""
    values = np.sort(critical[np.isfinite(critical)])
    chosen = []
    for stretch in np.array_split(values, 3):
        if len(stretch) > 1:
            widest = int(np.argmax(np.diff(stretch)))
            chosen.append(float((stretch[widest] + stretch[widest + 1]) / 2))
    return chosen


class Verdict(NamedTuple):
    """What was wrong with a batch of v-minimal matches: counts."""

    not_matches: int
    without_v: int
    not_minimal: int
    checked: int
    deletions: int

    def as_check(self) -> Check:
        faults = self.not_matches + self.without_v + self.not_minimal
        return Check(
            faults == 0,
            f"{self.checked} are ε-matches that hold their unit but for {self.not_matches + self.without_v}; "
            f"{self.deletions} deletions tried, {self.not_minimal} survived",
        )


def minimal(
    x: Array,
    y: Array,
    epsilon: float,
    units: NDArray[np.integer],
    masks: Mask,
    deep: int,
    deletions: int | None = None,
    tie: float = TIE,
) -> Verdict:
    """Checks v-minimal matches: each is an ε-match and holds v; for some, v dies whichever other unit is taken out.

    Args:
        x: Float[m, n_x], raw or compressed.
        y: Float[m, n_y].
        epsilon: The bound; residuals within `tie` of it pass either way.
        units: Int[k], each v.
        masks: Bool[k, n_x + n_y], the matches; empty where v is in no match.
        deep: For how many units, evenly spread, minimality is checked.
        deletions: How many units of such a match are taken out, each for itself; by default all.
        tie: What rounding may decide.
    """
    x, y = (unit_columns(side) for side in compressed(x, y))
    least, most = (largest_match(x, y, epsilon + sign * tie, alive(x, y)) for sign in (-1, 1))
    seen: dict[bytes, bool] = {}
    not_matches = without_v = not_minimal = tried = 0
    for v, mask in zip(units, masks, strict=True):
        key = mask.tobytes()
        if key not in seen:
            seen[key] = bool((both_sides(x, y, mask) <= epsilon + tie).all())
        not_matches += not seen[key]
        without_v += bool((least[v] and not mask[v]) or (mask[v] and not most[v]) or (mask.any() and not mask[v]))
    filled = np.flatnonzero(masks.any(axis=1))
    for k in filled[np.linspace(0, len(filled) - 1, min(deep, len(filled))).astype(int)]:
        v, mask = int(units[k]), masks[k]
        others = np.setdiff1d(np.flatnonzero(mask), [v])
        count = len(others) if deletions is None else min(deletions, len(others))
        for u in others[np.linspace(0, len(others) - 1, count).astype(int)]:
            without = mask.copy()
            without[u] = False
            tried += 1
            not_minimal += bool(largest_match(x, y, epsilon - tie, without, watch=v).any())
    return Verdict(not_matches, without_v, not_minimal, len(units), tried)
