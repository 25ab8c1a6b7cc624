"""What makes a layer's similarity doubtful, few samples and dead units, and how figures and sentences name layers."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from jaxrepsim.numerics.few_samples import FEW as FEW_SAMPLES
from jaxrepsim.report.match_profiles import live_shares
from jaxrepsim.report.results import SAME, Floats, Mask, Results, names, over_pairs, plural, rounded
from jaxrepsim.report.style import MUTED, PAPER, Look

_LOOK: Look = {"linestyle": "none", "markerfacecolor": PAPER, "markeredgewidth": 0.8}
_CEILING: Look = {"color": MUTED, "linewidth": 1.0, "linestyle": (0, (2, 1))}
HOLLOW = f"hollow: fewer than {FEW_SAMPLES} samples a unit"
_MOST_NAMES = 6


def few_samples(results: Results) -> Mask:
    """Whether a layer has so few samples a unit that part of its similarity is chance: (layer,)."""
    return results["similarity/samples"].values < FEW_SAMPLES * results["similarity/units"].values


def praised(results: Results) -> Mask:
    """Which layers a sentence may call the highest: those of enough samples, or all where none has: (layer,)."""
    few = few_samples(results)
    return ~few if not few.all() else np.ones_like(few)


def cited(results: Results) -> list[str]:
    """The layers' names as sentences give them, with a note where samples are few."""
    layers = zip(names(results, "layer"), few_samples(results), strict=True)
    return [f"{name} [few samples]" if few else name for name, few in layers]


def ceilings(results: Results) -> Floats:
    """What similarity cannot exceed, as dead units are counted and never matched: (layer,), the mean over pairs."""
    return over_pairs(live_shares(results)).mean


def caveats(results: Results) -> list[str]:
    """A sentence on layers of few samples and one on layers with dead units, where there are any."""
    layers, ceiling = names(results, "layer"), ceilings(results)
    few, dead = np.flatnonzero(few_samples(results)), np.flatnonzero(ceiling < 1)
    sentences = []
    if len(few):
        has, its = ("has", "its") if len(few) == 1 else ("have", "their")
        among = ", and the highest similarity and the first match are sought among the other layers"
        sentences.append(
            f"{_listed([layers[index] for index in few])} {has} fewer than {FEW_SAMPLES} samples a unit: part of "
            f"{its} similarity is chance{among if len(few) < len(layers) else ''}."
        )
    if len(dead):
        lowest = int(dead[ceiling[dead].argmin()])
        of = f", the lowest of {len(dead)} layers with dead units" if len(dead) > 1 else ""
        sentences.append(
            "Dead units are counted and never matched, so that similarity cannot exceed the share of units that are "
            f"alive: {rounded(ceiling[lowest])} in {layers[lowest]}{of}."
        )
    return sentences


def mark_few(axes: Axes, places: Floats, values: Floats, few: Mask, color: str, shape: str) -> None:
    """Draws over the points that rest on few samples, so that they are hollow."""
    if few.any():
        look: Look = _LOOK | {"markeredgecolor": color, "marker": shape}
        axes.plot(places[few], values[few], clip_on=False, zorder=4, **look)


def draw_pairs(axes: Axes, places: Floats, values: Floats, few: bool, color: str, shape: str) -> None:
    """Draws the value of each pair as a point, hollow where it rests on few samples."""
    face, edge, width = (PAPER, color, 0.8) if few else (color, PAPER, 0.4)
    look = {"markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": width}
    axes.plot(places, values, shape, clip_on=False, zorder=4, **look)


def hollow_handles(few: Mask) -> list[Line2D]:
    """Of the legend: what hollow points mean, where any layer has few samples."""
    return [Line2D([], [], marker="o", markeredgecolor=MUTED, label=HOLLOW, **_LOOK)] if few.any() else []


def draw_ceilings(axes: Axes, results: Results) -> None:
    """A bar over each layer that has dead units, at the similarity that it cannot exceed."""
    ceiling = ceilings(results)
    for layer in np.flatnonzero(ceiling < 1):
        axes.plot([layer - 0.4, layer + 0.4], [ceiling[layer]] * 2, zorder=2.5, **_CEILING)


def doubt_handles(results: Results) -> list[Line2D]:
    """Of the legend of similarity against depth: what there is of both."""
    handles = hollow_handles(few_samples(results))
    if (ceilings(results) < 1).any():
        handles.append(Line2D([], [], label="ceiling: share of units alive", **_CEILING))
    return handles


def _listed(layers: list[str]) -> str:
    if len(layers) > _MOST_NAMES:
        return plural(len(layers), "layer")
    return " and ".join(filter(None, [", ".join(layers[:-1]), layers[-1]]))


def highest_and_lowest(values: Floats, at: Callable[[int], str]) -> str:
    """The layers of the highest and of the lowest value, as `at` words them; one layer where there is but one.

    Args:
        values: One per layer, NaN for none; at least one is known.
        at: Words for a layer, given its index.
    """
    low, high = _ends(values)
    return at(high) if high == low else f"{at(high)}, the highest, and of {at(low)}, the lowest"


def counted_share(results: Results, count: int, total: int, share: Floats) -> str:
    """A share of all layers, and from which layer to which it runs where they are not as good as the same.

    Args:
        results: The tree of results.
        count: How many there are.
        total: Out of how many, at least one.
        share: Of each layer, NaN for none.
    """
    low, high = _ends(share)
    layers, ends = cited(results), ""
    if share[high] - share[low] >= SAME:
        ends = f"; from {share[low]:.0%} in {layers[low]} to {share[high]:.0%} in {layers[high]}"
    return f"({count / total:.0%}{ends})"


def _ends(values: Floats) -> tuple[int, int]:
    known = np.flatnonzero(~np.isnan(values))
    return int(known[values[known].argmin()]), int(known[values[known].argmax()])
