"""What the tests of sparse prediction share: kinds of data, the optimality conditions, and scikit-learn's solution."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Lasso

from tests import reference as ref

Array = NDArray[np.float64]
M, N_X, N_Y = 40, 12, 5
PENALTIES = np.array([1e-3, 0.3, 1e-1, 1e-5, 1e-2, 1e-1])  # in no order, one of them twice


def standardised(a: Array) -> Array:
    """Mean 0, standard deviation 1; 0 for a constant unit."""
    centred = a - a.mean(axis=0)
    std = np.sqrt(np.mean(centred**2, axis=0))
    live = np.ptp(a, axis=0) > 0
    return np.where(live, centred / np.where(live, std, 1), 0)


def correlations(x: Array, y: Array) -> tuple[Array, Array]:
    """A and B."""
    x, y = standardised(x), standardised(y)
    return x.T @ x / len(x), x.T @ y / len(x)


def by_scikit_learn(x: Array, y: Array, penalty: float) -> Array:
    """Coefficients of standardised units, one target after the other, to where scikit-learn gets no further."""
    x, y = standardised(x), standardised(y)
    model = Lasso(alpha=penalty, fit_intercept=True, tol=1e-14, max_iter=100_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([model.fit(np.asfortranarray(x), target).coef_ for target in y.T], axis=1)


def objective(x: Array, y: Array, w: Array, penalty: float) -> Array:
    """|y − xw|²/2m + λ|w|₁ of every target, from the samples."""
    x, y = standardised(x), standardised(y)
    return np.sum((y - x @ w) ** 2, axis=0) / (2 * len(x)) + penalty * np.abs(w).sum(axis=0)


def dual_bound(x: Array, y: Array, w: Array, penalty: float) -> Array:
    """A number below the least objective, from the samples: the dual objective at the scaled residual."""
    x, y = standardised(x), standardised(y)
    left = y - x @ w
    largest = np.abs(x.T @ left / len(x)).max(axis=0)
    u = left * np.minimum(1, penalty / np.maximum(largest, penalty))
    return (np.sum(y**2, axis=0) - np.sum((y - u) ** 2, axis=0)) / (2 * len(x))


def violation(gram: Array, cross: Array, w: Array, penalty: float) -> float:
    """How far b − Aw is from λ times a subgradient of |w|₁."""
    left = cross - gram @ w
    off = np.maximum(np.abs(left) - penalty, 0)
    return float(np.where(w != 0, np.abs(left - penalty * np.sign(w)), off).max(initial=0))


def padded(a: Array, n: int) -> Array:
    """With dead units up to n, which change nothing."""
    return np.pad(a, ((0, 0), (0, n - a.shape[1])))


def relu_pair(rng: np.random.Generator, m: int, n_x: int, n_y: int, signals: int, noise: float) -> tuple[Array, Array]:
    """Rectified mixtures of signals of falling strength: correlated, sparse units, some of them dead."""
    strength = np.exp(-3 * np.linspace(0, 1, signals))
    common = rng.normal(size=(m, signals)) * strength

    def side(n: int) -> Array:
        drive = common @ rng.normal(size=(signals, n)) + noise * rng.normal(size=(m, n))
        return np.maximum(drive - rng.uniform(0, 2, size=n) * drive.std(axis=0), 0)

    return side(n_x), side(n_y)


def small_pairs(seed: int) -> dict[str, tuple[Array, Array]]:
    """M samples of N_X and N_Y units, of every kind."""
    rng = np.random.default_rng(seed)
    x, y = ref.latent_pair(rng, M, N_X, N_Y, rank=4, noise=0.5)
    few, some = ref.latent_pair(rng, M, 7, N_Y, rank=3, noise=0.3)
    one, of_one = ref.random_pair(rng, M, 1, N_Y)
    short, of_short = ref.random_pair(rng, M, N_X, N_Y)
    repeat = rng.integers(8, size=M)  # eight samples in all, fewer than units
    return {
        "latent": (x, y),
        "unrelated": ref.random_pair(rng, M, N_X, N_Y),
        "rectified": relu_pair(rng, M, N_X, N_Y, 8, 0.3),
        "few samples": (short[repeat], of_short[repeat]),
        "dependent": (padded(ref.with_dependent(rng, few, 2, 2), N_X), some),
        "constant": (ref.with_dead(rng, x, 3) + 5.0, ref.with_dead(rng, y, 2) - 3.0),
        "one unit": (padded(one, N_X), of_one),
        "copies": (x, -3 * x[:, 3 : 3 + N_Y] + 1),
        "all constant": (0 * x, 0 * y),
    }
