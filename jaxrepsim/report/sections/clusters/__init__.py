"""Many units to many: clusters of the units of two networks, and which of them both networks share."""

from typing import Any, NamedTuple

import numpy as np
from pandas import DataFrame

from jaxrepsim.report.doubtful import counted_share
from jaxrepsim.report.results import Results, names, over_known, plural
from jaxrepsim.report.section import COUNT, PURE, Section, Variable, of_sides
from jaxrepsim.report.sections.clusters import blocks, shares
from jaxrepsim.report.sections.clusters.mixing import CLUSTERINGS, clustered, mixing, of_units
from jaxrepsim.report.tables import Cell, cells

_UNIT = ("layer", "pair", "unit")
VARIABLES: dict[str, Variable] = {
    "count": Variable(
        ("layer",),
        "clusters asked for",
        "Number of clusters that the units of a pair of networks were to be put into.",
        COUNT,
    ),
    **of_sides(
        "cluster",
        _UNIT,
        "spectral cluster of the {own} network's units",
        "Label of the spectral cluster of the {own} network's unit, of both networks of the pair together; −1 for a "
        "unit that correlates with none.",
    ),
    **of_sides(
        "tree",
        _UNIT,
        "cluster of the tree of the {own} network's units",
        "Label of the cluster by agglomeration of the {own} network's unit, of both networks of the pair together; −1 "
        "where there is no such unit.",
    ),
    **of_sides(
        "leaf",
        _UNIT,
        "place in the tree of the {own} network's units",
        "Place in the drawing order of the tree of the {own} network's unit, of both networks of the pair together; "
        "−1 where there is no such unit.",
    ),
    **{
        f"mixed_by_chance_{name}": Variable(
            ("layer", "pair"),
            f"{what} mixed by chance",
            f"Mean share of {what} that would hold units of both networks, if units were put at random into clusters "
            "of these sizes.",
            PURE,
        )
        for name, what in (("cluster", "spectral clusters"), ("tree", "clusters of the tree"))
    },
}
"""By the correlations of the group `one_to_one`; integers are padded with −1, and shares with NaN."""


class Clusters(NamedTuple):
    """One way to cluster one layer, over all pairs."""

    found: Cell
    """Clusters that hold any unit."""
    mixed: Cell
    """The share of them that mix both networks."""
    by_chance: Cell
    """What that share is by chance, in clusters of these sizes."""
    units: Cell
    """The share of units that are in a mixed cluster."""


class ClusterRow(NamedTuple):
    """One layer, over all pairs."""

    layer: str
    asked: int
    """The number of clusters that was asked for."""
    spectral: Clusters
    tree: Clusters
    unclustered: Cell
    """Units of both networks that correlate with no other unit."""


def cluster_rows(results: Results) -> list[ClusterRow]:
    """The table of clusters.

    Args:
        results: Results with the group `clusters`.

    Returns:
        One row per layer for which it was computed, from input to output.
    """
    if not clustered(results):
        return []
    found = {name: mixing(results, name) for name in CLUSTERINGS}
    columns = [
        (counts.clusters, counts.share, results[f"clusters/mixed_by_chance_{name}"].values, counts.unit_share)
        for name, counts in found.items()
    ]
    clusters = [zip(*(cells(over_known(values)) for values in column), strict=True) for column in columns]
    unclustered = cells(over_known(found["cluster"].unclustered))
    parts = zip(names(results, "layer"), results["clusters/count"].values.tolist(), *clusters, unclustered, strict=True)
    return [
        ClusterRow(name, asked, Clusters(*spectral), Clusters(*tree), lonely)
        for name, asked, spectral, tree, lonely in parts
        if asked >= 0
    ]


def cluster_table(results: Results) -> DataFrame:
    """The clusters of each unit.

    Args:
        results: Results with the group `clusters`.

    Returns:
        One row per layer, pair, side (x or y) and unit: its spectral cluster, −1 for none, its cluster in the tree, and
        its place in the drawing order of the tree.
    """
    variables = ("cluster", "tree", "leaf")
    layers, pairs = names(results, "layer"), names(results, "pair")
    rows = []
    for layer, pair in np.ndindex(len(layers), len(pairs)):
        if results["clusters/count"].values[layer] < 0:
            continue
        sides = zip(*(of_units(results, name, layer, pair) for name in variables), strict=True)
        for side, values in zip("xy", sides, strict=True):
            units = enumerate(np.column_stack(values).tolist())
            rows += [[layers[layer], pairs[pair], side, unit, *row] for unit, row in units]
    return DataFrame(rows, columns=["layer", "pair", "side", "unit", *variables])


def _sentences(results: Results) -> list[str]:
    found = mixing(results, "cluster")
    total, mixed = int(np.nansum(found.clusters)), int(np.nansum(found.mixed))
    if not total:
        return []
    share = counted_share(results, mixed, total, over_known(found.share).mean)
    subject = f"{mixed:,} of {plural(total, 'spectral cluster')} {'holds' if mixed == 1 else 'hold'}"
    return [f"{subject} units of both networks {share}."]


def _context(results: Results) -> dict[str, Any]:
    return {"rows": cluster_rows(results)}


SECTION = Section(
    name="clusters",
    title="Many to many",
    file=__file__,
    variables=VARIABLES,
    context=_context,
    sentences=_sentences,
    figures=(blocks.DRAWING, shares.DRAWING),
    tables={"clusters": cluster_table},
)
