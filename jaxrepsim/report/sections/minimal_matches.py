"""Sampled v-minimal matches: how many units it takes before a unit can be matched at all."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from jaxrepsim.report.figure import Drawing, framed
from jaxrepsim.report.labels import layer_labels, mark_layers
from jaxrepsim.report.results import Results
from jaxrepsim.report.section import Section
from jaxrepsim.report.style import MUTED, Column, epsilon_colors
from jaxrepsim.report.summaries import Floats, Ints, epsilon_labels, headline_epsilon, names, plural, unit_counts
from jaxrepsim.report.variable import COUNT, Variable, of_sides

_SAMPLE = ("layer", "pair", "epsilon", "sample")
VARIABLES: dict[str, Variable] = {
    "sampled_unit": Variable(
        _SAMPLE,
        "sampled unit",
        "Joint index of the unit v for which a minimal match was searched: the first network's units, then the "
        "second's; −1 for none.",
    ),
    **of_sides(
        "size",
        _SAMPLE,
        "units of the {own} network in the minimal match",
        "Number of units of the {own} network in the v-minimal match found for sampled_unit; 0 where that unit is in "
        "no match.",
        COUNT,
    ),
}
_MOST_LAYERS = 24
_MOST_POINTS = 60
"""Up to this many layers, and sampled matches in a box, each match is also drawn as a point."""


class MinimalSizes(NamedTuple):
    """Sampled v-minimal matches of one layer at one ε, all pairs together."""

    shares: Floats
    """Sizes of both sides as a share of the layer's joint units, one a unit that is in some match."""
    sizes: Ints
    """The same as numbers of units."""
    none: int
    """Sampled units that are in no match."""

    @property
    def sampled(self) -> int:
        """Units sampled."""
        return len(self.sizes) + self.none


def minimal_sizes(results: Results) -> list[list[MinimalSizes]]:
    """Sampled v-minimal matches, all pairs together.

    Args:
        results: The tree of results.

    Returns:
        At each ε, then at each layer: the sizes of those that are in a match, and the number of those that are not.
    """
    group, (x, y) = results["minimal_matches"], unit_counts(results)
    sampled = group["sampled_unit"].values >= 0
    size = (group["size_x"] + group["size_y"]).values
    share = size / np.maximum(x + y, 1)[:, :, None, None]
    held = sampled & (size > 0)
    none = (sampled & (size == 0)).sum((1, 3))
    layers, epsilons = none.shape
    return [
        [
            MinimalSizes(
                share[layer, :, epsilon][held[layer, :, epsilon]],
                size[layer, :, epsilon][held[layer, :, epsilon]],
                int(none[layer, epsilon]),
            )
            for layer in range(layers)
        ]
        for epsilon in range(epsilons)
    ]


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
    group = results["minimal_matches"]
    single = (group["size_x"] == 1) & (group["size_y"] == 1)
    for index, (epsilon, cells) in enumerate(zip(epsilon_labels(results), minimal_sizes(results), strict=True)):
        shares = np.concatenate([cell.shares for cell in cells])
        sizes = np.concatenate([cell.sizes for cell in cells])
        found = len(sizes) > 0
        rows.append(
            MinimalRow(
                epsilon=epsilon,
                sampled=sum(cell.sampled for cell in cells),
                none=sum(cell.none for cell in cells),
                smallest=int(sizes.min()) if found else None,
                median=float(np.median(shares)) if found else None,
                single=int(single[:, :, index].sum()) if found else None,
            )
        )
    return rows


def _sampled(results: Results) -> bool:
    """Whether any unit's v-minimal match was looked for."""
    return "minimal_matches" in results.children and bool((results["minimal_matches/sampled_unit"] >= 0).any())


def _sentences(results: Results) -> list[str]:
    if not _sampled(results):
        return []
    epsilon = headline_epsilon(results)
    cells = minimal_sizes(results)[epsilon]
    total, none = sum(cell.sampled for cell in cells), sum(cell.none for cell in cells)
    if not total:
        return []
    start = f"Of {plural(total, 'unit')} sampled at ε = {epsilon_labels(results)[epsilon]}, "
    if none == total:
        return [f"{start}none is in a match."]
    start += f"{none:,} {'is' if none == 1 else 'are'} in no match" if none else "all are in a match"
    shares = np.concatenate([cell.shares for cell in cells])
    smallest = min(int(cell.sizes.min()) for cell in cells if len(cell.sizes))
    return [
        f"{start}; the v-minimal matches that were found hold a median of {np.median(shares):.0%} of both "
        f"networks' units in the layer, the smallest {plural(smallest, 'unit')}."
    ]


def _draw(results: Results, column: Column) -> Figure:
    """Sizes of sampled v-minimal matches, relative to a layer's joint units, one row of axes per ε.

    A box holds the middle half of the sizes, its line the median, whiskers the smallest and the largest. The strip
    below it shows the share of sampled units that are in no match at this ε. An ε at which no sampled unit is in a
    match gets no axes, but a line of text.
    """
    labels = layer_labels(names(results, "layer"), column)
    epsilons, cells = epsilon_labels(results), minimal_sizes(results)
    matched = [e for e, row in enumerate(cells) if any(len(cell.sizes) for cell in row)]
    empty = [label for e, label in enumerate(epsilons) if e not in matched]
    height = len(matched) * 1.5 + labels.height + 0.3 * bool(empty) + 0.2 if matched else 0.5
    with framed(column, height) as figure:
        if empty:
            figure.suptitle(f"no sampled unit is in a match at ε = {', '.join(empty)}", fontsize=7.5)
        if not matched:
            return figure
        count = len(matched)
        grid = figure.subplots(2 * count, 1, sharex=True, squeeze=False, height_ratios=[4, 1] * count).ravel()
        colors = epsilon_colors(len(epsilons))
        for epsilon, above, below in zip(matched, grid[::2], grid[1::2], strict=True):
            _sizes(above, cells[epsilon], colors[epsilon])
            _none(below, cells[epsilon])
            none, total = sum(cell.none for cell in cells[epsilon]), sum(cell.sampled for cell in cells[epsilon])
            above.set_title(f"ε = {epsilons[epsilon]}: {none:,} of {total:,} in no match", loc="left")
        figure.set_layout_engine("constrained", h_pad=0.02, hspace=0, rect=(0, 0, 1, 1 - 0.05 / height))
        for axes in grid:
            mark_layers(axes, labels, written=axes is grid[-1])
        grid[-1].set_xlabel("layer, from input to output")
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


def _sizes(axes: Axes, row: list[MinimalSizes], color: str) -> None:
    width = 0.56
    held = [(place, cell.shares) for place, cell in enumerate(row) if len(cell.shares)]
    places = np.array([place for place, _ in held])
    low, first, median, third, high = np.transpose([np.quantile(shares, (0, 0.25, 0.5, 0.75, 1)) for _, shares in held])
    axes.vlines(places, low, high, color=color, linewidth=0.8)
    axes.bar(places, third - first, width, first, color=color, alpha=0.3, linewidth=0)
    axes.hlines(median, places - width / 2, places + width / 2, color=color, linewidth=1.8)
    if len(row) <= _MOST_LAYERS and max(len(shares) for _, shares in held) <= _MOST_POINTS:
        for place, shares in held:
            # Multiples of the golden ratio spread points evenly without a random number.
            aside = (np.arange(len(shares)) * 0.618034 % 1 - 0.5) * width * 0.8
            axes.plot(place + aside, shares, ".", color=color, markersize=2.4, markeredgewidth=0, alpha=0.7)
    axes.set(ylim=(0, 1.02), yticks=(0, 0.5, 1))
    axes.set_ylabel("match size,\nshare of units")
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _none(axes: Axes, row: list[MinimalSizes]) -> None:
    shares = [cell.none / cell.sampled if cell.sampled else 0.0 for cell in row]
    axes.bar(range(len(row)), shares, 0.56, color=MUTED, linewidth=0)
    axes.set(ylim=(0, 1), yticks=(0, 1))
    axes.set_ylabel("in no\nmatch")
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _context(results: Results) -> dict[str, Any]:
    return {"rows": minimal_rows(results) if _sampled(results) else []}


SECTION = Section(
    name="minimal_matches",
    title="Minimal matches",
    template=Path(__file__).with_name("minimal_matches.html"),
    variables=VARIABLES,
    context=_context,
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
