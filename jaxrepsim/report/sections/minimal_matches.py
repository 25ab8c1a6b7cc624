"""Sampled v-minimal matches: how many units it takes before a unit can be matched at all."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.figure import Drawing, draw_box, draw_points, framed, over_layers, panel_grid, share_axis
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Floats, Mask, Results, names, plural, unit_counts
from jaxrepsim.report.section import COUNT, Alike, Section, Variable
from jaxrepsim.report.style import MUTED, Column, epsilon_colors

_SAMPLE = ("layer", "pair", "epsilon", "sample")
VARIABLES: dict[str, Variable] = {
    **Alike(_SAMPLE).named(
        sampled_unit="sampled unit: Joint index of the unit v for which a minimal match was searched: the first "
        "network's units, then the second's; −1 for none.",
    ),
    **Alike(_SAMPLE, COUNT).of_sides(
        size="units of the {own} network in the minimal match: Number of units of the {own} network in the v-minimal "
        "match found for sampled_unit; 0 where that unit is in no match.",
    ),
}
_MOST_LAYERS = 24
_MOST_POINTS = 60
"""Up to this many layers, and sampled matches in a box, each match is also drawn as a point."""


class MinimalSizes(NamedTuple):
    """Sampled v-minimal matches at one ε, all pairs together: (layer, match)."""

    sizes: Floats
    """Units of both sides; NaN for a unit that is in no match, and where none was sampled."""
    shares: Floats
    """The same as a share of the layer's joint units."""
    none: Mask
    """Whether a unit was sampled that is in no match."""

    @property
    def held(self) -> Mask:
        """Whether there is a match."""
        return ~np.isnan(self.sizes)

    @property
    def sampled(self) -> int:
        """Units sampled."""
        return int((self.held | self.none).sum())


def minimal_sizes(results: Results) -> list[MinimalSizes]:
    """Sampled v-minimal matches, all pairs together.

    Args:
        results: The tree of results.

    Returns:
        At each ε the sizes, and which units are in no match.
    """
    unit, x, y = (results[f"minimal_matches/{name}"].values for name in ("sampled_unit", "size_x", "size_y"))
    units = np.maximum(np.add(*unit_counts(results)), 1)[:, :, None, None]
    sizes = np.where((unit >= 0) & (x + y > 0), x + y, np.nan)
    columns: tuple[Any, ...] = (sizes, sizes / units, (unit >= 0) & (x + y == 0))
    layers, _, epsilons, _ = sizes.shape
    return [MinimalSizes(*(values[:, :, at].reshape(layers, -1) for values in columns)) for at in range(epsilons)]


class MinimalRow(NamedTuple):
    """Sampled v-minimal matches at one ε, over all layers and pairs. The last three are None where there are none."""

    epsilon: str
    sampled: int
    none: int
    """Sampled units that are in no match."""
    smallest: int | None
    """Units of the smallest one, both sides together."""
    median: float | None
    """Median share of a layer's joint units."""
    single: int | None
    """How many are one unit on each side."""


def minimal_rows(results: Results) -> list[MinimalRow]:
    """The table of sampled v-minimal matches.

    Args:
        results: Results with the group `minimal_matches`.

    Returns:
        One row per ε.
    """
    rows = []
    for epsilon, found in zip(epsilon_labels(results), minimal_sizes(results), strict=True):
        of_matches = (None, None, None)
        if found.held.any():
            single = int((found.sizes == 2).sum())  # nothing else has this size: a match has a unit on each side
            of_matches = (int(np.nanmin(found.sizes)), float(np.nanmedian(found.shares)), single)
        rows.append(MinimalRow(epsilon, found.sampled, int(found.none.sum()), *of_matches))
    return rows


def _sampled(results: Results) -> bool:
    """Whether any unit's v-minimal match was looked for."""
    return "minimal_matches" in results.children and bool((results["minimal_matches/sampled_unit"] >= 0).any())


def _sentences(results: Results) -> list[str]:
    if not _sampled(results):
        return []
    epsilon = headline_epsilon(results)
    found = minimal_sizes(results)[epsilon]
    total, none = found.sampled, int(found.none.sum())
    if not total:
        return []
    start = f"Of {plural(total, 'unit')} sampled at ε = {epsilon_labels(results)[epsilon]}, "
    if none == total:
        return [f"{start}none is in a match."]
    start += f"{none:,} {'is' if none == 1 else 'are'} in no match" if none else "all are in a match"
    return [
        f"{start}; the v-minimal matches that were found hold a median of {np.nanmedian(found.shares):.0%} of both "
        f"networks' units in the layer, the smallest {plural(int(np.nanmin(found.sizes)), 'unit')}."
    ]


def _draw(results: Results, column: Column) -> Figure:
    """Sizes of sampled v-minimal matches, relative to a layer's joint units, one row of axes per ε.

    A box holds the middle half of the sizes, its line the median, whiskers the smallest and the largest. The strip
    below it shows the share of sampled units that are in no match at this ε. An ε at which no sampled unit is in a
    match gets no axes, but a line of text.
    """
    labels = layer_labels(names(results, "layer"), column)
    epsilons, sizes = epsilon_labels(results), minimal_sizes(results)
    matched = [e for e, found in enumerate(sizes) if found.held.any()]
    empty = [label for e, label in enumerate(epsilons) if e not in matched]
    height = len(matched) * 1.5 + labels.height + 0.3 * bool(empty) + 0.2 if matched else 0.5
    with framed(column, height) as figure:
        if empty:
            figure.suptitle(f"no sampled unit is in a match at ε = {', '.join(empty)}")
        if not matched:
            return figure
        count = len(matched)
        grid = panel_grid(figure, 2 * count, 1, sharex=True, height_ratios=[4, 1] * count)
        colors = epsilon_colors(len(epsilons))
        for epsilon, above, below in zip(matched, grid[::2], grid[1::2], strict=True):
            found = sizes[epsilon]
            _sizes(above, found, colors[epsilon])
            _none(below, found)
            none = f"{found.none.sum():,} of {found.sampled:,} in no match"
            above.set_title(f"ε = {epsilons[epsilon]}: {none}", loc="left")
        figure.set_layout_engine("constrained", h_pad=0.02, hspace=0, rect=(0, 0, 1, 1 - 0.05 / height))
        over_layers(grid, labels)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    return (
        "Sizes of v-minimal matches of sampled units, both sides together, as a share of the layer's units in both "
        "networks: boxes hold the middle half, the line in a box is the median, whiskers reach from smallest to "
        "largest; where there are few, each is also a point. Grey bars and headings give the sampled units that are in "
        "no match at all. The nearer to the top, the more units it takes before one unit of one network can be matched "
        "with the other. A unit may have several v-minimal matches; each size is that of the one that was found."
    )


def _sizes(axes: Axes, found: MinimalSizes, color: str) -> None:
    few = len(found.sizes) <= _MOST_LAYERS and found.held.sum(1).max() <= _MOST_POINTS
    for layer in np.flatnonzero(found.held.any(1)).tolist():
        shares = found.shares[layer, found.held[layer]]
        draw_box(axes, layer, shares, color)
        if few:
            draw_points(axes, layer, shares, marker=".", color=color, markersize=2.4, markeredgewidth=0, alpha=0.7)
    share_axis(axes, "match size,\nshare of units", 1.02)


def _none(axes: Axes, found: MinimalSizes) -> None:
    none = found.none.sum(1)
    axes.bar(range(len(none)), none / np.maximum(none + found.held.sum(1), 1), 0.56, color=MUTED, linewidth=0)
    share_axis(axes, "in no\nmatch")
    axes.set_yticks((0, 1))


SECTION = Section(
    title="Minimal matches",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": minimal_rows(results) if _sampled(results) else []},
    sentences=_sentences,
    figures=(
        Drawing(
            "minimal-matches",
            "Sizes of minimal matches",
            _draw,
            _caption,
            "Box plots of the sizes of v-minimal matches, one row per ε, one box per layer.",
            _sampled,
        ),
    ),
    present=lambda results: True,
)
