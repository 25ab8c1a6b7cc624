"""What the tests of measures found: one row a measure, with intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.figure import arranged, framed, panel_grid
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import ACCENT, INK, MUTED, PAPER, Column

MARKED = {"match_auc": ACCENT, "linear_cka": INK}
"""The two measures that the question is about."""
_ROW = 0.135
"""Inches of a measure."""


class Panel(NamedTuple):
    """One number of every measure."""

    value: Floats
    """(measures,)."""
    low: Floats
    """The lower end of its interval; NaN for none."""
    high: Floats
    chance: float | None = None
    """What knows nothing gives."""
    lower_is_better: bool = False


def ordered(panel: Panel) -> list[int]:
    """The measures from the best to the worst, those without a number last."""
    signed = panel.value if panel.lower_is_better else -panel.value
    return np.argsort(np.where(np.isnan(signed), np.inf, signed), kind="stable").tolist()


def by_measure(panels: Mapping[str, Panel], names: Sequence[str], column: Column = "double") -> Figure:
    """Draws a panel a number: measures below one another, the best of the first panel on top, with their intervals.

    `match_auc` and `linear_cka` stand out; a dashed line is what knows nothing.

    Args:
        panels: By their titles, one or more.
        names: Of the measures.
        column: The width.
    """
    order = ordered(next(iter(panels.values())))
    across, down, _ = arranged(len(panels), 2 if column == "single" else 3, column)
    height = down * (_ROW * len(names) + 0.45)
    with framed(column, height) as figure:
        for place, (axes, (title, panel)) in enumerate(
            zip(panel_grid(figure, len(panels), across, sharey=True), panels.items(), strict=True)
        ):
            for row, at in enumerate(order):
                color = MARKED.get(names[at], MUTED)
                axes.hlines(row, panel.low[at], panel.high[at], color=color, linewidth=1)
                axes.plot(panel.value[at], row, "o", color=color, markeredgecolor=PAPER, clip_on=False)
            if panel.chance is not None:
                axes.axvline(panel.chance, color=MUTED, linestyle=(0, (4, 1.5)), linewidth=0.8)
            axes.set_title(title, loc="left", pad=3)
            axes.grid(axis="x")
            axes.grid(visible=False, axis="y")
            if place % across == 0:
                axes.set_yticks(range(len(order)), [names[at] for at in order])
                axes.set_ylim(len(order) - 0.5, -0.5)
    return figure
