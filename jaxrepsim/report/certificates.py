"""How many units have a proven minimum match: one bar a layer, one row of axes an ε."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter
from xarray import Dataset

from jaxrepsim.report.decomposition import certificates, certified
from jaxrepsim.report.labels import layer_labels, legend_columns
from jaxrepsim.report.panels import left_out, nonzero_epsilons, stack
from jaxrepsim.report.style import ACCENT, FAINT, Column, new_figure, paper_style
from jaxrepsim.report.summaries import names, over_known

_STRIPE = "#101010"
"""On a dark page too: the bar beneath stays as bright."""
# Told apart without colour too: dark, hatched, pale.
_LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("minimum match proven", {"facecolor": ACCENT, "edgecolor": ACCENT}),
    (
        "several v-minimal matches",
        {"facecolor": "#e69f00", "edgecolor": "#e69f00", "hatch": "/////", "hatchcolor": _STRIPE},
    ),
    ("in no match", {"facecolor": FAINT, "edgecolor": FAINT}),
)


def certificate_shares(results: Dataset, column: Column = "double") -> Figure:
    """Draws the shares of all units with a proven minimum match, with several v-minimal matches, and in no match.

    Bars are means over pairs. An ε at which nothing matches anywhere gets no axes.

    Args:
        results: The Dataset, with certificates.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No certificate was computed.
    """
    if not certified(results):
        raise ValueError("these results hold no certificates, so they cannot be drawn")
    labels = layer_labels(names(results, "layer"), column)
    shares = [over_known(values).mean for values in certificates(results)]
    shown = nonzero_epsilons(*shares[:2])
    with paper_style():
        if not shown:
            figure = new_figure(column, 0.4)
            figure.suptitle("nothing matches at any ε of the run", fontsize=7.5)
            return figure
        handles = [Patch(label=label, **look) for label, look in _LOOKS]
        columns = legend_columns([label for label, _ in _LOOKS], column)
        rows = -(-len(handles) // columns)
        figure = new_figure(column, 1.05 * len(shown) + labels.height + 0.45 + 0.15 * rows)
        for epsilon, axes in zip(shown, stack(figure, results, shown, labels), strict=True):
            below = np.zeros(len(labels.names))
            for (_, look), share in zip(_LOOKS, shares, strict=True):
                height = np.nan_to_num(share[:, epsilon])
                axes.bar(range(len(height)), height, 0.66, below, linewidth=0.5, **look)
                below += height
            axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1), ylabel="units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return figure


def caption(results: Dataset) -> str:
    """How to read the figure."""
    shares = certificates(results)
    shown = nonzero_epsilons(shares.minimum, shares.several)
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    missing = " A layer without a bar was not computed." if np.isnan(over_known(shares.none).mean).any() else ""
    return (
        f"Of all units of both networks, the share with a proven minimum match (exactly one v-minimal match exists), "
        f"the share with two or more v-minimal matches, and the share in no match{over}; one row an ε. Where each "
        "matched unit has a minimum match, the match comes apart into simple matches in one way only."
        f"{left_out(results, shown, 'nothing matches there')}{missing}"
    )
