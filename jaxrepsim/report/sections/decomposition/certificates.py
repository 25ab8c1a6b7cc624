"""How many units have a proven minimum match: one bar per layer, one row of axes per ε."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxrepsim.report.epsilons import left_out, nonzero_epsilons
from jaxrepsim.report.figure import Drawing, epsilon_axes, stacked_bars
from jaxrepsim.report.results import Floats, Results, over_known, unit_counts
from jaxrepsim.report.style import ACCENT, FAINT, Column, Look

_STRIPE = "#101010"
"""On a dark page too: the bar beneath stays as bright."""
# Told apart without colour too: dark, hatched, pale.
_LOOKS: tuple[tuple[str, Look], ...] = (
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
    handles = [Patch(label=label, **look) for label, look in _LOOKS]
    shares = _shares(results)
    with epsilon_axes(results, column, nonzero_epsilons(shares[:2]), 1.05, handles) as (figure, panels):
        for epsilon, axes in panels:
            stacked_bars(axes, shares[..., epsilon], [{"linewidth": 0.5} | look for _, look in _LOOKS])
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    shares = _shares(results)
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    missing = " A layer without a bar was not computed." if np.isnan(shares).any() else ""
    return (
        f"Of all units of both networks, the share with a proven minimum match (exactly one v-minimal match exists), "
        f"the share with two or more v-minimal matches, and the share in no match{over}; one row per ε. Where each "
        "matched unit has a minimum match, the match comes apart into simple matches in one way only."
        f"{left_out(results, nonzero_epsilons(shares[:2]), 'nothing matches there')}{missing}"
    )


def _shares(results: Results) -> Floats:
    """The three shares of all units of both networks, means over pairs; dead units are in no match: (3, layer, ε)."""
    minimum, several = (results[f"decomposition/certified_{name}"].values for name in ("minimum", "several"))
    units = np.maximum(np.add(*unit_counts(results)), 1)[:, :, None]
    counts = np.stack([minimum, several, units - minimum - several])
    return over_known(np.where((minimum >= 0) & (several >= 0), counts / units, np.nan), 2).mean


DRAWING = Drawing(
    "certificates",
    "Minimum matches",
    _draw,
    _caption,
    "Stacked bars, one per layer, one row per ε: shares of units with a proven minimum match, with several v-minimal "
    "matches and in no match. The counts are in the table of decompositions.",
    lambda results: bool(nonzero_epsilons(_shares(results)[:2])),
)
