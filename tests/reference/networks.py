"""Three networks and more to test with: random, planted, ill conditioned, and with degenerate units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.reference.cases import conditioned, with_dead, with_dependent
from tests.reference.definitions import joint_table, unit_columns

Array = NDArray[np.float64]


def small_networks(rng: np.random.Generator, k: int, largest: int = 3) -> list[Array]:
    """k networks of up to `largest` units on up to 12 samples, each mixing some of the same signals."""
    m = int(rng.integers(2, 13))
    signals = np.linalg.qr(rng.normal(size=(m, int(rng.integers(1, 4)))))[0]
    noise = float(rng.choice([0.0, rng.uniform(0.05, 0.9)]))
    networks = []
    for _ in range(k):
        n = int(rng.integers(1, largest + 1))
        heard = signals * (rng.uniform(size=signals.shape[1]) < 0.8)
        kind = rng.choice(["mixed", "mixed", "random", "dependent", "dead"])
        if kind == "random":
            networks.append(rng.normal(size=(m, n)))
            continue
        own = unit_columns(rng.normal(size=(m, n)))
        units = unit_columns(heard @ rng.normal(size=(heard.shape[1], n))) + noise * rng.uniform(0.3, 1.0, n) * own
        if kind == "dependent" and largest > 2:
            units = with_dependent(rng, units[:, : largest - 2])
        networks.append(with_dead(rng, units) if kind == "dead" else units)
    return networks


def decidable_networks(rng: np.random.Generator, k: int, dtype: type) -> tuple[list[Array], float]:
    """`small_networks` rounded to `dtype` that this precision can decide, and the cutoff that suits it.

    Put aside as in `decidable_pair`.
    """
    cutoff, limit, low, high = (1e-5, 1e3, 3e-4, 6e-3) if dtype == np.float32 else (1e-10, 1e6, 1e-7, 2e-5)
    while True:
        networks = [x.astype(dtype).astype(np.float64) for x in small_networks(rng, k)]
        table = joint_table(networks, cutoff=cutoff)
        if table.condition <= limit and not ((table.values > low) & (table.values < high)).any():
            return networks, cutoff


def grouped_networks(rng: np.random.Generator, k: int, m: int, n: int, groups: int) -> list[Array]:
    """n units a network in groups with signals in common, the groups noisier and noisier: a profile of many steps."""
    parts: list[list[Array]] = [[] for _ in range(k)]
    for group, noise in zip(np.array_split(np.arange(n), groups), np.linspace(0.1, 0.9, groups), strict=True):
        signals = rng.normal(size=(m, max(1, 2 * len(group) // 3)))
        for part in parts:
            signal = unit_columns(signals @ rng.normal(size=(signals.shape[1], len(group))))
            share = noise * rng.uniform(0.3, 1.0, size=len(group))
            part.append(signal + share * unit_columns(rng.normal(size=signal.shape)))
    mixed = [np.concatenate(part, axis=1) @ (np.eye(n) + 0.02 * rng.normal(size=(n, n))) for part in parts]
    return [units[:, rng.permutation(n)] * rng.uniform(0.1, 10.0, size=n) for units in mixed]


def conditioned_networks(
    rng: np.random.Generator, k: int, m: int, n: int, condition: float, *, crossed: bool = False
) -> list[Array]:
    """n units a network, each of the condition number given, tilted away from the first by sines over [0.05, 0.95].

    The large directions of one lie near the large ones of the others; or, `crossed`, near the small of every second.
    """
    directions = np.linalg.qr(rng.normal(size=(m, k * n)))[0]
    networks = [conditioned(rng, directions[:, :n], condition)]
    for a in range(1, k):
        sines = rng.permutation(np.linspace(0.05, 0.95, n))
        tilted = directions[:, :n] * np.sqrt(1 - sines**2) + directions[:, a * n : (a + 1) * n] * sines
        networks.append(conditioned(rng, tilted[:, ::-1] if crossed and a % 2 else tilted, condition))
    return networks


def planted_networks(
    rng: np.random.Generator, k: int, m: int, groups: Sequence[tuple[Sequence[int], int, float]], unrelated: int
) -> tuple[list[Array], list[NDArray[np.int_]]]:
    """Groups of units that some of the networks share, and `unrelated` ones a network, in no match below 0.85.

    Group (members, d, s): d units in each of the networks `members` are an orthogonal mixture of the same d orthonormal
    directions, each tilted by the sine s into a direction nobody else has. So a unit of one has the residual
    √(2s² − s⁴) on the group's units in another, and nothing less will do: the group's critical ε in the match of all k,
    where all are members, else 1.

    Returns:
        The networks, and for each the group of its units, −1 for an unrelated one.
    """
    dims = sum(d for _, d, _ in groups)
    tilts = sum(len(members) * d for members, d, _ in groups)
    directions = np.linalg.qr(rng.normal(size=(m, dims + tilts + k * unrelated)))[0]
    shared, own = directions[:, :dims], iter(directions[:, dims:].T)
    units: list[list[Array]] = [[] for _ in range(k)]
    labels: list[list[int]] = [[] for _ in range(k)]
    start = 0
    for group, (members, d, s) in enumerate(groups):
        basis = shared[:, start : start + d]
        start += d
        for a in members:
            turned = basis @ np.linalg.qr(rng.normal(size=(d, d)))[0]
            units[a] += [np.sqrt(1 - s**2) * column + s * next(own) for column in turned.T]
            labels[a] += [group] * d
    for a in range(k):
        for _ in range(unrelated):
            part = rng.uniform(0.0, 0.5)
            overlap = shared @ rng.normal(size=dims)
            units[a].append(part * overlap / np.linalg.norm(overlap) + np.sqrt(1 - part**2) * next(own))
            labels[a].append(-1)
    orders = [rng.permutation(len(side)) for side in units]
    networks = [np.array(side).T * rng.uniform(0.1, 10.0, size=len(side)) for side in units]
    return (
        [x[:, order] for x, order in zip(networks, orders, strict=True)],
        [np.array(label)[order] for label, order in zip(labels, orders, strict=True)],
    )
