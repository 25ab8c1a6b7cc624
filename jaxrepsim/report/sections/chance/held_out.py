"""Residuals on the inputs they were fitted to, and on others."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, layer_axes
from jaxrepsim.report.results import Floats, Results, computed
from jaxrepsim.report.style import ACCENT, PAPER, Column, legend_line

_CAP = 2.0
"""A held-out residual beyond this says no more than that the fit does not carry over."""
_AXES_HEIGHT = {"single": 1.85, "double": 2.15}
_LOOKS = {
    "residual": ("fitted", ACCENT, "o", -0.18),
    "held_out": ("held out", "#d55e00", "s", 0.18),
}


def residual_quartiles(results: Results, name: str) -> Floats:
    """First quartile, median and third quartile of a residual over the units of both networks and all pairs.

    Args:
        results: Results with the group `chance`.
        name: `residual` or `held_out`.

    Returns:
        (layer, 3), NaN where a layer has no value.
    """
    both = np.stack([results[f"chance/{name}_{side}"].values for side in "xy"], axis=1)
    units = [layer[~np.isnan(layer)] for layer in both]
    return np.array([np.quantile(u, (0.25, 0.5, 0.75)) if len(u) else np.full(3, np.nan) for u in units])


def _draw(results: Results, column: Column) -> Figure:
    """Median and middle half of the fitted and of the held-out residual, side by side, one pair per layer.

    Where a third quartile lies beyond 2 the axis ends there, and triangles mark what lies beyond.
    """
    quartiles = {name: residual_quartiles(results, name) for name in _LOOKS}
    top, capped = _top(results)
    handles = [
        legend_line(color=color, marker=marker, markeredgecolor=PAPER, linewidth=3, label=label)
        for label, color, marker, _ in _LOOKS.values()
    ]
    if capped:
        look = {"color": _LOOKS["held_out"][1], "marker": "^", "linestyle": "none", "markersize": 4.5}
        handles.append(legend_line(fillstyle="full", label=f"median beyond {_CAP:g}", **look))
        handles.append(legend_line(fillstyle="none", label=f"only third quartile beyond {_CAP:g}", **look))
    with layer_axes(results, column, [_AXES_HEIGHT[column]], handles) as (figure, (axes,)):
        for name, values in quartiles.items():
            _bars(axes, name, values, top)
        axes.set(ylim=(0, top), ylabel="residual")
        axes.yaxis.set_major_formatter("{x:g}")
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    _, capped = _top(results)
    worst = np.nanmax(residual_quartiles(results, "held_out"))
    cap = f" The axis ends at {_CAP:g}, and triangles mark what lies beyond: up to {worst:.3g}." if capped else ""
    over = "" if results.sizes["pair"] == 1 else " and all pairs"
    return (
        f"Residuals of the units of both networks{over} on all units of the other network: bars hold the middle half, "
        "points are medians. Fitted: coefficients fitted and measured on the same inputs. Held out: fitted on one half "
        "of the inputs and measured on the other. The further apart the two lie, the less a fit carries over to "
        f"other inputs; 1 is what explaining nothing would leave.{cap}"
    )


def _top(results: Results) -> tuple[float, bool]:
    highest = float(np.nanmax([residual_quartiles(results, name)[:, 2] for name in _LOOKS]))
    return (_CAP, True) if highest > _CAP else (max(1.02, highest * 1.05), False)


def _bars(axes: Axes, name: str, values: Floats, top: float) -> None:
    _, color, marker, aside = _LOOKS[name]
    place = np.arange(len(values)) + aside
    first, median, third = values.T
    known = np.isfinite(median) & (first <= top)
    height = np.minimum(third, top) - first
    axes.bar(place[known], height[known], 0.28, first[known], color=color, alpha=0.35, linewidth=0)
    size = 3.6 if len(values) <= 40 else 2.2
    inside = known & (median <= top)
    points = {"markersize": size, "markeredgecolor": PAPER}
    axes.plot(place[inside], median[inside], marker, color=color, clip_on=False, **points)
    for beyond, fill in ((median > top, "full"), ((median <= top) & (third > top), "none")):
        look = {"color": color, "fillstyle": fill, "markersize": size + 0.6, "markeredgewidth": 0.8}
        axes.plot(place[beyond], np.full(beyond.sum(), top * 0.985), "^", zorder=4, **look)


DRAWING = Drawing(
    "held-out",
    "Residuals on other inputs",
    _draw,
    _caption,
    "Bars and points, two per layer: quartiles of the fitted and of the held-out residual.",
    lambda results: computed(results, "chance/held_out_x", "chance/held_out_y"),
)
