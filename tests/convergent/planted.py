"""Planted co-clusters: units of two networks that share latent factors, in any order, with noise of their own."""

from typing import NamedTuple

import numpy as np

UNITS, SAMPLES, CLUSTERS = 20, 400, 4
"""Of each network; one shape for all, so that a program is compiled once."""


class Planted(NamedTuple):
    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    """The factor of each unit of both networks, x first."""

    @property
    def graph(self) -> np.ndarray:
        """The positive part of np.corrcoef, with a zero diagonal; 0 for a constant unit."""
        z = np.concatenate([self.x, self.y], axis=1)
        live = z.std(axis=0) > 0
        graph = np.zeros((len(live), len(live)))
        graph[np.ix_(live, live)] = np.maximum(np.corrcoef(z[:, live].T), 0)
        np.fill_diagonal(graph, 0)
        return graph


def co_clusters(
    seed: int, *, clusters: int = CLUSTERS, noise: float = 0.7, relu: bool = False, dead: int = 0
) -> Planted:
    """Each factor has units of both networks, of any loudness. Dead units, at random places, have the label −1."""
    rng = np.random.default_rng(seed)
    sides = [np.concatenate([np.arange(clusters), rng.integers(0, clusters, UNITS - clusters)]) for _ in "xy"]
    labels = np.concatenate([rng.permutation(side) for side in sides])
    z = rng.normal(size=(SAMPLES, clusters))[:, labels] + noise * rng.normal(size=(SAMPLES, 2 * UNITS))
    z = z * rng.uniform(0.1, 10, 2 * UNITS) + rng.normal(size=2 * UNITS)
    z = np.maximum(z - z.mean(axis=0), 0) if relu else z
    gone = rng.permutation(2 * UNITS)[:dead]
    z[:, gone], labels[gone] = 0, -1
    return Planted(z[:, :UNITS], z[:, UNITS:], labels)


def by_first_appearance(labels: np.ndarray) -> np.ndarray:
    """Labels numbered 0, 1, ... in the order in which they first come; −1 stays."""
    names: dict[int, int] = {-1: -1}
    for label in labels.tolist():
        names.setdefault(label, len(names) - 1)
    return np.array([names[label] for label in labels.tolist()])
