"""Made-up activations whose matches are known not to be empty, or known to be."""

import numpy as np

from benchmarks.baseline import Array, unit_columns


def independent(seed: int, samples: int, units: int, networks: int = 2) -> list[Array]:
    """Networks that have nothing to do with one another: normal entries."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((samples, units)) for _ in range(networks)]


def planted(
    seed: int, samples: int, units: int, networks: int = 2, groups: int = 8, noise: float = 0.05
) -> list[Array]:
    """Networks that mix the same signals, in groups from nearly clean (`noise`) to mostly noise: a profile of steps.

    A group has fewer signals than units, so its units are correlated within a network too; and all units share a
    little of all others. One group makes large minimal matches, as trained networks have them; many make small ones.
    """
    rng = np.random.default_rng(seed)
    parts: list[list[Array]] = [[] for _ in range(networks)]
    for group, level in zip(np.array_split(np.arange(units), groups), np.geomspace(noise, 0.8, groups), strict=True):
        signals = rng.standard_normal((samples, max(1, 2 * len(group) // 3)))
        for part in parts:
            signal = unit_columns(signals @ rng.standard_normal((signals.shape[1], len(group))))
            share = level * rng.uniform(0.3, 1.0, len(group)) / np.sqrt(samples)
            part.append(signal + share * rng.standard_normal(signal.shape))
    mixed = []
    for part in parts:
        joint = np.concatenate(part, axis=1)
        joint = joint + 0.02 / np.sqrt(units) * joint @ rng.standard_normal((units, units))
        mixed.append(joint[:, rng.permutation(units)] * rng.uniform(0.1, 10.0, units))
    return mixed


def correlated(seed: int, samples: int, units: int) -> list[Array]:
    """Two networks that mix half as many signals, of falling strength, with noise a third of that."""
    rng = np.random.default_rng(seed)
    strength = np.exp(-3 * np.linspace(0, 1, units // 2))
    signals = rng.standard_normal((samples, units // 2)) * strength
    noise = 0.3 * np.linalg.norm(strength)
    return [
        signals @ rng.standard_normal((units // 2, units)) + noise * rng.standard_normal((samples, units))
        for _ in range(2)
    ]


def ill_conditioned(seed: int, samples: int, units: int, condition: float) -> list[Array]:
    """Two networks whose singular values fall geometrically by `condition`, tilted by sines from 0.05 to 0.95."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((samples, units))
    sines = rng.permutation(np.linspace(0.05, 0.95, units))
    tilted = directions * np.sqrt(1 - sines**2) + rng.standard_normal((samples, units)) * sines
    falling = np.geomspace(1.0, 1.0 / condition, units)[:, None]
    mixtures = [np.linalg.qr(rng.standard_normal((units, units)))[0] for _ in range(2)]
    return [directions @ (falling * mixtures[0]), tilted @ (falling * mixtures[1])]


def dependent(seed: int, samples: int, units: int) -> list[Array]:
    """A planted pair, of whose units a sixteenth are copies of others, and as many sums of two."""
    rng = np.random.default_rng(seed)
    networks = []
    for network in planted(seed, samples, units):
        drawn = rng.permutation(units)
        count = max(1, units // 16)
        copies, sums, first, second = (drawn[i * count : (i + 1) * count] for i in range(4))
        network[:, copies] = network[:, first]
        network[:, sums] = unit_columns(network[:, first]) + unit_columns(network[:, second])
        networks.append(network)
    return networks


def condition_number(x: Array) -> float:
    """κ of the unit-norm columns."""
    return float(np.linalg.cond(np.linalg.qr(unit_columns(x), mode="r")))
