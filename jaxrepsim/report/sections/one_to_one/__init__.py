"""One unit to one: the correlation of units with partners of their own, and with the unit they are most alike."""

import numpy as np
from pandas import DataFrame
from xarray import DataArray, Dataset

from jaxrepsim.report.doubtful import cited, highest_and_lowest
from jaxrepsim.report.results import Results, known_layers, names, rounded
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable
from jaxrepsim.report.sections.one_to_one import aligned, matrices, partners
from jaxrepsim.report.tables import Rows, cells, long_table, page_rows

_UNIT = ("layer", "pair", "unit")
_NETWORK = ("layer", "network")
VARIABLES: dict[str, Variable] = {
    **Alike((*_NETWORK, "unit"), PURE).named(
        unit_mean="mean activation: Mean of the unit's activations, in the network's own scale.",
        unit_std="standard deviation of activations: Standard deviation of the unit's activations, in the network's "
        "own scale.",
    ),
    **Alike(_NETWORK, COUNT).named(
        constant="units that never vary: Number of the network's units that have the same activation on all samples."
    ),
    **Alike((*_UNIT, "other_unit"), PURE).named(
        correlation="correlation between the two networks: Pearson correlation of a unit of the first network with "
        "other_unit of the second; 0 with a unit that never varies.",
    ),
    **Alike((*_NETWORK, "unit", "other_unit"), PURE).named(
        correlation_within="correlation within a network: Pearson correlation of two units of the same network; 0 with "
        "a unit that never varies.",
    ),
    **Alike(_UNIT).named(
        partner="partner one to one: Index of the second network's unit that the first network's unit has in the "
        "one-to-one assignment of largest total correlation; −1 for none.",
    ),
    **Alike(_UNIT).of_sides(
        best="best partner of the {own} network's units: Index of the {other} network's unit that the {own} network's "
        "unit correlates most with, which several may share; −1 for none.",
    ),
    **Alike(("layer",), COUNT).named(
        samples="samples of the correlations: Number of rows of activations that correlations and all alignments rest "
        "on.",
    ),
}
"""Of all images and positions, centred.

Units are those of the layer, x of a pair's first network and y of its second; floats are padded with NaN and integers
with −1, in a layer of fewer units, and throughout where a layer was not looked at. A unit that never varies is
constant: its correlation is 0 with every unit.
"""


def one_to_one_rows(results: Results) -> Rows:
    """The table of one-to-one alignment.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        One row per layer whose units were aligned, from input to output: `layer`; `samples`; `constant`, the units
        that never vary, of each network, −1 where that is not known; `best` and `partner`, the correlation of an x
        unit with the y unit it correlates most with, and with its partner one to one; `same`, the x units for which
        the two are the same, and all that were compared, of all pairs together; `share`, that of the first among the
        second; `information`, the share of x units with the same one-to-one partner by correlation and by mutual
        information. Cells are means over units, then over pairs, NaN where nothing is known.
    """
    found, group = aligned.alignment(results), results["one_to_one"]
    counts = ((found.same == 1).sum((1, 2)), (~np.isnan(found.same)).sum((1, 2)))
    columns = {
        "layer": names(results, "layer"),
        "samples": group["samples"].values,
        "constant": group["constant"].values.tolist(),
        "best": cells(aligned.by_layer(found.best)),
        "partner": cells(aligned.by_layer(found.partner)),
        "same": list(zip(*(count.tolist() for count in counts), strict=True)),
        "share": cells(aligned.by_layer(found.same)),
        "information": cells(aligned.by_layer(aligned.same_under_both(results))),
    }
    return page_rows(columns, known_layers(results, "one_to_one/best_x"))


def unit_table(results: Results) -> DataFrame:
    """Mean and standard deviation of each unit.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        One row per layer, network and unit.
    """
    group = results["one_to_one"].to_dataset()[["unit_mean", "unit_std"]]
    return long_table(group.rename(unit_mean="mean", unit_std="std"), ["layer", "network", "unit"], "mean")


def one_to_one_table(results: Results) -> DataFrame:
    """Partners of the units of the first network of each pair.

    Args:
        results: Results with the group `one_to_one`.

    Returns:
        One row per layer, pair and unit: its partner one to one and the correlation with it (empty where there is
        none), the unit it correlates most with and that correlation, and whether the two are the same (empty for a unit
        that never varies). With mutual information also the partner and the best unit by it, each with its nats, and
        the nats of the partner by correlation.
    """
    found = aligned.alignment(results)
    partner, best = (results[f"one_to_one/{name}"] for name in ("partner", "best_x"))
    columns = {
        "partner": _index(partner),
        "correlation": found.partner,
        "best": _index(best),
        "best_correlation": found.best,
        "same": found.same,
    }
    if "mutual_information" in results.children:
        information = results["mutual_information/mutual_information"]
        for name, variable in (("partner", "partner"), ("best", "best_x")):
            index = results[f"mutual_information/{variable}"]
            columns[f"information_{name}"] = _index(index)
            columns[f"information_{name}_nats"] = aligned.picked(information, index.values)
        columns["partner_nats"] = aligned.picked(information, partner.values)
    shared = {dim: results[dim] for dim in _UNIT[:2]}
    return long_table(Dataset({name: (_UNIT, values) for name, values in columns.items()}, shared), _UNIT, "best")


def _index(index: DataArray) -> np.ndarray:
    """Indices of units, NaN for none."""
    return index.where(index >= 0).values


def _sentences(results: Results) -> list[str]:
    if not aligned.aligned(results):
        return []
    found, layers = aligned.alignment(results), cited(results)
    partner, best = aligned.by_layer(found.partner).mean, aligned.by_layer(found.best).mean

    def at(layer: int) -> str:
        value, other = rounded(partner[layer]), rounded(best[layer])
        return f"{value} in {layers[layer]} ({other} with the unit they correlate most with)"

    over = "" if results.sizes["pair"] == 1 else ", averaged over pairs,"
    best_too = "the partner one to one is also the unit they correlate most with"
    mean = f"Units and their partners one to one have a mean correlation{over} of {highest_and_lowest(partner, at)}."
    return [mean, *aligned.agreement(results, found.same, best_too)]


SECTION = Section(
    title="One unit to one",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": one_to_one_rows(results)},
    sentences=_sentences,
    figures=(partners.ORDERED, partners.MEANS, matrices.DRAWING),
    tables={"units": unit_table, "one_to_one": one_to_one_table},
)
