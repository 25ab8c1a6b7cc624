"""What the tests of measures found: one row a measure, with intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jaxrepsim.report.figure import arranged, framed, panel_grid
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import ACCENT, INK, MUTED, PAPER, Column, category_style, legend_line

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


def by_epsilon(groups: Mapping[str, xr.Dataset], column: Column = "double") -> Figure:
    """Draws what the similarity at each ε identifies and tells apart, and how often its largest value is not alone.

    A dotted line is the mean over ε up to 0.5, `match_auc`.

    Args:
        groups: By family; see `jaxrepsim.pipeline.validity.epsilons`.
        column: The width.
    """
    tests = [str(test) for test in next(iter(groups.values()))["test"].values]
    across = 1 if column == "single" else 2
    names = ["identification of layers", *(f"AUPRC: {test}" for test in tests), "ties at 0", "ties at 1"]
    handles = [
        legend_line(color=category_style(index)["color"], linestyle=line, label=label)
        for index, name in enumerate(names)
        for line, label in [(":" if name.startswith("ties") else "-", name)]
    ]
    with framed(column, 1.9 * (len(groups) if across == 1 else 1), handles) as figure:
        for axes, (family, found) in zip(
            panel_grid(figure, len(groups), across, sharey=True), groups.items(), strict=True
        ):
            measures = [str(name) for name in found["measure"].values]
            at = [place for place, name in enumerate(measures) if name.startswith("s(")]
            epsilon, mean = [float(measures[place][2:-1]) for place in at], measures.index("auc(0.5)")
            lines = [
                found["identified"].values,
                *found["auprc"].values,
                *found["ties"].sel(where=["at 0", "at 1"]).T.values,
            ]
            for index, (line, handle) in enumerate(zip(lines, handles, strict=True)):
                color = category_style(index)["color"]
                axes.plot(epsilon, line[at], color=color, linestyle=handle.get_linestyle())
                if handle.get_linestyle() == "-":
                    axes.plot(0.985, line[mean], "<", color=color, markeredgecolor=PAPER, clip_on=False)
            axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="ε (◂: the mean up to 0.5, match_auc)")
            axes.set_title(family, loc="left", pad=3)
    return figure


def where_they_disagree(groups: Mapping[str, xr.Dataset], column: Column = "double") -> Figure:
    """Draws pairs of layers that the match and linear CKA rank most differently: the profile, and simple matches.

    Left, the share of the units of each side that match at each ε, and linear CKA as a dashed line. Right, for each
    unit the size of a simple match that holds it, a disk where it is certified to be the only one; area counts units.

    Args:
        groups: By family; see `jaxrepsim.pipeline.validity.disagreements`.
        column: The width.
    """
    pairs = [(family, of.isel(pair=at)) for family, of in groups.items() for at in range(of.sizes["pair"])]
    across = 1 if column == "single" else 2
    down = len(pairs) * 2 // across
    handles = [
        legend_line(color=ACCENT, label="units of the first network"),
        legend_line(color=category_style(1)["color"], label="of the second"),
        legend_line(color=INK, linestyle=(0, (4, 1.5)), label="linear CKA"),
        legend_line(color=MUTED, marker="o", linestyle="none", label="the only simple match of its units"),
        legend_line(color=MUTED, marker="o", linestyle="none", markerfacecolor="none", label="one of several"),
    ]
    with framed(column, down * 1.55 + 0.3, handles) as figure:
        grid = panel_grid(figure, 2 * len(pairs), across, width_ratios=(1.4, 1) if across == 2 else None)
        for at, (family, found) in enumerate(pairs):
            _profile(grid[2 * at], family, found)
            _sizes(grid[2 * at + 1], found)
    return figure


def _profile(axes: Axes, family: str, found: xr.Dataset) -> None:
    for share, color in zip(found["share"].values, (ACCENT, category_style(1)["color"]), strict=True):
        axes.plot(found["epsilon"].values, share, color=color, drawstyle="steps-post")
    (auc, cka), layers = found["value"].values, found["layer"].values
    axes.axhline(cka, color=INK, linestyle=(0, (4, 1.5)), linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="ε", ylabel="share that match")
    axes.set_title(f"{family}, {layers[0]} and {layers[1]}: match_auc {auc:.2f}, CKA {cka:.2f}", loc="left", pad=3)


def _sizes(axes: Axes, found: xr.Dataset) -> None:
    size, minimum = found["size"].values, found["minimum"].values
    held = np.nansum(size, axis=0) > 0
    points, place = np.unique(np.vstack([size[:, held], minimum[held]]), axis=1, return_inverse=True)
    areas = 6 + 3 * np.bincount(place.ravel(), minlength=points.shape[1])
    only = points[2] == 1
    axes.scatter(*points[:2, only], s=areas[only], color=MUTED, clip_on=False)
    axes.scatter(*points[:2, ~only], s=areas[~only], facecolors="none", edgecolors=MUTED, clip_on=False)
    axes.set(xlabel="units of the first in a simple match, ε = 0.3", ylabel="of the second")
    for axis, end, of in ((axes.xaxis, axes.set_xlim, size[0]), (axes.yaxis, axes.set_ylim, size[1])):
        end(0, 1.15 * max(np.nanmax(of), 1))
        axis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_title(f"in one: {held.sum()} of {np.isfinite(size[0]).sum()} units", loc="left", pad=3)
