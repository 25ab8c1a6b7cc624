"""The figure families of the report, and their files for papers."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from matplotlib.figure import Figure
from xarray import Dataset

from jaxrepsim.files import atomic_path
from jaxrepsim.report import (
    across,
    aligned,
    certificates,
    chance,
    cluster_blocks,
    clusters,
    decomposition,
    depth,
    exciting,
    heatmap,
    held_out,
    information,
    joint,
    matrices,
    minimal,
    mixed_clusters,
    ordered,
    over_training,
    partners,
    prediction,
    predictors_needed,
    profiles,
    simple_matches,
    sparse,
    training,
)
from jaxrepsim.report.panels import some_layers
from jaxrepsim.report.schema import check
from jaxrepsim.report.style import Column, save


class Family(NamedTuple):
    """One kind of figure."""

    name: str
    """The stem of its files, and its name in the page."""
    draw: Callable[[Dataset, Column], Figure]
    caption: Callable[[Dataset], str]
    description: str
    """What it is, for a reader who cannot see it."""
    present: Callable[[Dataset], bool] = lambda results: True
    """Whether the results hold what it shows."""


FAMILIES = (
    Family(
        "training",
        training.training_curves,
        training.caption,
        "Line charts of training loss and validation accuracy against epochs, one line a network.",
        training.recorded,
    ),
    Family(
        "similarity-by-depth",
        depth.similarity_by_depth,
        depth.caption,
        "Line chart of similarity against depth, one curve an ε. The numbers are in the table of layers.",
    ),
    Family(
        "match-profiles",
        profiles.match_profiles,
        profiles.caption,
        "Small line charts, one a layer, of similarity against ε from 0 to 1.",
    ),
    Family(
        "profile-heatmap",
        heatmap.profile_heatmap,
        heatmap.caption,
        "Heat map of similarity, with layers from left to right and ε from 0 at the bottom to 1 at the top.",
    ),
    Family(
        "minimal-matches",
        minimal.minimal_match_sizes,
        minimal.caption,
        "Box plots of the sizes of v-minimal matches, one row an ε, one box a layer.",
        minimal.sampled,
    ),
    Family(
        "certificates",
        certificates.certificate_shares,
        certificates.caption,
        "Stacked bars, one a layer, one row an ε: shares of units with a proven minimum match, with several v-minimal "
        "matches and in no match. The counts are in the table of decompositions.",
        decomposition.certified,
    ),
    Family(
        "simple-matches",
        simple_matches.simple_match_order,
        simple_matches.caption,
        "Diagrams, one a layer, of simple matches by size, with lines from each to those it contains.",
        simple_matches.found_in_first_pair,
    ),
    Family(
        "chance",
        chance.similarity_and_chance,
        chance.caption,
        "Line charts, one an ε, of similarity against depth, beside shuffled inputs, random vectors and untrained "
        "networks. The numbers are in the table of chance.",
        chance.compared,
    ),
    Family(
        "held-out",
        held_out.held_out_residuals,
        held_out.caption,
        "Bars and points, two a layer: quartiles of the fitted and of the held-out residual.",
        held_out.measured,
    ),
    Family(
        "joint",
        joint.joint_by_depth,
        joint.caption,
        "Line chart of similarity against depth, of all networks at once and of pairs, one curve of each an ε. The "
        "numbers are in the table of all networks at once.",
        joint.matched_at_once,
    ),
    Family(
        "across-layers",
        across.across_layers,
        across.caption,
        "Heat map of similarity, the layers of one network from bottom to top, of the other from left to right.",
        across.across_known,
    ),
    Family(
        "over-training",
        over_training.similarity_over_training,
        over_training.caption,
        "Line charts of similarity against epochs, one line a layer, one panel an ε, and of validation accuracy.",
        over_training.followed,
    ),
    Family(
        "ordered-correlations",
        ordered.ordered_correlations,
        ordered.caption,
        "Line charts, one a layer, of the correlation of units with their partners, from the highest to the lowest: "
        "one to one, and best partners.",
        aligned.aligned,
    ),
    Family(
        "best-and-one-to-one",
        partners.best_and_one_to_one,
        partners.caption,
        "Line charts against depth: mean correlation with best partners and partners one to one, and the share of "
        "units for which they are the same. The numbers are in the table of partners.",
        aligned.aligned,
    ),
    Family(
        "correlation-matrices",
        matrices.correlation_matrices,
        matrices.caption,
        "Heat maps of correlations, four a layer: within each network, between them, and between them with partners on "
        "the diagonal.",
        matrices.between_known,
    ),
    Family(
        "information-and-correlation",
        information.information_and_correlation,
        information.caption,
        "Density maps, one a layer, of mutual information against absolute correlation, and a line chart of the share "
        "of units with the same partner by both.",
        information.comparable,
    ),
    Family(
        "sparse-prediction",
        sparse.sparse_prediction,
        sparse.caption,
        "Line charts, one a layer, of R² on fitted and on held-out inputs against the mean number of predictors. The "
        "numbers are in the table of sparse prediction.",
        prediction.predicted,
    ),
    Family(
        "predictors-needed",
        predictors_needed.predictor_bars,
        predictors_needed.caption,
        "Stacked bars, one a layer, one row a threshold: shares of units by their number of predictors.",
        prediction.predicted,
    ),
    Family(
        "cluster-blocks",
        cluster_blocks.clustered_correlations,
        cluster_blocks.caption,
        "Matrices of correlations of the units of two networks, ordered so that clusters are blocks along the "
        "diagonal.",
        cluster_blocks.blocks_known,
    ),
    Family(
        "mixed-clusters",
        mixed_clusters.mixing_by_depth,
        mixed_clusters.caption,
        "Points, two a layer: shares of clusters that mix both networks and of units in them. The numbers are in the "
        "table of clusters.",
        clusters.clustered,
    ),
    Family(
        "exciting-images",
        exciting.exciting_images,
        exciting.caption,
        "Images in rows, a row two matched units: left those that excite the one most, right those that excite the "
        "other most.",
        exciting.pictured,
    ),
)


def write_figures(
    results: Dataset,
    folder: str | os.PathLike[str],
    column: Column = "double",
    kinds: tuple[Literal["svg", "png"], ...] = ("svg", "png"),
) -> list[Path]:
    """Writes every figure the results have data for, ready for a paper; the same results give the same bytes.

    Args:
        results: The Dataset.
        folder: Where to. Made where missing.
        column: The width: one column of a paper (3.4 inches), or both (7 inches).
        kinds: `svg`, with letters as outlines, and `png`, with 300 dots an inch.

    Returns:
        The files: `similarity-by-depth.svg` and so on.

    Raises:
        InputError: The Dataset is not one of match results.
    """
    check(results)
    results, paths = some_layers(results), []
    for family in FAMILIES:
        if not family.present(results):
            continue
        figure = family.draw(results, column)
        for kind in kinds:
            path = Path(folder) / f"{family.name}.{kind}"
            with atomic_path(path) as temporary, temporary.open("wb") as handle:
                save(figure, handle, kind)
            paths.append(path)
    return paths
