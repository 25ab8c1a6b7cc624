"""How large simple matches are: from one unit to one, up to the whole match."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jaxrepsim.report.figure import draw_box, draw_points, epsilon_axes, require
from jaxrepsim.report.results import Ints, Results, thinned, unit_counts
from jaxrepsim.report.sections.decomposition.simple_matches import any_simple, matched_units, simple_sizes
from jaxrepsim.report.style import ACCENT, FAINT, INK, MUTED, Column, Look, legend_line, paper_style

_MOST_EPSILONS = 4
_MOST_POINTS = 400
"""Of a layer and ε: beyond, evenly spaced ones of the sorted sizes are drawn."""
_LOOKS: dict[str, Look] = {
    "simple match": {"color": ACCENT, "marker": "o", "markersize": 2.4},
    "one unit to one": {"color": "#d55e00", "marker": "D", "markersize": 3},
    "maximum match": {"color": INK, "marker": "_", "markersize": 7, "markeredgewidth": 1.2},
    "all units": {"color": MUTED, "marker": "_", "markersize": 7, "markeredgewidth": 0.6},
}


@paper_style()
def simple_match_distribution(results: Results, column: Column = "single") -> Figure:
    """Draws the sizes of all simple matches found, of every pair, one row of axes per ε, at most four.

    Each match is a point, its size (units of both sides) on a logarithmic axis; a box holds the middle half, its line
    the median. One unit to one has size 2. Ticks mark the size of the maximum match, the mean over the pairs whose
    simple matches are shown, and all units of both networks. Where the search was stopped there may be more matches,
    and the sizes are those found first.

    Args:
        results: Results with simple matches.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No simple match was found.

    Source: Wang et al. 2018 (arXiv:1810.11750), section 5, on the sizes of simple matches.
    """
    require(any_simple(results), "simple_match_sizes")
    sizes, matched, units = simple_sizes(results), matched_units(results), np.add(*unit_counts(results))
    drawn = thinned(np.flatnonzero(sizes.found.any((0, 1))).tolist(), _MOST_EPSILONS)
    handles = [legend_line(linestyle="none", label=label, **look) for label, look in _LOOKS.items()]
    with epsilon_axes(results, column, drawn, 1.35, handles) as (figure, rows):
        for epsilon, axes in rows:
            axes.axhline(2, color=FAINT, linewidth=0.8, zorder=1)
            for layer in range(len(units)):
                both = _found(sizes.both, layer, epsilon)
                axes.plot(layer, units[layer].mean(), linestyle="none", zorder=2, **_LOOKS["all units"])
                if len(both):
                    whole = matched[layer, sizes.found[layer, :, epsilon] > 0, epsilon].mean()
                    axes.plot(layer, whole, linestyle="none", zorder=2, **_LOOKS["maximum match"])
                    _sizes(axes, layer, both, int(sizes.single[layer, :, epsilon].sum()))
            axes.set_yscale("log", base=2)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set(ylim=(1.5, 1.35 * units.max()), ylabel="size: units,\nboth sides")
            axes.yaxis.set_major_formatter("{x:g}")
            searched = _search(sizes.found[..., epsilon], results["decomposition/simple_complete"].values[..., epsilon])
            axes.set_title(f"{axes.get_title(loc='left')}: {searched}", loc="left", pad=3)
    return figure


def _found(both: Ints, layer: int, epsilon: int) -> Ints:
    values = both[layer, :, epsilon]
    return np.sort(values[values > 0])


def _sizes(axes: Axes, layer: int, both: Ints, single: int) -> None:
    draw_box(axes, layer, both, ACCENT, whiskers=False)
    # Size 2 has nothing else: a match has a unit on each side.
    for name, values in (("one unit to one", both[:single]), ("simple match", both[single:])):
        kept = values[thinned(range(len(values)), _MOST_POINTS)]
        draw_points(axes, layer, kept, zorder=3, markeredgewidth=0, alpha=0.75, **_LOOKS[name])


def _search(found: Ints, complete: Ints) -> str:
    """How many were found at an ε, and whether there may be more; both are (layer, pair)."""
    # A search that was stopped before it found any tells as little of what there is.
    searches, stopped = int(((found > 0) | (complete == 0)).sum()), int((complete == 0).sum())
    return f"{found.sum():,} found, {f'{stopped} of {searches} searches stopped' if stopped else 'all there are'}"
