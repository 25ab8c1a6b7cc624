"""The measures from their definitions, in NumPy and float64, each by another way than `jaxrepsim.measures` takes."""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, spatial, stats

Array = NDArray[np.float64]


def centred(z: Array) -> Array:
    """A constant unit becomes zero exactly."""
    z = z - z[0]
    return z - z.mean(axis=0)


def hsic_biased(k: Array, l: Array) -> float:  # noqa: E741
    m = len(k)
    h = np.eye(m) - 1 / m
    return float(np.trace(k @ h @ l @ h))


def hsic_unbiased(k: Array, l: Array) -> float:  # noqa: E741
    """Song et al. 2012, equation 4."""
    m = len(k)
    k, l = (matrix - np.diag(np.diag(matrix)) for matrix in (k, l))  # noqa: E741
    total = np.trace(k @ l) + k.sum() * l.sum() / ((m - 1) * (m - 2)) - 2 / (m - 2) * (k @ l).sum()
    return float(total / (m * (m - 3)))


def linear_cka(x: Array, y: Array) -> float:
    k, l = x @ x.T, y @ y.T  # noqa: E741
    return hsic_biased(k, l) / np.sqrt(hsic_biased(k, k) * hsic_biased(l, l))


def debiased_cka(x: Array, y: Array) -> float:
    k, l = x @ x.T, y @ y.T  # noqa: E741
    return hsic_unbiased(k, l) / np.sqrt(hsic_unbiased(k, k) * hsic_unbiased(l, l))


def rbf_cka(x: Array, y: Array, scale: float = 0.5) -> float:
    def kernel(z: Array) -> Array:
        squares = spatial.distance.cdist(z, z, "sqeuclidean")
        return np.exp(-squares / (2 * scale**2 * np.median(squares)))

    k, l = kernel(x), kernel(y)  # noqa: E741
    return hsic_biased(k, l) / np.sqrt(hsic_biased(k, k) * hsic_biased(l, l))


def _span(z: Array) -> Array:
    return linalg.orth(z / np.where(np.linalg.norm(z, axis=0) > 0, np.linalg.norm(z, axis=0), 1), rcond=1e-9)


def cca(x: Array, y: Array) -> float:
    """By the angles between the spans."""
    return float(np.cos(linalg.subspace_angles(_span(centred(x)), _span(centred(y)))).mean())


def svcca(x: Array, y: Array, variance: float = 0.99) -> float:
    """Principal components from the covariance; canonical correlations from an eigenvalue problem."""

    def components(z: Array) -> Array:
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(z.T)))
        share = np.cumsum(values[::-1]) / values.sum()
        kept = int(np.argmax(share >= variance)) + 1
        return centred(z) @ vectors[:, ::-1][:, :kept]

    a, b = components(x), components(y)
    product = np.linalg.solve(a.T @ a, a.T @ b) @ np.linalg.solve(b.T @ b, b.T @ a)
    squares = np.sort(np.linalg.eigvals(product).real)[::-1][: min(a.shape[1], b.shape[1])]
    return float(np.sqrt(np.clip(squares, 0, 1)).mean())


def pwcca(x: Array, y: Array) -> float:
    """Canonical directions as eigenvectors of a product of projections."""
    q, p = _span(centred(x)), _span(centred(y))
    values, vectors = np.linalg.eigh(q.T @ p @ p.T @ q)
    kept = min(q.shape[1], p.shape[1])
    rho, directions = np.sqrt(np.clip(values[::-1][:kept], 0, 1)), q @ vectors[:, ::-1][:, :kept]
    weights = np.abs(directions.T @ centred(x)).sum(axis=1)
    return float(weights @ rho / weights.sum())


def procrustes(x: Array, y: Array) -> float:
    """By SciPy's rotation."""
    wide = max(x.shape[1], y.shape[1])
    a, b = (np.pad(centred(z), ((0, 0), (0, wide - z.shape[1]))) for z in (x, y))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    rotation, _ = linalg.orthogonal_procrustes(b, a)
    return float(np.linalg.norm(a - b @ rotation))


def angular_procrustes(x: Array, y: Array) -> float:
    return float(np.arccos(1 - procrustes(x, y) ** 2 / 2))


def bures(x: Array, y: Array) -> float:
    """By square roots of the matrices of samples."""
    k, l = (centred(z) @ centred(z).T for z in (x, y))  # noqa: E741
    values, vectors = np.linalg.eigh(k)
    half = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return float(
        np.sqrt(np.clip(np.linalg.eigvalsh(half @ l @ half), 0, None)).sum() / np.sqrt(np.trace(k) * np.trace(l))
    )


def shape_distance(x: Array, y: Array, alpha: float = 0.5) -> float:
    """By the square root of the covariance."""

    def whitened(z: Array) -> Array:
        values, vectors = np.linalg.eigh(centred(z).T @ centred(z))
        values = np.clip(values, 0, None)
        there = values > 1e-9 * values.max()
        inverse = np.where(there, 1 / np.sqrt(np.where(there, values, 1)), 0)
        return centred(z) @ (vectors * (alpha + (1 - alpha) * inverse)) @ vectors.T

    a, b = whitened(x), whitened(y)
    cosine = np.linalg.norm(a.T @ b, "nuc") / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.arccos(np.clip(cosine, -1, 1)))


def linear_regression(x: Array, y: Array) -> float:
    a, b = centred(x), centred(y)
    left = a - b @ np.linalg.lstsq(b, a, rcond=1e-9)[0]
    return 1 - float((left**2).sum() / (a**2).sum())


def ridge(x: Array, y: Array, penalties: tuple[float, ...], folds: int) -> float:
    """A least-squares problem of augmented rows for every fit."""
    m = len(x)
    begins = [m // folds * f + m % folds * f // folds for f in range(folds + 1)]
    run = np.repeat(np.arange(folds), np.diff(begins))
    unit = centred(y).var()

    def error(fitted: Array, read: Array, penalty: float) -> float:
        a, b = x[fitted] - x[fitted].mean(axis=0), y[fitted] - y[fitted].mean(axis=0)
        rows = np.sqrt(penalty * unit * fitted.sum()) * np.eye(y.shape[1])
        weights = np.linalg.lstsq(np.vstack([b, rows]), np.vstack([a, np.zeros((len(rows), x.shape[1]))]))[0]
        found = (y[read] - y[fitted].mean(axis=0)) @ weights + x[fitted].mean(axis=0)
        return float(((x[read] - found) ** 2).sum())

    wrong = total = 0.0
    for f in range(folds):
        others = [g for g in range(folds) if g != f]
        scores = [sum(error((run != f) & (run != g), run == g, p) for g in others) for p in penalties]
        wrong += error(run != f, run == f, penalties[int(np.argmin(scores))])
        total += float(((x[run == f] - x[run != f].mean(axis=0)) ** 2).sum())
    return 1 - wrong / total


def mutual_knn(x: Array, y: Array, k: int = 10) -> float:
    def neighbours(z: Array) -> list[set[int]]:
        cosines = 1 - spatial.distance.cdist(z, z, "cosine")
        np.fill_diagonal(cosines, -np.inf)
        return [set(row[:k]) for row in np.argsort(-cosines, axis=1, kind="stable")]

    if any(np.allclose(spatial.distance.cdist(z[:1], z, "cosine"), 0, atol=1e-12) for z in (x, y)):
        return 0.0  # all in one direction
    return float(np.mean([len(a & b) / k for a, b in zip(neighbours(x), neighbours(y), strict=True)]))


def rsa(x: Array, y: Array, distance: str = "correlation", compare: str = "spearman") -> float:
    a, b = (spatial.distance.pdist(z, "sqeuclidean" if distance == "euclidean" else distance) for z in (x, y))
    if compare == "cosine":
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return float((stats.spearmanr if compare == "spearman" else stats.pearsonr)(a, b).statistic)


def correlations(x: Array, y: Array) -> Array:
    """0 where a unit is constant."""
    a, b = (centred(z) / np.where(centred(z).any(axis=0), np.linalg.norm(centred(z), axis=0), 1) for z in (x, y))
    return a.T @ b


def permutation(x: Array, y: Array) -> float:
    """Every assignment tried."""
    table = correlations(x, y)
    table = table if table.shape[0] <= table.shape[1] else table.T
    n, wide = table.shape
    return max(sum(table[i, j] for i, j in enumerate(order)) for order in permutations(range(wide), n)) / n


def soft_matching(x: Array, y: Array) -> float:
    """By an assignment of copies: n_y of each unit of x, n_x of each of y."""
    a, b = (centred(z) / np.where(centred(z).any(axis=0), np.linalg.norm(centred(z), axis=0), 1) for z in (x, y))
    cost = spatial.distance.cdist(a.T, b.T, "sqeuclidean")
    copies = np.repeat(np.repeat(cost, cost.shape[1], axis=0), cost.shape[0], axis=1)
    chosen = optimize.linear_sum_assignment(copies)
    return float(np.sqrt(copies[chosen].mean()))
