"""Many units to many: clusters of the units of two networks, and which of them both networks share."""

from typing import Any

import numpy as np
from pandas import DataFrame
from xarray import Dataset, concat

from jaxrepsim.report.doubtful import counted_share
from jaxrepsim.report.results import Results, known_layers, names, over_known, plural
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable
from jaxrepsim.report.sections.clusters import blocks
from jaxrepsim.report.sections.clusters.mixing import CLUSTERINGS, DRAWING, mixing
from jaxrepsim.report.tables import Rows, cells, long_table, page_rows

_UNIT = ("layer", "pair", "unit")
VARIABLES: dict[str, Variable] = {
    **Alike(("layer",), COUNT).named(
        count="clusters asked for: Number of clusters that the units of a pair of networks were to be put into."
    ),
    **Alike(_UNIT).of_sides(
        cluster="spectral cluster of the {own} network's units: Label of the spectral cluster of the {own} network's "
        "unit, of both networks of the pair together; −1 for a unit that correlates with none.",
        tree="cluster of the tree of the {own} network's units: Label of the cluster by agglomeration of the {own} "
        "network's unit, of both networks of the pair together; −1 where there is no such unit.",
        leaf="place in the tree of the {own} network's units: Place in the drawing order of the tree of the {own} "
        "network's unit, of both networks of the pair together; −1 where there is no such unit.",
    ),
    **Alike(("layer", "pair"), PURE).named(
        mixed_by_chance_cluster="spectral clusters mixed by chance: Mean share of spectral clusters that would hold "
        "units of both networks, if units were put at random into clusters of these sizes.",
        mixed_by_chance_tree="clusters of the tree mixed by chance: Mean share of clusters of the tree that would hold "
        "units of both networks, if units were put at random into clusters of these sizes.",
    ),
}
"""By the correlations of the group `one_to_one`; integers are padded with −1, and shares with NaN."""


def cluster_rows(results: Results) -> Rows:
    """The table of clusters.

    Args:
        results: Results with the group `clusters`.

    Returns:
        One row per layer for which it was computed, from input to output: `layer`; `asked`, the number of clusters that
        was asked for; and what was found, `cluster` by spectral clustering and `tree` by agglomeration, over all pairs:
        `found`, clusters that hold any unit; `mixed`, the share of them that mix both networks; `by_chance`, what that
        share is by chance, in clusters of these sizes; `units`, the share of units that are in a mixed cluster;
        `unclustered`, units of both networks in no cluster, as they correlate with no other unit.
    """
    columns: dict[str, Any] = {"layer": names(results, "layer"), "asked": results["clusters/count"].values}
    for clustering in CLUSTERINGS:
        counts = mixing(results, clustering)
        values = {
            "found": counts.clusters,
            "mixed": counts.share,
            "by_chance": results[f"clusters/mixed_by_chance_{clustering}"].values,
            "units": counts.unit_share,
            "unclustered": counts.unclustered,
        }
        columns[clustering] = page_rows({name: cells(over_known(part)) for name, part in values.items()})
    return page_rows(columns, known_layers(results, "clusters/count"))


def cluster_table(results: Results) -> DataFrame:
    """The clusters of each unit.

    Args:
        results: Results with the group `clusters`.

    Returns:
        One row per layer, pair, side (x or y) and unit: its spectral cluster, −1 for none, its cluster in the tree, and
        its place in the drawing order of the tree.
    """
    group = results["clusters"].to_dataset()
    parts = {name: concat([group[f"{name}_{side}"] for side in "xy"], "side") for name in ("cluster", "tree", "leaf")}
    table = Dataset(parts).assign_coords(side=["x", "y"])
    # Each unit that there is has a cluster in the tree.
    return long_table(table.where(table["tree"] >= 0), ["layer", "pair", "side", "unit"], "tree")


def _sentences(results: Results) -> list[str]:
    found = mixing(results, "cluster")
    total, mixed = int(np.nansum(found.clusters)), int(np.nansum(found.mixed))
    if not total:
        return []
    share = counted_share(results, mixed, total, over_known(found.share).mean)
    subject = f"{mixed:,} of {plural(total, 'spectral cluster')} {'holds' if mixed == 1 else 'hold'}"
    return [f"{subject} units of both networks {share}."]


SECTION = Section(
    title="Many to many",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": cluster_rows(results)},
    sentences=_sentences,
    figures=(blocks.DRAWING, DRAWING),
    tables={"clusters": cluster_table},
)
