"""Sensitivity and specificity: what measures make of principal components that are left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from jaxrepsim import validity
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity.layers_across import Values, both_ways, kept
from jaxrepsim.pipeline.validity.networks import Studied, pooled

SHARES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.05, 0.02)
"""Of the principal components that stay."""


def deletions(
    networks: Studied, training: Studied, names: Sequence[str], folder: Path, progress: Progress
) -> xr.Dataset:
    """How dissimilarity follows the accuracy of a linear probe, and from when on a deletion is seen.

    Args:
        networks: On the images that they are compared on.
        training: The same on the images that components and probes are fitted on.
        names: Of the measures.
        folder: Where values are kept.
        progress: Told of each layer.
    """
    layers = list(networks.answers[0].maps)
    rho, tau, seen = (np.full((len(names), len(layers)), np.nan) for _ in range(3))
    accuracies = np.full((len(layers), len(networks.answers), len(SHARES)), np.nan)
    for at, layer in enumerate(layers):
        every = [
            [validity.leading(pooled(fitted.maps[layer]), pooled(shown.maps[layer]), share) for share in SHARES]
            for fitted, shown in zip(training.answers, networks.answers, strict=True)
        ]
        accuracies[at] = [
            [validity.probe_accuracy(one, training.labels, networks.labels) for one in network] for network in every
        ]
        reference = int(accuracies[at, :, 0].argmax())
        found = _dissimilarities([[one.seen for one in network] for network in every], reference, names, folder)
        for row, name in enumerate(names):
            to_reference, to_itself, between = found[name]
            # The reference itself is no representation to compare it with.
            others = np.ones(to_reference.shape, bool)
            others[reference, 0] = False
            best = accuracies[at, reference, 0]
            rho[row, at], tau[row, at] = validity.functionality_correlation(
                to_reference[others], accuracies[at][others], best
            )
            seen[row, at] = validity.detection(to_itself[1:], np.array(SHARES[1:]), between)
        progress("deleting principal components", at + 1, len(layers))
    dims = ("measure", "layer")
    return xr.Dataset(
        {
            "rho": (dims, rho),
            "tau": (dims, tau),
            "detection": (dims, seen),
            "probe": (("layer", "network", "share"), accuracies),
        },
        {"measure": [*names], "layer": layers, "share": [*SHARES]},
    )


def _dissimilarities(
    every: Sequence[Sequence[np.ndarray]], reference: int, names: Sequence[str], folder: Path
) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """For each measure: of all (networks, shares) to the reference; of one network's shares to it, the mean over
    networks; and of two networks, the mean."""
    count, shares = len(every), len(SHARES)
    arrays = [rows for network in every for rows in network]
    to_reference = [(reference * shares, place) for place in range(len(arrays))]
    to_itself = [(place - place % shares, place) for place in range(len(arrays))]
    between = [(a * shares, b * shares) for a in range(count) for b in range(a + 1, count)]
    places = [*dict.fromkeys([*to_reference, *to_itself, *between])]

    def compute(missing: Sequence[str]) -> Values:
        return {name: (forth + back) / 2 for name, (forth, back) in both_ways(arrays, places, missing).items()}

    found = {}
    for name, values in kept([b"deletions", bytes([reference]), *arrays], names, compute, folder).items():
        of = dict(zip(places, -validity.similarity(name, values), strict=True))
        itself = np.reshape([of[pair] for pair in to_itself], (count, shares)).mean(axis=0)
        apart = float(np.mean([of[pair] for pair in between]))
        found[name] = np.reshape([of[pair] for pair in to_reference], (count, shares)), itself, apart
    return found
