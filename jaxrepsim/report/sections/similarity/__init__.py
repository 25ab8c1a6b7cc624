"""Similarity of the maximum match layer by layer, and at every ε: what every comparison holds."""

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.doubtful import few_samples
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.results import Results, names, over_pairs, pair_similarity, unit_counts
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable
from jaxrepsim.report.sections.similarity import depth, profiles
from jaxrepsim.report.sections.similarity.sentences import sentences
from jaxrepsim.report.tables import Rows, cells, page_rows

_MATCH = ("layer", "pair", "epsilon", "redraw")
VARIABLES: dict[str, Variable] = {
    **Alike(_MATCH, PURE).named(
        similarity="similarity: Share of the units of both networks, dead ones included, that are in the maximum "
        "ε-approximate match; NaN where the redraw was not made.",
    ),
    **Alike(_MATCH, COUNT).of_sides(
        matched="matched units of the {own} network: Number of units of the {own} network of the pair in the maximum "
        "match.",
    ),
    **Alike(("layer", "pair", "redraw", "unit"), PURE).of_sides(
        profile="critical ε of the {own} network's units: Smallest ε at which the unit of the {own} network of the "
        "pair is in the maximum match; infinite for a dead unit, NaN where the layer has no such unit.",
    ),
    **Alike(("layer",), COUNT).named(
        units="units: Number of units (neurons or channels) of the layer in the network that has the most.",
        samples="samples: Number of rows of activations that the match rests on: inputs, times positions of a map.",
    ),
    **Alike(("layer", "network"), COUNT).named(
        dead="dead units: Number of units that are zero on all samples, which are counted and never matched."
    ),
}


def layer_rows(results: Results) -> Rows:
    """The table of layers.

    Args:
        results: The tree of results.

    Returns:
        One row per layer, from input to output: its number, name, units, dead units of each network, samples, samples a
        unit, whether these are so few that units match by chance (`undersampled`), the mean similarity over ε from 0 to
        0.5 (`auc`) and the similarity at each ε of the run, over all pairs.
    """
    units, samples, dead = (results[f"similarity/{name}"].values for name in ("units", "samples", "dead"))
    similarity = over_pairs(pair_similarity(results))
    columns = {
        "number": range(1, len(units) + 1),
        "layer": names(results, "layer"),
        "units": units,
        "dead": dead.tolist(),
        "samples": samples,
        "samples_per_unit": samples / np.maximum(units, 1),
        "undersampled": few_samples(results),
        "auc": cells(over_pairs(profile_auc(results))),
        "similarity": [cells(similarity.at(layer)) for layer in range(len(units))],
    }
    return page_rows(columns)


def similarity_table(results: Results) -> DataFrame:
    """The similarity of every layer, ε and pair as a long table.

    Args:
        results: The tree of results.

    Returns:
        One row per layer, ε and pair, with mean and standard deviation (n − 1; empty for one redraw) of the similarity
        over redraws, their number, the mean sizes of both sides of the maximum match, and the units of both sides.
    """
    group = results["similarity"].to_dataset()
    similarity = group["similarity"]
    made = similarity.notnull()
    redraws = made.sum("redraw")
    mean = similarity.mean("redraw")
    x, y = unit_counts(results)
    table = Dataset(
        {
            "similarity_mean": mean,
            "similarity_std": np.sqrt(((similarity - mean) ** 2).sum("redraw") / (redraws - 1).where(redraws > 1)),
            "redraws": redraws,
            **{name: group[name].where(made).mean("redraw") for name in ("matched_x", "matched_y")},
            "units_x": (("layer", "pair"), x),
            "units_y": (("layer", "pair"), y),
        }
    )
    return table.to_dataframe(dim_order=["layer", "epsilon", "pair"]).reset_index()


SECTION = Section(
    title="Similarity",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": layer_rows(results)},
    sentences=sentences,
    figures=(depth.DRAWING, profiles.PANELS, profiles.MAP),
    tables={"similarity": similarity_table},
)
