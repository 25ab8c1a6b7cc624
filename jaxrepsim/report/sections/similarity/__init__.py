"""Similarity of the maximum match layer by layer, and at every ε: what every comparison holds."""

from typing import NamedTuple

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.doubtful import FEW_SAMPLES
from jaxrepsim.report.results import Results, names, over_pairs, pair_similarity, profile_auc, unit_counts
from jaxrepsim.report.section import COUNT, PURE, Section, Variable, of_sides
from jaxrepsim.report.sections.similarity import depth, heatmap, profiles
from jaxrepsim.report.sections.similarity.sentences import sentences
from jaxrepsim.report.tables import Cell, cells

_MATCH = ("layer", "pair", "epsilon", "redraw")
VARIABLES: dict[str, Variable] = {
    "similarity": Variable(
        _MATCH,
        "similarity",
        "Share of the units of both networks, dead ones included, that are in the maximum ε-approximate match; NaN "
        "where the redraw was not made.",
        PURE,
    ),
    **of_sides(
        "matched",
        _MATCH,
        "matched units of the {own} network",
        "Number of units of the {own} network of the pair in the maximum match.",
        COUNT,
    ),
    **of_sides(
        "profile",
        ("layer", "pair", "redraw", "unit"),
        "critical ε of the {own} network's units",
        "Smallest ε at which the unit of the {own} network of the pair is in the maximum match; infinite for a dead "
        "unit, NaN where the layer has no such unit.",
        PURE,
    ),
    "units": Variable(
        ("layer",),
        "units",
        "Number of units (neurons or channels) of the layer in the network that has the most.",
        COUNT,
    ),
    "samples": Variable(
        ("layer",),
        "samples",
        "Number of rows of activations that the match rests on: inputs, times positions of a map.",
        COUNT,
    ),
    "dead": Variable(
        ("layer", "network"),
        "dead units",
        "Number of units that are zero on all samples, which are counted and never matched.",
        COUNT,
    ),
}


class LayerRow(NamedTuple):
    """One layer, over all pairs."""

    number: int
    layer: str
    units: int
    dead: list[int]
    """Of each network."""
    samples: int
    samples_per_unit: float
    auc: Cell
    """Mean similarity over ε from 0 to 0.5."""
    similarity: list[Cell]
    """At each ε of the run."""

    @property
    def undersampled(self) -> bool:
        """Whether there are so few samples that units match by chance."""
        return self.samples_per_unit < FEW_SAMPLES


def layer_rows(results: Results) -> list[LayerRow]:
    """The table of layers.

    Args:
        results: The tree of results.

    Returns:
        One row per layer, from input to output.
    """
    auc = cells(over_pairs(profile_auc(results)))
    similarity = over_pairs(pair_similarity(results))
    counted = (results[f"similarity/{name}"].values.tolist() for name in ("units", "samples", "dead"))
    return [
        LayerRow(
            number=index + 1,
            layer=name,
            units=units,
            dead=dead,
            samples=samples,
            samples_per_unit=samples / max(units, 1),
            auc=auc[index],
            similarity=cells(similarity.at(index)),
        )
        for index, (name, units, samples, dead) in enumerate(zip(names(results, "layer"), *counted, strict=True))
    ]


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
    name="similarity",
    title="Similarity",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": layer_rows(results)},
    sentences=sentences,
    figures=(depth.DRAWING, profiles.DRAWING, heatmap.DRAWING),
    tables={"similarity": similarity_table},
)
