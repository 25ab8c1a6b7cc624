"""The warning of too few samples for the number of units."""

import sys
import warnings
from collections.abc import Sequence
from types import FrameType

import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array
from jaxrepsim.errors import FewSamplesWarning

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
    caller = _caller()
    if caller is not None and not is_compressed(networks):
        warnings.warn_explicit(
            f"{samples} samples for {units} units, fewer than {FEW} a unit: part of what matches does so by chance; "
            "take more samples, or see jaxrepsim.chance",
            FewSamplesWarning,
            caller.f_code.co_filename,
            caller.f_lineno,
            registry=caller.f_globals.setdefault("__warningregistry__", {}),
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


def _caller() -> FrameType | None:
    """Where the package was called from; None where a run called, which says it by itself, layer by layer."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("jaxrepsim.pipeline"):
            return None
        if name.split(".")[0] not in ("jaxrepsim", "jaxtyping", "beartype"):  # these two check types in the tests
            return frame
        frame = frame.f_back
    return None
