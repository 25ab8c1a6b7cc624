"""Finding 1 of Li et al. 2015: some features are learned reliably in several networks, others are not."""

from itertools import permutations
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxrepsim.report.figure import draw_box, framed, over_layers, require
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Floats, Ints, Results, known_layers, names
from jaxrepsim.report.sections.one_to_one.aligned import aligned, alignment, networks_of_pairs
from jaxrepsim.report.style import ACCENT, MUTED, PAPER, Column, legend_line, paper_style

HIGH, LOW = 0.7, 0.3
"""From the first correlation on a unit is called reliable, below the second it is not."""
_FEWEST = 10
"""Units in a bin, below which their share says nothing."""
_BINS = np.arange(11) / 10


class Partners(NamedTuple):
    """A unit and its partner."""

    pair: str
    x: int
    y: int
    correlation: float


class ReliableRow(NamedTuple):
    """One layer, over all pairs."""

    layer: str
    matched: int
    """Units of the first network of a pair that have a partner in the second."""
    mean: float
    """Their mean correlation with it."""
    high: float
    """The share of them at 0.7 or above."""
    low: float
    """The share of them below 0.3."""
    best: Partners
    worst: Partners
    closed: float
    """The share of cycles through three networks that close; NaN with two networks."""


class Cycles(NamedTuple):
    """Units that have a partner in two other networks, once for each two, of a layer."""

    correlation: Floats
    """With the partner in each of the two, the smaller."""
    closed: Floats
    """Whether the two partners are each other's partners, 1 or 0."""
    chance: Floats
    """How often that happens where partners are drawn at random: 1 / units."""


def reliable_rows(results: Results) -> list[ReliableRow]:
    """How well units correlate with their one-to-one partners.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        One row per layer in which any unit has a partner, from input to output.
    """
    partner, layers, pairs = alignment(results).partner, names(results, "layer"), names(results, "pair")
    rows = []
    for layer in known_layers(results, "one_to_one/partner"):
        values = partner[layer]
        known = values[~np.isnan(values)]
        ends = []
        for place in (np.nanargmax(values), np.nanargmin(values)):
            pair, x = np.unravel_index(place, values.shape)
            y = int(results["one_to_one/partner"].values[layer, pair, x])
            ends.append(Partners(pairs[pair], int(x), y, float(values[pair, x])))
        shares = (float(share.mean()) for share in (known, known >= HIGH, known < LOW))
        closed = cycles(results, layer).closed
        share = float(closed.mean()) if len(closed) else np.nan
        rows.append(ReliableRow(layers[layer], len(known), *shares, best=ends[0], worst=ends[1], closed=share))
    return rows


def cycles(results: Results, layer: int) -> Cycles:
    """Whether partners agree among three networks: a's unit, its partner in b, that one's partner in c, and back to a.

    Args:
        results: Results with the group `one_to_one`.
        layer: The index of the layer.

    Returns:
        One entry per unit and each two other networks; none with two networks.
    """
    partner, correlation = _partners(results, layer)
    units = max(1, int(results["similarity/units"].values[layer]))
    found = []
    for a, b, c in permutations(range(len(partner)), 3):
        if b < c:  # which of the two comes first changes nothing
            held = (partner[a, b] >= 0) & (partner[a, c] >= 0)
            closed = partner[b, c][partner[a, b][held]] == partner[a, c][held]
            found.append([np.minimum(correlation[a, b], correlation[a, c])[held], closed])
    smaller, closed = np.concatenate(found, axis=1) if found else np.empty((2, 0))
    return Cycles(smaller, closed, np.full(len(closed), 1 / units))


@paper_style()
def reliable_features(results: Results, column: Column = "single") -> Figure:
    """Draws the correlation of units with their partners against depth, and below it how often cycles close.

    Args:
        results: Results with the group `one_to_one`.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        ValueError: No units were aligned.
    """
    require(aligned(results), "reliable_features")
    labels = layer_labels(names(results, "layer"), column)
    found = [cycles(results, layer) for layer in range(results.sizes["layer"])]
    both = Cycles(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    handles = [
        legend_line(color=ACCENT, linewidth=4, alpha=0.3, label="middle half"),
        legend_line(color=ACCENT, linewidth=1.8, label="median"),
        legend_line(color=ACCENT, linewidth=0.8, label="worst to best"),
    ]
    rows = 2 if len(both.closed) else 1
    with framed(column, 1.75 * rows + labels.height + 0.55, handles) as figure:
        upper, *lower = figure.subplots(rows, 1, squeeze=False).ravel()
        _distribution(upper, alignment(results).partner)
        over_layers([upper], labels)
        for axes in lower:
            _closing(axes, both)
    return figure


def closing_shares(found: Cycles) -> tuple[Floats, Floats, Floats]:
    """How often cycles close, by correlation.

    Args:
        found: Of one layer or of several.

    Returns:
        The middles of bins of correlation of width 0.1, those below 0 in the first; the share of cycles that close;
        the share by chance. Bins of fewer than ten units are NaN.
    """
    place = np.clip(np.digitize(found.correlation, _BINS) - 1, 0, len(_BINS) - 2)
    count = np.bincount(place, minlength=len(_BINS) - 1)
    enough = count >= _FEWEST
    closed, chance = (
        np.where(enough, np.bincount(place, weights=values, minlength=len(count)) / np.maximum(count, 1), np.nan)
        for values in (found.closed, found.chance)
    )
    return (_BINS[1:] + _BINS[:-1]) / 2, closed, chance


def _partners(results: Results, layer: int) -> tuple[Ints, Floats]:
    """Each unit's partner in another network, −1 for none, and its correlation with it: (network, network, unit)."""
    partner, correlation = (results[f"one_to_one/{name}"].values[layer] for name in ("partner", "correlation"))
    networks, units = results.sizes["network"], partner.shape[-1]
    of, values = np.full((networks, networks, units), -1), np.full((networks, networks, units), np.nan)
    for index, (a, b) in enumerate(networks_of_pairs(results)):
        x = np.flatnonzero(partner[index] >= 0)
        y = partner[index, x]
        of[a, b, x], of[b, a, y] = y, x
        values[a, b, x] = values[b, a, y] = correlation[index, x, y]
    return of, values


def _distribution(axes: Axes, partner: Floats) -> None:
    for layer, values in enumerate(partner):
        known = values[~np.isnan(values)]
        if len(known):
            draw_box(axes, layer, known, ACCENT)
    axes.set(ylim=(min(0.0, float(np.nanmin(partner)) * 1.05), 1.02), ylabel="correlation with\nthe partner")
    axes.yaxis.set_major_formatter("{x:g}")


def _closing(axes: Axes, found: Cycles) -> None:
    middles, closed, chance = closing_shares(found)
    look = {"markeredgecolor": PAPER, "clip_on": False}
    axes.plot(middles, closed, color=ACCENT, marker="o", label="cycles that close", **look)
    axes.plot(middles, chance, color=MUTED, linestyle=(0, (3, 1.5)), linewidth=0.9, label="by chance")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="correlation with both partners, the smaller", ylabel="cycles")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(loc="upper left")
