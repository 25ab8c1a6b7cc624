"""The warning of too few samples for the number of units."""

from collections.abc import Sequence

import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array
from jaxrepsim.errors import FewSamplesWarning
from jaxrepsim.numerics.call_site import warn_at_call_site

FEW = 10
"""Samples a unit below which chance shows: n random units on m samples leave a residual of √(1 − n/m), here 0.95."""


def warn_of_few_samples(networks: Sequence[Array]) -> None:
    """Warns once a call site where concrete raw activations have fewer samples than ten a unit.

    Compressed activations have few rows by design, and are known by their triangular form.

    Args:
        networks: (samples, n_a) each.
    """
    samples, units = networks[0].shape[0], max(network.shape[1] for network in networks)
    if samples >= FEW * units or any(isinstance(network, Tracer) for network in networks):
        return
    if not is_compressed(networks):
        warn_of(samples, units)


def warn_of(samples: int, units: int) -> None:
    """Warns once a call site where there are fewer samples than ten a unit.

    Args:
        samples: How many there are.
        units: Of the widest network.
    """
    if samples < FEW * units:
        warn_at_call_site(
            f"{samples} samples for {units} units, fewer than {FEW} a unit: part of what matches does so by chance; "
            "take more samples, or see jaxrepsim.chance",
            FewSamplesWarning,
        )


def is_compressed(networks: Sequence[Array]) -> bool:
    """Whether activations have the form that `compress` gives: they are columns of one upper triangle.

    Counted from a network's last column, which may reach the last row, each one before it ends a row earlier; and those
    of the first network end on the diagonal.
    """
    zeros = 0
    for network in map(np.asarray, networks):
        rows, units = network.shape
        below = np.arange(rows)[:, None] > rows - units + np.arange(units)
        if np.any(network[below]):
            return False
        zeros += int(below.sum())
    first = np.asarray(networks[0])
    return zeros > 0 or (len(first) > 1 and not np.any(np.tril(first, -1)))
