"""The values of ε of a run: how they are written, which of them sentences speak of, and which have a panel."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from jaxrepsim.report.results import Results


def epsilon_labels(results: Results) -> list[str]:
    """Each ε of the run, as short as it can be written: 0.5, not 0.500."""
    return [f"{value:g}" for value in results["epsilon"].values]


def at_epsilon(results: Results, epsilon: int) -> str:
    """How a sentence begins that speaks of one ε."""
    return f"At ε = {epsilon_labels(results)[epsilon]}"


def headline_epsilon(results: Results, among: ArrayLike | None = None) -> int:
    """The ε that sentences speak of: the largest of the run up to 0.5, or the smallest where all are larger.

    Beyond 0.5 nearly everything matches in any network, and a sentence would say nothing.

    Args:
        results: The tree of results.
        among: At each ε, whether it may be taken; by default all may.

    Returns:
        Its index.
    """
    epsilons = results["epsilon"].values
    order = np.where(epsilons <= 0.5, epsilons, -epsilons)
    return int(np.argmax(order if among is None else np.where(among, order, -np.inf)))


def nonzero_epsilons(*values: ArrayLike) -> list[int]:
    """The values of ε at which anything is above 0.

    Args:
        *values: Arrays whose last axis is that of ε; NaN where nothing was computed.

    Returns:
        Their indices.
    """
    flat = [np.asarray(value).reshape(-1, np.shape(value)[-1]) for value in values]
    return np.flatnonzero((np.concatenate(flat) > 0).any(0)).tolist()


def left_out(results: Results, drawn: Sequence[int], reason: str) -> str:
    """A sentence on values of ε that have no panel, or nothing where all have one."""
    labels = [label for index, label in enumerate(epsilon_labels(results)) if index not in drawn]
    return f" There is no panel for ε = {', '.join(labels)}: {reason}." if labels else ""
