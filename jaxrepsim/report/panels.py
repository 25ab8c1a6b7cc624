"""Stacks of axes, one an ε, over a common axis of layers; and which values of ε are worth one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from jaxrepsim.report.labels import LayerLabels, mark_layers
from jaxrepsim.report.results import Results
from jaxrepsim.report.summaries import epsilon_labels

MOST_LAYERS = 120
"""More layers than this are not drawn and listed one by one: no reader looks at them, and drawing takes hours."""


def nonzero_epsilons(*values: ArrayLike) -> list[int]:
    """The values of ε at which anything is above 0.

    Args:
        *values: Arrays whose last axis is that of ε; NaN where nothing was computed.

    Returns:
        Their indices.
    """
    flat = [np.asarray(value).reshape(-1, np.shape(value)[-1]) for value in values]
    return np.flatnonzero((np.concatenate(flat) > 0).any(0)).tolist()


def thinned(indices: Sequence[int], most: int) -> list[int]:
    """At most `most` of the indices, evenly spaced, the first and the last among them.

    >>> thinned([0, 1, 2, 3, 4, 5, 6], 4)
    [0, 2, 4, 6]
    """
    if len(indices) <= most:
        return list(indices)
    return [indices[round(place)] for place in np.linspace(0, len(indices) - 1, most)]


def some_layers(results: Results) -> Results:
    """The results of at most `MOST_LAYERS` layers, evenly spaced, the first and the last among them."""
    if results.sizes["layer"] <= MOST_LAYERS:
        return results
    chosen = thinned(range(results.sizes["layer"]), MOST_LAYERS)
    return results.isel(dict.fromkeys(("layer", "other_layer"), chosen), missing_dims="ignore")


def left_out(results: Results, drawn: Sequence[int], reason: str) -> str:
    """A sentence on values of ε that have no panel, or nothing where all have one."""
    labels = [label for index, label in enumerate(epsilon_labels(results)) if index not in drawn]
    return f" There is no panel for ε = {', '.join(labels)}: {reason}." if labels else ""


def stack(figure: Figure, results: Results, epsilons: Sequence[int], labels: LayerLabels) -> list[Axes]:
    """Axes below one another, one an ε, with the layers' names below the last.

    Args:
        figure: An empty figure.
        results: The tree of results.
        epsilons: The indices of the values of ε, at least one.
        labels: How the layers are written.

    Returns:
        The axes, from the first ε to the last.
    """
    rows = figure.subplots(len(epsilons), 1, sharex=True, squeeze=False).ravel().tolist()
    titles = epsilon_labels(results)
    for epsilon, axes in zip(epsilons, rows, strict=True):
        axes.set_title(f"ε = {titles[epsilon]}", loc="left", pad=3)
        mark_layers(axes, labels, written=axes is rows[-1])
    rows[-1].set_xlabel("layer, from input to output")
    return rows


def similarity_axis(axes: Axes, *, titled: bool = True) -> None:
    """Makes the y axis that of similarity, from 0 to 1.

    Args:
        axes: The axes.
        titled: Whether it has a title; false for all but the first of a row of axes.
    """
    axes.set(ylim=(0, 1), yticks=(0, 0.5, 1))
    axes.yaxis.set_major_formatter("{x:g}")
    if titled:
        axes.set_ylabel("similarity")
