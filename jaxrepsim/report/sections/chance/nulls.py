"""Similarity against chance: beside what was observed, shuffled inputs, random vectors and untrained networks."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxrepsim.report.figure import Drawing, framed, left_out, stack
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results, Spread, names, nonzero_epsilons, over_known, plural, thinned
from jaxrepsim.report.style import ACCENT, INK, PAPER, Column

_MOST_PANELS = 5
# Drawn in this order; told apart by dashes and markers as well.
_LOOKS: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("random vectors, same spectrum", {"color": "#009e73", "linestyle": ":", "marker": "^"}),
    "shuffled": ("shuffled inputs", {"color": "#d55e00", "linestyle": (0, (4, 1.5)), "marker": "s"}),
    "untrained": ("untrained networks", {"color": INK, "linestyle": (0, (5, 1, 1, 1)), "marker": "x"}),
    "observed": ("observed", {"color": ACCENT, "linestyle": "-", "marker": "o"}),
}
_BANDS = ("shuffled", "random")


def compared(results: Results) -> bool:
    """Whether similarity was compared with chance anywhere."""
    return "chance" in results.children and bool(results["chance/observed"].notnull().any())


def _draw(results: Results, column: Column) -> Figure:
    """Observed similarity against depth beside three kinds of chance, one row of axes per ε, at most five.

    Lines are means over pairs, and over draws where there are any; bands run from the smallest draw of any pair to the
    largest.
    """
    labels = layer_labels(names(results, "layer"), column)
    spreads = {name: spread(results, name) for name in _LOOKS}
    rows = thinned(_nonzero(results) or [results.sizes["epsilon"] - 1], _MOST_PANELS)
    handles = [
        Line2D([], [], label=label, markeredgecolor=_edge(look), **look) for label, look in reversed(_LOOKS.values())
    ]
    with framed(column, 1.2 * len(rows) + labels.height + 0.45, handles) as figure:
        for epsilon, axes in zip(rows, stack(figure, results, rows, labels), strict=True):
            for index, (name, values) in enumerate(spreads.items()):
                _line(axes, name, Spread(*(part[:, epsilon] for part in values)), 0.16 * (index - 1.5))
            axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="similarity")
            axes.yaxis.set_major_formatter("{x:g}")
    return figure


def spread(results: Results, name: str) -> Spread:
    """Mean, smallest and largest over pairs, and over draws where the variable has them: (layer, ε)."""
    return over_known(results[f"chance/{name}"].values, (1, 3) if name in _BANDS else 1)


def _caption(results: Results) -> str:
    """How to read the figure."""
    draws = plural(results["chance"].sizes["draw"], "draw")
    pairs = "" if results.sizes["pair"] == 1 else " Lines are means over pairs."
    kept = _nonzero(results)
    few = f" {_MOST_PANELS} of {len(kept)} values of ε are shown." if len(kept) > _MOST_PANELS else ""
    empty = left_out(results, kept, "everything is 0 there") if kept else ""
    return (
        "Observed similarity against what chance gives, on the same rows: with the inputs of one network shuffled, so "
        "that rows no longer belong together; for random vectors with the same spectrum; and for the same networks "
        f"before training. Bands run from the smallest to the largest of {draws}{' and all pairs' * bool(pairs)}."
        f"{pairs}{few}{empty}"
    )


def _nonzero(results: Results) -> list[int]:
    return nonzero_epsilons(*(spread(results, name).high for name in _LOOKS))


def _line(axes: Axes, name: str, values: Spread, aside: float) -> None:
    _, look = _LOOKS[name]
    color = look["color"]
    depth = np.arange(len(values.mean), dtype=float)
    if len(depth) == 1:
        # A band over one layer has no width, and points at one place would hide one another.
        depth += aside
        if name in _BANDS:
            axes.vlines(depth, values.low, values.high, color=color, linewidth=1.2)
    elif name in _BANDS:
        axes.fill_between(depth, values.low, values.high, color=color, alpha=0.22, linewidth=0)
    size, edge = 3.4 if len(depth) <= 40 else 2.2, 0.9 if look["marker"] == "x" else 0.4
    points = {"markersize": size, "markeredgewidth": edge, "markeredgecolor": _edge(look)}
    axes.plot(depth, values.mean, linewidth=1.1, clip_on=False, zorder=3, **look, **points)


def _edge(look: dict[str, Any]) -> str:
    return look["color"] if look["marker"] == "x" else PAPER


DRAWING = Drawing(
    "chance",
    "Similarity against chance",
    _draw,
    _caption,
    "Line charts, one per ε, of similarity against depth, beside shuffled inputs, random vectors and untrained "
    "networks. The numbers are in the table of chance.",
    compared,
)
