"""Pairs of layers to test with: random, planted, ill conditioned, and with the degeneracies that trained nets show."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.reference.definitions import subset_table, unit_columns

Array = NDArray[np.float64]
Pair = tuple[Array, Array]


def random_pair(rng: np.random.Generator, m: int, n_x: int, n_y: int) -> Pair:
    """Normal entries: generic, so full rank up to m units a side."""
    return rng.normal(size=(m, n_x)), rng.normal(size=(m, n_y))


def latent_pair(rng: np.random.Generator, m: int, n_x: int, n_y: int, rank: int, noise: float) -> Pair:
    """Both nets mix the same `rank` signals, and each unit has noise of its own, of that share of its norm or less."""
    signals = np.linalg.qr(rng.normal(size=(m, max(rank, 1))))[0]

    def side(n: int) -> Array:
        signal = signals @ rng.normal(size=(signals.shape[1], n))
        own = rng.normal(size=(m, n))
        share = noise * rng.uniform(0.3, 1.0, size=n)
        return signal / np.linalg.norm(signal, axis=0) + share * own / np.linalg.norm(own, axis=0)

    return side(n_x), side(n_y)


def grouped_pair(rng: np.random.Generator, m: int, n: int, groups: int, crosstalk: float = 0.02) -> Pair:
    """n + n units in groups with signals of their own, the groups noisier and noisier: a profile of many steps."""
    parts = [
        latent_pair(rng, m, len(part), len(part), rank=max(1, 2 * len(part) // 3), noise=noise)
        for part, noise in zip(np.array_split(np.arange(n), groups), np.linspace(0.1, 0.9, groups), strict=True)
    ]

    def side(i: int) -> Array:
        units = unit_columns(np.concatenate([part[i] for part in parts], axis=1))
        mixed = units + crosstalk * units @ rng.normal(size=(n, n))
        return mixed[:, rng.permutation(n)] * rng.uniform(0.1, 10.0, size=n)

    return side(0), side(1)


def planted_pair(
    rng: np.random.Generator,
    m: int,
    groups: Sequence[tuple[int, float]],
    unrelated: tuple[int, int] = (0, 0),
) -> tuple[Array, Array, NDArray[np.int_]]:
    """Matches of known members and known critical ε, among units that are in no match below 0.85.

    Group (d, s): d units of x are an invertible mixture of d orthonormal directions; d units of y are an orthogonal
    mixture of them, each tilted by the sine s into a direction nobody else has. So each unit of y has residual s on the
    group's x units and on any set that spans them, each x unit has residual s on the group's y units, and nothing less
    will do for any of them: the group's critical ε is s. At s = 0 the group is, by the generic mixtures, the minimum
    match of each of its units. An unrelated unit is a unit vector with 0.85 or more of its norm, squared 0.75, in a
    direction nobody else has, and the rest in the groups' directions. All units are then scaled, and shuffled.

    Args:
        rng: Source of randomness.
        m: Samples, at least the number of directions needed: 2 Σ d + both counts of unrelated ones.
        groups: (d, s) each.
        unrelated: How many unrelated units x and y get.

    Returns:
        x, y and Int[n_x + n_y]: the group of each unit, −1 for an unrelated one.
    """
    dims = sum(d for d, _ in groups)
    directions = np.linalg.qr(rng.normal(size=(m, 2 * dims + sum(unrelated))))[0]
    shared, own = directions[:, :dims], iter(directions[:, dims:].T)
    xs, ys, label_x, label_y = [], [], [], []
    start = 0
    for group, (d, s) in enumerate(groups):
        basis = shared[:, start : start + d]
        start += d
        mixture = _orthogonal(rng, d) @ np.diag(rng.uniform(0.5, 2.0, size=d)) @ _orthogonal(rng, d)
        turned = basis @ _orthogonal(rng, d)
        xs += list((basis @ mixture).T)
        ys += [np.sqrt(1 - s**2) * column + s * next(own) for column in turned.T]
        label_x += [group] * d
        label_y += [group] * d
    for units, labels, count in ((xs, label_x, unrelated[0]), (ys, label_y, unrelated[1])):
        for _ in range(count):
            overlap = shared @ rng.normal(size=dims)
            part = rng.uniform(0.0, 0.5) if dims else 0.0
            overlap = overlap / np.linalg.norm(overlap) if dims else overlap
            units.append(part * overlap + np.sqrt(1 - part**2) * next(own))
            labels.append(-1)

    def finish(units: list[Array], labels: list[int]) -> tuple[Array, NDArray[np.int_]]:
        columns = np.array(units).T.reshape(m, len(units)) * rng.uniform(0.1, 10.0, size=len(units))
        shuffle = rng.permutation(len(units))
        return columns[:, shuffle], np.array(labels, int)[shuffle]

    x, of_x = finish(xs, label_x)
    y, of_y = finish(ys, label_y)
    return x, y, np.concatenate([of_x, of_y])


def _orthogonal(rng: np.random.Generator, n: int) -> Array:
    q, r = np.linalg.qr(rng.normal(size=(n, n)))
    return q * np.sign(np.diag(r))


def conditioned(rng: np.random.Generator, basis: Array, condition: float) -> Array:
    """n unit columns in the span of the n orthonormal columns of `basis`, with exactly this condition number.

    Singular values in a geometric series, mixed by a random rotation; then each column is brought to norm 1 by plane
    rotations from the right, which leave the singular values alone (as Davies and Higham 2000 do for correlation
    matrices).
    """
    n = basis.shape[1]
    singular = np.geomspace(1.0, 1.0 / condition, n)
    singular *= np.sqrt(n / np.sum(singular**2))
    core = singular[:, None] * _orthogonal(rng, n)
    for _ in range(n - 1):
        norms = np.sum(core**2, axis=0)
        i, j = int(np.argmin(norms)), int(np.argmax(norms))
        if norms[j] - norms[i] < 1e-12:
            break
        # the t = tan of the angle at which |c·a_i − s·a_j|² = 1: (b − 1) t² − 2 (a_i·a_j) t + (a − 1) = 0
        a, b, dot = norms[i], norms[j], core[:, i] @ core[:, j]
        t = (dot + np.copysign(np.sqrt(dot**2 - (a - 1) * (b - 1)), dot)) / (b - 1)
        c = 1 / np.hypot(1.0, t)
        core[:, [i, j]] = core[:, [i, j]] @ np.array([[c, t * c], [-t * c, c]])
    return basis @ core[:, rng.permutation(n)]


def conditioned_pair(rng: np.random.Generator, m: int, n: int, condition: float, *, crossed: bool = False) -> Pair:
    """n + n units, each side of the condition number given, the principal angles' sines spread over [0.05, 0.95].

    The large directions of one side lie near the large ones of the other, as in trained networks; or `crossed`, near
    the small ones, the harder case.
    """
    directions = np.linalg.qr(rng.normal(size=(m, 2 * n)))[0]
    sines = rng.permutation(np.linspace(0.05, 0.95, n))
    tilted = directions[:, :n] * np.sqrt(1 - sines**2) + directions[:, n:] * sines
    if crossed:
        tilted = tilted[:, ::-1]
    return conditioned(rng, directions[:, :n], condition), conditioned(rng, tilted, condition)


def with_dependent(rng: np.random.Generator, a: Array, duplicates: int = 1, sums: int = 1) -> Array:
    """Adds scaled copies of columns and sums of two columns, and shuffles."""
    if a.shape[1] == 0:
        return a
    copies = a[:, rng.integers(a.shape[1], size=duplicates)] * rng.choice([-3.7, -1.0, 0.3, 1.0], size=duplicates)
    pairs = rng.integers(a.shape[1], size=(2, sums))
    added = np.concatenate([a, copies, a[:, pairs[0]] + 0.7 * a[:, pairs[1]]], axis=1)
    return added[:, rng.permutation(added.shape[1])]


def with_dead(rng: np.random.Generator, a: Array, count: int = 1) -> Array:
    """Sets that many columns to zero."""
    a = a.copy()
    a[:, rng.permutation(a.shape[1])[:count]] = 0.0
    return a


def logits_pair(rng: np.random.Generator, m: int, classes: int, noise: float, total: float = 0.0) -> Pair:
    """Two nets' logits for the same labels; the logits of each sample sum to `total` (0: linearly dependent units)."""
    targets = 5.0 * np.eye(classes)[rng.integers(classes, size=m)]

    def side() -> Array:
        logits = targets + noise * rng.normal(size=targets.shape)
        return logits + (total - logits.sum(axis=1, keepdims=True)) / classes

    return side(), side()


def small_pair(rng: np.random.Generator, largest: int = 5) -> Pair:
    """Up to 5 + 5 units on up to 12 samples, of a kind drawn by chance: what the brute force is for."""
    n_x, n_y = (int(n) for n in rng.integers(1, largest + 1, size=2))
    m = int(rng.integers(2, 13))
    kind = rng.choice(["random", "latent", "exact", "dependent", "dead", "planted"])
    if kind == "random":
        return random_pair(rng, m, n_x, n_y)
    if kind == "exact":
        return latent_pair(rng, m, n_x, n_y, rank=int(rng.integers(1, 4)), noise=0.0)
    if kind == "planted":
        size = int(rng.integers(1, 3))
        groups = [(size, float(s)) for s in rng.choice([0.0, 0.1, 0.3, 0.5], size=int(rng.integers(1, 5 // size)))]
        planted = sum(d for d, _ in groups)
        extra = (int(rng.integers(0, largest + 1 - planted)), int(rng.integers(0, largest + 1 - planted)))
        if 2 * planted + sum(extra) <= 12:
            return planted_pair(rng, 12, groups, extra)[:2]
    x, y = latent_pair(rng, m, n_x, n_y, rank=int(rng.integers(1, 4)), noise=float(rng.uniform(0.05, 0.9)))
    if kind == "dependent":
        x, y = with_dependent(rng, x[:, :3]), with_dependent(rng, y[:, :3])
    if kind == "dead":
        x, y = with_dead(rng, x), with_dead(rng, y, int(rng.integers(0, 2)))
    return x, y


def clear_epsilons(values: Array, targets: Iterable[float], margin: float) -> list[float]:
    """The ε nearest to each target that keep `margin` or more from every value, each in the middle of a gap.

    Fewer than targets where two share a gap; none at all where no gap is wide enough.
    """
    edges = np.unique(np.concatenate([[0.0], values[np.isfinite(values)], [1.0]]).clip(0.0, 1.0))
    wide = np.diff(edges) >= 2 * margin
    middles = (edges[:-1] + edges[1:])[wide] / 2
    return sorted({float(middles[np.argmin(np.abs(middles - t))]) for t in targets}) if len(middles) else []


def decidable_pair(rng: np.random.Generator, dtype: type) -> tuple[Array, Array, float]:
    """A `small_pair` rounded to `dtype` that this precision can decide, and the singular-value cutoff that suits it.

    It is put aside when its condition is over the policy's limit, or when a residual of some subset lies between
    rounding and a little over the resolution, where whether it reads as 0 would be chance.
    """
    cutoff, limit, low, high = (1e-5, 1e3, 3e-4, 6e-3) if dtype == np.float32 else (1e-10, 1e6, 1e-7, 2e-5)
    while True:
        x, y = (a.astype(dtype).astype(np.float64) for a in small_pair(rng))
        table = subset_table(x, y, cutoff=cutoff)
        if table.condition <= limit and not ((table.values > low) & (table.values < high)).any():
            return x, y, cutoff
