"""How many units have a proven minimum match: one bar per layer, one row of axes per ε."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, framed, left_out, stack
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results, names, nonzero_epsilons, over_known
from jaxrepsim.report.sections.decomposition.counts import certificates
from jaxrepsim.report.style import ACCENT, FAINT, Column

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


def _draw(results: Results, column: Column) -> Figure:
    """Shares of all units with a proven minimum match, with several v-minimal matches, and in no match.

    Bars are means over pairs. An ε at which nothing matches anywhere gets no axes.
    """
    labels = layer_labels(names(results, "layer"), column)
    shares = [over_known(values).mean for values in certificates(results)]
    rows = _rows(results)
    handles = [Patch(label=label, **look) for label, look in _LOOKS]
    with framed(column, 1.05 * len(rows) + labels.height + 0.45, handles) as figure:
        for epsilon, axes in zip(rows, stack(figure, results, rows, labels), strict=True):
            below = np.zeros(len(labels.names))
            for (_, look), share in zip(_LOOKS, shares, strict=True):
                height = np.nan_to_num(share[:, epsilon])
                axes.bar(range(len(height)), height, 0.66, below, linewidth=0.5, **look)
                below += height
            axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1), ylabel="units")
            axes.yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    absent = np.isnan(over_known(certificates(results).none).mean).any()
    missing = " A layer without a bar was not computed." if absent else ""
    return (
        f"Of all units of both networks, the share with a proven minimum match (exactly one v-minimal match exists), "
        f"the share with two or more v-minimal matches, and the share in no match{over}; one row per ε. Where each "
        "matched unit has a minimum match, the match comes apart into simple matches in one way only."
        f"{left_out(results, _rows(results), 'nothing matches there')}{missing}"
    )


def _rows(results: Results) -> list[int]:
    shares = certificates(results)
    return nonzero_epsilons(shares.minimum, shares.several)


DRAWING = Drawing(
    "certificates",
    "Minimum matches",
    _draw,
    _caption,
    "Stacked bars, one per layer, one row per ε: shares of units with a proven minimum match, with several v-minimal "
    "matches and in no match. The counts are in the table of decompositions.",
    lambda results: bool(_rows(results)),
)
