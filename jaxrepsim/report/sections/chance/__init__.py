"""Similarity against what chance gives, and residuals on inputs that were not fitted."""

import numpy as np
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.epsilons import at_epsilon, epsilon_labels, headline_epsilon
from jaxrepsim.report.results import Results, computed, names, of_chance, over_known, plural
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.sections.chance import held_out, nulls
from jaxrepsim.report.tables import Rows, by_layer, cells, long_table, page_rows

_CELL = ("layer", "pair", "epsilon")
_DRAW = (*_CELL, "draw")
_UNIT = ("layer", "pair", "unit")
_NULLS = ("shuffled", "random")
VARIABLES: dict[str, Variable] = {
    **coordinates(draw="draw: Index of the random draw."),
    **Alike(_CELL, PURE).named(
        observed="observed similarity: Similarity of the trained networks on the rows that all variables of this group "
        "share.",
    ),
    **Alike(("layer",), COUNT).named(
        samples="rows held against chance: Number of rows of activations that the variables of this group rest on."
    ),
    **Alike(_DRAW, PURE).named(
        shuffled="similarity of shuffled inputs: Similarity with the inputs shuffled in one network, one value per "
        "draw.",
        random="similarity of random vectors: Similarity of random vectors with the same spectrum, one value per draw.",
    ),
    **Alike(_CELL, PURE).named(
        untrained="similarity before training: Similarity of the same two networks before training; NaN where these "
        "are not known.",
        p_shuffled="p-value against shuffled inputs: (1 + the number of draws of shuffled at least as high as "
        "observed) / (1 + draws).",
        p_random="p-value against random vectors: (1 + the number of draws of random at least as high as observed) / "
        "(1 + draws).",
    ),
    **Alike(_UNIT, PURE).of_sides(
        residual="fitted residual of the {own} network's units: Relative distance of the unit of the {own} network to "
        "the span of all units of the {other}, fitted and measured on the same rows.",
        held_out="held-out residual of the {own} network's units: Relative distance of the unit of the {own} network "
        "to what all units of the {other} predict, fitted on one half of the rows and measured on the other, so that "
        "it may exceed 1.",
    ),
}


def chance_rows(results: Results) -> Rows:
    """The table of chance.

    Args:
        results: Results with the group `chance`.

    Returns:
        One row per `layer`, with its `samples`, and `epsilon` at which any similarity, observed or by chance, is above
        0: mean, smallest and largest over pairs, `observed`, `calibrated` and `untrained`, and over draws and pairs,
        `shuffled` and `random`; of the p-values the largest of any pair, `p_shuffled` and `p_random`.
    """
    spreads = {name: nulls.spread(results, name) for name in ("observed", "shuffled", "random", "untrained")}
    columns = {
        "layer": np.repeat(names(results, "layer"), results.sizes["epsilon"]),
        "samples": np.repeat(results["chance/samples"].values, results.sizes["epsilon"]),
        "epsilon": epsilon_labels(results) * results.sizes["layer"],
        **{name: cells(values) for name, values in spreads.items()},
        "calibrated": cells(over_known(nulls.calibrated(results))),
        **{f"p_{null}": over_known(results[f"chance/p_{null}"].values).high.ravel() for null in _NULLS},
    }
    return page_rows(columns, np.flatnonzero(np.any([values.high > 0 for values in spreads.values()], 0)))


def chance_table(results: Results) -> DataFrame:
    """Similarity beside what chance gives.

    Args:
        results: Results with the group `chance`.

    Returns:
        One row per layer, ε and pair: the observed similarity, that of untrained networks, and mean, smallest and
        largest of the draws, with their p-values.
    """
    observed = results["chance/observed"]
    columns = {"samples": results["chance/samples"], "observed": observed, "untrained": results["chance/untrained"]}
    for null in _NULLS:
        draws = over_known(results[f"chance/{null}"].values, -1)
        columns |= {f"{null}_{part}": (observed.dims, values) for part, values in draws._asdict().items()}
        columns[f"p_{null}"] = results[f"chance/p_{null}"]
    return long_table(Dataset(columns), ["layer", "epsilon", "pair"], "observed")


def _sentences(results: Results) -> list[str]:
    observed, shuffled = results["chance/observed"].values, results["chance/shuffled"].values
    if np.isnan(observed).all():
        return []
    epsilon = headline_epsilon(results, (~np.isnan(observed)).any((0, 1)))
    here, draws = observed[:, :, epsilon], shuffled[:, :, epsilon]
    layers = np.flatnonzero((~np.isnan(here)).any(1))
    highest = np.where(np.isnan(draws), -np.inf, draws).max(-1)
    above = layers[(np.isnan(here) | (here > highest))[layers].all(1)]
    pairs = "" if results.sizes["pair"] == 1 else " in every pair"
    count = results["chance"].sizes["draw"]
    every = "the one shuffled draw" if count == 1 else f"every one of {count:,} shuffled draws"
    where = f"in {len(above)} of {plural(len(layers), 'layer')}"
    p = results["chance/p_shuffled"].values[above, :, epsilon]
    bound = "" if np.isnan(p).all() else f" (p ≤ {of_chance(max(np.nanmax(p), 0.0001))} in each)"
    return [f"{at_epsilon(results, epsilon)}, similarity is above {every}{pairs} {where}{bound}."]


SECTION = Section(
    title="Chance",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {
        "rows": by_layer(chance_rows(results)),
        "untrained": computed(results, "chance/untrained"),
        "calibrated": not np.isnan(nulls.calibrated(results)).all(),
    },
    sentences=_sentences,
    figures=(nulls.DRAWING, held_out.DRAWING),
    tables={"chance": chance_table},
)
