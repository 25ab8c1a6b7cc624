"""Similarity of all networks at once, beside that of pairs."""

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame
from xarray import DataArray, Dataset

from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.epsilons import at_epsilon, headline_epsilon
from jaxrepsim.report.figure import Drawing, layer_axes
from jaxrepsim.report.results import SAME, Results, computed, names, rounded
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable
from jaxrepsim.report.sections.similarity.depth import curve_handles
from jaxrepsim.report.style import MUTED, PAPER, Column, Look, legend_line
from jaxrepsim.report.tables import Rows, long_table, page_rows

_AXES_HEIGHT = {"single": 1.95, "double": 2.55}
_DASHED: Look = {"linestyle": (0, (3, 1.5)), "markerfacecolor": PAPER}
VARIABLES: dict[str, Variable] = {
    **Alike(("layer", "epsilon"), PURE).named(
        similarity="similarity of all networks at once: Share of all networks' units that are in the maximum match of "
        "all networks at once.",
    ),
    **Alike(("layer", "network", "unit"), PURE).named(
        profile="critical ε in the match of all networks: Smallest ε at which the unit is in the maximum match of all "
        "networks at once; infinite for a dead unit, NaN where there is no such unit.",
    ),
    **Alike(("layer", "epsilon", "network"), COUNT).named(
        matched="matched units in the match of all networks: Number of the network's units in the maximum match of all "
        "networks at once.",
    ),
}


def joint_rows(results: Results) -> Rows:
    """The table of all networks at once.

    Args:
        results: Results with the group `joint`.

    Returns:
        One row per layer: `layer`; at each ε of the run the similarity of `all_networks` at once, NaN where it was not
        computed, and the mean over `pairs`.
    """
    at_once, pairs = results["joint/similarity"].values.tolist(), _of_pairs(results).values.tolist()
    return page_rows({"layer": names(results, "layer"), "all_networks": at_once, "pairs": pairs})


def joint_table(results: Results) -> DataFrame:
    """Similarity of all networks at once.

    Args:
        results: Results with the group `joint`.

    Returns:
        One row per layer, ε and network: the similarity of all networks, the mean over pairs, and how many units of the
        network are matched.
    """
    similarity, matched = results["joint/similarity"], results["joint/matched"]
    table = Dataset({"similarity": similarity, "similarity_of_pairs": _of_pairs(results), "matched": matched})
    return long_table(table, ["layer", "epsilon", "network"], "similarity")


def _of_pairs(results: Results) -> DataArray:
    """Mean similarity over pairs, of the first redraw, on which all networks are matched at once too: (layer, ε)."""
    return results["similarity/similarity"].isel(redraw=0, drop=True).mean("pair")


def _sentences(results: Results) -> list[str]:
    similarity, pairs = results["joint/similarity"].values, _of_pairs(results).values
    if np.isnan(similarity).all() or results.sizes["network"] == 2:
        return []
    epsilon = headline_epsilon(results, (~np.isnan(similarity)).any(0))
    known = np.flatnonzero(~np.isnan(similarity[:, epsilon]))
    fall = (pairs - similarity)[known, epsilon]
    layer = known[fall.argmax()]
    start = f"{at_epsilon(results, epsilon)}, similarity of all {results.sizes['network']} networks at once"
    if fall.max() < SAME:
        return [f"{start} is about that of pairs in every layer."]
    name = cited(results)[layer]
    values = f"{rounded(similarity[layer, epsilon])} against {rounded(pairs[layer, epsilon])}"
    if len(known) == 1:
        return [f"{start} is {values} of pairs in {name}."]
    lower = int((fall >= SAME).sum())
    return [f"{start} lies below that of pairs in {lower} of {len(known)} layers, most in {name} ({values})."]


def _draw(results: Results, column: Column) -> Figure:
    """The similarity of all networks at once against depth (solid), and the mean over pairs (dashed)."""
    depth = np.arange(results.sizes["layer"], dtype=float)
    handles = [
        legend_line(color=MUTED, label=f"all {results.sizes['network']} at once"),
        legend_line(color=MUTED, marker="o", label="pairs", **_DASHED),
    ]
    lines = curve_handles(results)
    with layer_axes(results, column, [_AXES_HEIGHT[column]], handles + lines) as (figure, (axes,)):
        values = zip(lines, _of_pairs(results).values.T, results["joint/similarity"].values.T, strict=True)
        for index, (line, pairs, similarity) in enumerate(values):
            # With one layer, points at one place would hide one another.
            place = depth + (0.25 * (index - (len(lines) - 1) / 2) if len(depth) == 1 else 0)
            size = line.get_markersize()
            look: Look = {"color": line.get_color(), "marker": line.get_marker(), "clip_on": False}
            thin: Look = {"markeredgewidth": 0.7, "linewidth": 0.9, "markersize": size * 0.8}
            at = line.get_label()
            axes.plot(place, pairs, zorder=3, label=f"{at}, pairs", **look, **_DASHED, **thin)
            axes.plot(place, similarity, zorder=4, label=f"{at}, all", markeredgecolor=PAPER, markersize=size, **look)
        axes.set(ylim=(0, 1), ylabel="similarity")
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    count = results.sizes["network"]
    same = " With two networks the two are the same." if count == 2 else ""
    redrawn = results["similarity"].sizes["redraw"] > 1
    redraw = " Both are of the first redraw of the sampled positions." if redrawn else ""
    return (
        f"Similarity of all {count} networks at once (solid, full markers): the share of all their units that are in "
        "the largest match in which each network explains each other one; dashed, with open markers: the mean over "
        f"pairs. Where solid lies below dashed, pairs share what not all networks share.{same}{redraw}"
    )


DRAWING = Drawing(
    "joint",
    "Similarity of all networks at once",
    _draw,
    _caption,
    "Line chart of similarity against depth, of all networks at once and of pairs, one curve of each per ε. "
    "The numbers are in the table of all networks at once.",
    lambda results: computed(results, "joint/similarity"),
)
SECTION = Section(
    title="All networks at once",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": joint_rows(results)},
    sentences=_sentences,
    figures=(DRAWING,),
    tables={"joint": joint_table},
)
