"""Similarity of all networks at once, beside that of pairs."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.figure import Drawing, framed, over_layers
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import (
    SAME,
    Floats,
    Results,
    at_epsilon,
    epsilon_labels,
    headline_epsilon,
    names,
    over_known,
    rounded,
)
from jaxrepsim.report.section import COUNT, PURE, Section, Variable
from jaxrepsim.report.style import MUTED, PAPER, Column, epsilon_colors, marker
from jaxrepsim.report.tables import long_table

_AXES_HEIGHT = {"single": 2.0, "double": 2.6}
_DASHED: dict[str, Any] = {"linestyle": (0, (3, 1.5)), "markerfacecolor": PAPER}
VARIABLES: dict[str, Variable] = {
    "similarity": Variable(
        ("layer", "epsilon"),
        "similarity of all networks at once",
        "Share of all networks' units that are in the maximum match of all networks at once.",
        PURE,
    ),
    "profile": Variable(
        ("layer", "network", "unit"),
        "critical ε in the match of all networks",
        "Smallest ε at which the unit is in the maximum match of all networks at once; infinite for a dead unit, "
        "NaN where there is no such unit.",
        PURE,
    ),
    "matched": Variable(
        ("layer", "epsilon", "network"),
        "matched units in the match of all networks",
        "Number of the network's units in the maximum match of all networks at once.",
        COUNT,
    ),
}


class JointRow(NamedTuple):
    """One layer at each ε of the run."""

    layer: str
    all_networks: list[float]
    """Similarity of all networks at once; NaN where it was not computed."""
    pairs: list[float]
    """The mean over pairs."""


def joint_rows(results: Results) -> list[JointRow]:
    """The table of all networks at once.

    Args:
        results: Results with the group `joint`.

    Returns:
        One row per layer.
    """
    columns = results["joint/similarity"].values.tolist(), _of_pairs(results).tolist()
    return [JointRow(*row) for row in zip(names(results, "layer"), *columns, strict=True)]


def joint_table(results: Results) -> DataFrame:
    """Similarity of all networks at once.

    Args:
        results: Results with the group `joint`.

    Returns:
        One row per layer, ε and network: the similarity of all networks, the mean over pairs, and how many units of the
        network are matched.
    """
    similarity = results["joint/similarity"]
    pairs = similarity.copy(data=_of_pairs(results))
    table = Dataset({"similarity": similarity, "similarity_of_pairs": pairs, "matched": results["joint/matched"]})
    return long_table(table, ["layer", "epsilon", "network"], "similarity")


def _of_pairs(results: Results) -> Floats:
    """Mean similarity over pairs, of the first redraw, on which all networks are matched at once too: (layer, ε)."""
    return over_known(results["similarity/similarity"].isel(redraw=0).values).mean


def _matched_at_once(results: Results) -> bool:
    return bool(results["joint/similarity"].notnull().any())


def _sentences(results: Results) -> list[str]:
    if not _matched_at_once(results) or results.sizes["network"] == 2:
        return []
    similarity, pairs = results["joint/similarity"].values, _of_pairs(results)
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
    labels = layer_labels(names(results, "layer"), column)
    depth = np.arange(len(labels.names), dtype=float)
    size = 3.8 if len(depth) <= 40 else 2.6
    colors = epsilon_colors(results.sizes["epsilon"])
    handles = [
        Line2D([], [], color=MUTED, label=f"all {results.sizes['network']} at once"),
        Line2D([], [], color=MUTED, marker="o", label="pairs", **_DASHED),
    ]
    for index, label in enumerate(epsilon_labels(results)):
        point = {"color": colors[index], "marker": marker(index), "markersize": size}
        handles.append(Line2D([], [], **point, markeredgecolor=PAPER, label=f"ε = {label}"))
    with framed(column, _AXES_HEIGHT[column] + labels.height + 0.4, handles) as figure:
        axes = figure.add_subplot()
        values = zip(results["joint/similarity"].values.T, _of_pairs(results).T, colors, strict=True)
        for index, (similarity, pairs, color) in enumerate(values):
            # With one layer, points at one place would hide one another.
            place = depth + (0.25 * (index - (len(colors) - 1) / 2) if len(depth) == 1 else 0)
            look: dict[str, Any] = {"color": color, "marker": marker(index), "clip_on": False}
            dashed: dict[str, Any] = _DASHED | {"markeredgewidth": 0.7, "linewidth": 0.9, "markersize": size * 0.8}
            axes.plot(place, pairs, zorder=3, **look, **dashed)
            axes.plot(place, similarity, zorder=4, markeredgecolor=PAPER, markersize=size, **look)
        axes.set_ylim(0, 1)
        axes.set_ylabel("similarity")
        over_layers(axes, labels)
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
    _matched_at_once,
)
SECTION = Section(
    name="joint",
    title="All networks at once",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": joint_rows(results)},
    sentences=_sentences,
    figures=(DRAWING,),
    tables={"joint": joint_table},
)
