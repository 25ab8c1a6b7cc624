"""What the tests of binning and mutual information share: units of every kind, and bins by counting."""

import numpy as np

SAMPLES = 60


def units(seed: int, samples: int = SAMPLES, dtype: type = np.float64) -> np.ndarray:
    """(samples, 12): rectified, signed, with ties, rounded, two values, constants, few nonzero values, dead."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(samples, 12))
    kinds = [
        np.maximum(z[:, 0], 0),
        z[:, 1],
        -np.maximum(z[:, 2], 0),
        np.round(2 * z[:, 3]) / 2,
        np.where(z[:, 4] > -0.7, 0.25, z[:, 4]),  # most are equal
        np.where(z[:, 5] > 1.3, 3.0, -2.0),
        np.where(z[:, 6] > 0, 7.0, 0.0),
        np.full(samples, 1.5),
        np.where(np.arange(samples) % 25 == 3, z[:, 8], 0),
        np.where(np.arange(samples) == 0, 4.0, 0),
        np.where(z[:, 10] > 0, 0.0, -0.0),
        np.abs(z[:, 0]) + 0.1 * z[:, 11],
    ]
    return np.stack(kinds, axis=1).astype(dtype)


def bins_by_counting(values: np.ndarray, bins: int) -> np.ndarray:
    """The bins of a unit's values, from the definition: how many nonzero values are as small, and no quantile.

    A cut leaves a number of values below it, one that leaves equal values together; the j-th is nearest to jN/k.
    """
    nonzero = values[values != 0]
    allowed = sorted({int(np.sum(nonzero <= v)) for v in nonzero} | {0})
    cuts = [min(allowed, key=lambda c: abs(c * (bins - 1) - j * len(nonzero))) for j in range(1, bins - 1)]
    return np.array([0 if v == 0 else 1 + sum(np.sum(nonzero <= v) > cut for cut in cuts) for v in values], int)
