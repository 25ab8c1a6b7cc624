"""Other measures of similarity beside the match, against depth, and where they disagree with it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame
from scipy.stats import rankdata

from jaxrepsim.measures import MEASURES
from jaxrepsim.report.doubtful import few_samples, mark_few
from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.figure import Drawing, arranged, draw_spread, framed, over_layers, panel_grid
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.map_grid import map_grid
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.results import (
    Floats,
    Results,
    Spread,
    computed,
    names,
    over_known,
    pair_similarity,
    rounded,
    thinned,
)
from jaxrepsim.report.section import PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.style import ACCENT, Column, Look
from jaxrepsim.report.tables import Rows, cells, page_rows

_CELL = ("layer", "pair", "measure")
_ACROSS = {"single": 2, "double": 4}
_MOST_NAMED = 12
VARIABLES: dict[str, Variable] = {
    **coordinates(measure="measure: Name of the measure, a row of the table that `jaxrepsim measures` prints."),
    **Alike(_CELL, PURE).named(
        value="value: What the measure gives for the pair's first and second network, the mean over redraws; NaN where "
        "it needs more than the activations that are there.",
        swapped="value of the exchanged pair: What the measure gives for the second and first network; that of a "
        "symmetric measure is the same.",
        p="p-value of a measure: (1 + the number of draws of shuffled samples that are at least as much alike) / (1 + "
        "draws).",
        calibrated="calibrated value: How far the measure is above what shuffled samples give, 0 for chance and 1 for "
        "the same up to what leaves the measure unchanged; NaN of fewer than 19 draws, which cannot tell.",
    ),
}
_OF_DRAWS = ("p", "calibrated")


def by_measure(results: Results) -> dict[str, Floats]:
    """All measures of a comparison by name, those of the match first: (layer, pair) each."""
    epsilon = headline_epsilon(results)
    similarity = pair_similarity(results)[..., epsilon]
    found = {f"match_similarity, ε = {epsilon_labels(results)[epsilon]}": similarity, "match_auc": profile_auc(results)}
    group = results["measures"]
    return found | {name: group["value"].sel(measure=name).values for name in group["measure"].values.tolist()}


class Disagreement(NamedTuple):
    """How far a measure orders the layers otherwise than `match_auc` does, both as means over pairs."""

    measure: str
    correlation: float
    """Spearman's over layers, positive where both call the same layers alike."""
    layer: str
    """Whose place in the two orders differs most."""
    here: float
    """Its place by the measure, 1 for the layer that is most alike."""
    match: float
    """Its place by the match."""


def disagreement(results: Results) -> list[Disagreement]:
    """Of every measure other than `match_auc` that is known in three layers or more."""
    values = {name: over_known(each).mean for name, each in by_measure(results).items()}
    match = values.pop("match_auc")
    rows = []
    for name, each in values.items():
        known = np.flatnonzero(~np.isnan(each))
        if len(known) < 3:
            continue
        alike = -each if name in MEASURES and MEASURES[name].kind == "distance" else each
        here, there = (rankdata(-order[known]) for order in (alike, match))
        spread = here.std() * there.std()
        correlation = float(np.mean((here - here.mean()) * (there - there.mean())) / spread) if spread else np.nan
        most = int(np.abs(here - there).argmax())
        layer = names(results, "layer")[known[most]]
        rows.append(Disagreement(name, correlation, layer, here[most], there[most]))
    return rows


def _rows(results: Results) -> Rows:
    """One row per layer: its name, and of every measure the mean, the smallest and the largest over pairs."""
    values = by_measure(results).values()
    return page_rows(
        {
            "layer": names(results, "layer"),
            "values": [list(row) for row in zip(*(cells(over_known(each)) for each in values), strict=True)],
        }
    )


def _calibrated_rows(results: Results) -> Rows:
    """One row per layer: of every measure the calibrated value over pairs, and the largest p of any pair."""
    if not raw(results):
        return []
    group = results["measures"].to_dataset()
    every = group["measure"].values.tolist()
    values = [cells(over_known(group["calibrated"].sel(measure=name).values)) for name in every]
    p = [over_known(group["p"].sel(measure=name).values).high for name in every]
    columns = {"layer": names(results, "layer"), "values": zip(*values, strict=True), "p": zip(*p, strict=True)}
    return page_rows({name: list(column) for name, column in columns.items()})


def _table(results: Results) -> DataFrame:
    group = results["measures"].to_dataset()
    table = group[["value", "swapped", *(name for name in _OF_DRAWS if name in group)]]
    return table.to_dataframe(dim_order=["layer", "measure", "pair"]).reset_index().dropna(subset="value")


def _sentences(results: Results) -> list[str]:
    rows = [row for row in disagreement(results) if row.measure in MEASURES and not np.isnan(row.correlation)]
    if not rows:
        return []
    least = min(rows, key=lambda row: row.correlation)
    return [
        f"Of the other measures, {least.measure} agrees least with the match on which layers are alike: the rank "
        f"correlation of the two is {rounded(least.correlation)}.{raw(results)}",
    ]


def _draw(results: Results, column: Column) -> Figure:
    """One panel a measure: its values against depth, the mean over pairs and a band to the extremes."""
    values = {name: each for name, each in by_measure(results).items() if not np.isnan(each).all()}
    across, down, width = arranged(len(values), _ACROSS[column], column)
    labels = layer_labels(names(results, "layer"), "single")
    labels = labels._replace(ticks=thinned(labels.ticks, _MOST_NAMED), degrees=45)  # a panel is half as wide
    with framed(column, down * (0.62 * width + 0.3) + labels.height + 0.3) as figure:
        panels = panel_grid(figure, len(values), across)
        for place, (axes, (name, each)) in enumerate(zip(panels, values.items(), strict=True)):
            spread = over_known(each)
            look: Look = {"color": ACCENT, "marker": "o"}
            places = draw_spread(axes, spread, 0, band=results.sizes["pair"] > 1, label=name, **look)
            mark_few(axes, places, spread.mean, few_samples(results), ACCENT, "o")
            axes.set_title(name, loc="left", pad=3)
            over_layers([axes], labels)
            _limits(axes, name, spread)
            axes.set_xlabel("")
            if place + across < len(panels):
                axes.set_xticks([])
        figure.supxlabel("layer, from input to output")
    return figure


def _limits(axes: Axes, name: str, spread: Spread) -> None:
    low, high = MEASURES[name].range if name in MEASURES else (0.0, 1.0)
    low = max(low, min(0.0, float(np.nanmin(spread.low))))
    axes.set_ylim(low, high if np.isfinite(high) else None)
    axes.yaxis.set_major_formatter("{x:.2g}")


def _caption(results: Results) -> str:
    over = "" if results.sizes["pair"] == 1 else " Means over pairs; bands run from the smallest pair to the largest."
    distances = [name for name in by_measure(results) if name in MEASURES and MEASURES[name].kind == "distance"]
    turned = f" {' and '.join(distances)}: smaller is more alike." if distances else ""
    few = " Hollow points rest on few samples, and are in part chance." if few_samples(results).any() else ""
    return (
        f"Similarity by the match, and by other measures on the same activations, against depth.{over}{turned}{few}"
        f"{raw(results)}"
    )


def raw(results: Results) -> str:
    """A sentence for raw values of measures, where there are calibrated ones."""
    group = results.children.get("measures")
    if group is None or "p" not in group.data_vars or not computed(results, "measures/p"):
        return ""
    return " These are raw values; the table of measures against chance has calibrated ones."


DARKER = "Of a distance, darker is more alike."


def limits(measure: str, values: Floats) -> tuple[float, float]:
    """The least and the largest colour of a measure: those of its range, but for what no value comes near."""
    low, high = MEASURES[measure].range
    known = values[np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return max(low, min(0.0, least)), high if np.isfinite(high) else most


def _draw_networks(results: Results, column: Column) -> Figure:
    """Every two networks, the mean over layers: one panel a measure."""
    networks, group = names(results, "network"), results["measures"].to_dataset()
    pairs = [(i, j) for i in range(len(networks)) for j in range(i + 1, len(networks))]
    maps = {}
    for name in group["measure"].values.tolist():
        maps[name] = np.full((len(networks), len(networks)), np.nan)
        for (i, j), value, swapped in zip(
            pairs, *(group[side].sel(measure=name).mean("layer").values for side in ("value", "swapped")), strict=True
        ):
            maps[name][i, j], maps[name][j, i] = value, swapped
    ends = {name: limits(name, values) for name, values in maps.items()}
    return map_grid(maps, ends, networks, networks, ("first network", "second network"), column)


SECTION = Section(
    title="Other measures",
    file=__file__,
    variables=VARIABLES,
    optional=frozenset(_OF_DRAWS),
    context=lambda results: {
        "rows": _rows(results),
        "measures": list(by_measure(results)),
        "disagreement": disagreement(results),
        "calibrated": _calibrated_rows(results),
        "calibrated_measures": results["measures/measure"].values.tolist(),
    },
    sentences=_sentences,
    figures=(
        Drawing(
            "measures",
            "Measures against depth",
            _draw,
            _caption,
            "Small line charts against depth, one for each measure. The numbers are in the table of measures.",
            lambda results: computed(results, "measures/value"),
        ),
        Drawing(
            "measures-of-networks",
            "Measures of every two networks",
            _draw_networks,
            lambda results: f"Each measure of every two networks, the mean over layers. {DARKER}{raw(results)}",
            "Heat maps, one for each measure, of networks against networks. The numbers are below it.",
            lambda results: results.sizes["network"] > 2 and computed(results, "measures/value"),
        ),
    ),
    tables={"measures": _table},
)
