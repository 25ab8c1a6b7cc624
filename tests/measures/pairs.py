"""Pairs of networks for the tests of measures. Up to 64 samples and 16 units they share one program a measure."""

import numpy as np

SAMPLES = 60


def planted(seed=0, n_x=6, n_y=6, samples=SAMPLES):
    """Some units nearly shared, some in part, and some not at all; means that are not zero, and unequal scales."""
    rng = np.random.default_rng(seed)
    signals = np.maximum(rng.normal(size=(samples, 4)), 0) + 0.2
    sides = []
    for n in (n_x, n_y):
        own = np.maximum(rng.normal(size=(samples, n)), 0)
        mixed = signals @ rng.normal(size=(4, n)) + 0.3 * own
        mixed[:, :3] = signals[:, :3] + 0.05 * rng.normal(size=(samples, 3))
        mixed[:, 3:4] = own[:, :1] + 0.1
        sides.append(mixed * 2.0 ** rng.uniform(-1, 1, size=n))
    return sides


def degenerate():
    """By name."""
    x, y = planted(1)
    dead, twice, fixed = x.copy(), x.copy(), x.copy()
    dead[:, 2] = 0
    twice[:, 4] = 2 * twice[:, 1]
    fixed[:, 5] = 7.3
    rng = np.random.default_rng(2)
    return {
        "dead": (dead, y),
        "duplicate": (twice, y),
        "constant": (fixed, y),
        "one unit": (x[:, :1], y),
        "one unit each": (x[:, :1], y[:, 4:5]),
        "more units than samples": (rng.normal(size=(13, 16)), rng.normal(size=(13, 16))),
        "low rank": (x[:, :2] @ rng.normal(size=(2, 6)), y),
        "offset": (x + 100, y - 100),
    }


def orthogonal(rng, z):
    return z @ np.linalg.qr(rng.normal(size=(z.shape[1],) * 2))[0]


def isotropic_scaling(rng, z):
    return z * 10.0 ** rng.uniform(-3, 3)


def unit_scaling(rng, z):
    return z * 10.0 ** rng.uniform(-2, 2, size=z.shape[1])


def permutation(rng, z):
    return z[:, rng.permutation(z.shape[1])]


def invertible(rng, z):
    n = z.shape[1]
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    return z @ (left * rng.uniform(0.2, 5, size=n)) @ right


def translation(rng, z):
    return z + 3 * rng.normal(size=z.shape[1])


CHANGES = {
    change.__name__: change
    for change in (orthogonal, isotropic_scaling, unit_scaling, permutation, invertible, translation)
}
