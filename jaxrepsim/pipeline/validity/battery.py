"""The tests of docs/validity.md that need networks: what each is called, computes and publishes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from jaxrepsim.pipeline.publish import number
from jaxrepsim.pipeline.validity import study
from jaxrepsim.pipeline.validity.deletions import deletions
from jaxrepsim.pipeline.validity.disagreements import COMPARED, disagreements
from jaxrepsim.pipeline.validity.epsilons import epsilons
from jaxrepsim.pipeline.validity.family import BY_DESIGN, POOLED, Family
from jaxrepsim.pipeline.validity.maximised import maximised
from jaxrepsim.pipeline.validity.outliers import outliers
from jaxrepsim.pipeline.validity.views import VIEWS
from jaxrepsim.report.experiments.validity import Panel, by_epsilon, by_measure, ordered, where_they_disagree
from jaxrepsim.validity import interval

MOVED = 10.0
"""How far rows are moved of which the table speaks; `validity.nc` has the other distances."""
SHOWN = (1, 2, 3, 5, 10)
"""Components of which the table says when they are learned."""
Found = Mapping[str, xr.Dataset]
"""Of each family."""
Published = tuple[list[str], list[list[str]], Callable[[], Figure]]
"""The headings of a table, its rows, and what draws the figure."""


class OneTest(NamedTuple):
    """A test."""

    title: str
    compute: Callable[[Family], xr.Dataset | None]
    """None where the family has no networks for it."""
    published: Callable[[Found, Sequence[str]], Published]
    """Of what families gave, and the names of the measures."""
    variants: tuple[str, ...] = ()
    """Of networks that it needs, besides those that differ in their seed alone."""


def _of_panels(panels: Callable[[Found], dict[str, Panel]]) -> Callable[[Found, Sequence[str]], Published]:
    def published(found: Found, names: Sequence[str]) -> Published:
        drawn = panels(found)
        order = ordered(next(iter(drawn.values())))
        rows = [[names[at], *(_cell(panel, at) for panel in drawn.values())] for at in order]
        return ["measure", *drawn], rows, partial(by_measure, drawn, names)

    return published


def _cell(panel: Panel, at: int) -> str:
    value, ends = number(panel.value[at], 3, "–"), (panel.low[at], panel.high[at])
    return value if np.isnan(ends).any() else f"{value} ({ends[0]:.3f} to {ends[1]:.3f})"


def _plain(value: np.ndarray, chance: float | None = None) -> Panel:
    """Of numbers without an interval."""
    none = np.full(len(value), np.nan)
    return Panel(value, none, none, chance)


def _by_family(found: Found, name: str) -> dict[str, np.ndarray]:
    """A variable of each family, and before them its mean, where there are several."""
    each = {family: one[name].values for family, one in found.items()}
    return ({"mean": np.mean([*each.values()], axis=0)} if len(each) > 1 else {}) | each


def _identify(view: str, family: Family) -> xr.Dataset:
    layers = [*family.networks.answers[0].maps]
    values = family.between(view, family.names)
    return study.identification(values).assign_coords(layer=layers).reindex(measure=[*family.names])


def _identified(found: Found) -> dict[str, Panel]:
    chance = 1 / next(iter(found.values())).sizes["layer"]
    draws = _by_family(found, "draws")
    all_layers = {
        title: Panel(value, *interval(draws[title].T), chance) for title, value in _by_family(found, "value").items()
    }
    apart = _by_family(found, "apart")
    return all_layers | {f"four layers, {title}": _plain(value, 1 / study.APART) for title, value in apart.items()}


def _ordered_layers(found: Found) -> dict[str, Panel]:
    panels = {}
    for kind in ("correlation", "violations"):
        for title, each in _by_family(found, kind).items():
            panels[f"{kind}, {title}"] = Panel(each.mean(1), each.min(1), each.max(1), None, kind == "violations")
    return panels


def _correlated(found: Found) -> dict[str, Panel]:
    panels = {}
    for family, one in found.items():
        for output in one["output"].values:
            here = one.sel(output=output)
            panels[f"{output}, {family}"] = _plain(here["correlation"].values, 0.0)
            panels[f"p: {output}, {family}"] = _plain(here["p"].values)
    return panels


def _group(test: str, family: Family) -> xr.Dataset | None:
    if test not in family.by_design:
        return None
    return study.grouping(family.by_design[test], family.names, family.parts)


def _grouped(found: Found) -> dict[str, Panel]:
    panels, draws = {}, _by_family(found, "draws")
    for at, (kind, label) in enumerate((("auprc", "AUPRC"), ("violations", "violation rate"))):
        for title, value in _by_family(found, kind).items():
            ends = interval(draws[title][..., at].T)
            panels[f"{label}, {title}"] = Panel(value, *ends, None, kind == "violations")
    return panels


def _deleted(found: Found) -> dict[str, Panel]:
    over_layers = {family: one.mean("layer") for family, one in found.items()}
    values = {kind: _by_family(over_layers, kind) for kind in ("rho", "tau", "detection")}
    return {f"{kind}, {title}": _plain(values[kind][title]) for title in values["rho"] for kind in values}


def _moved(found: Found) -> dict[str, Panel]:
    at_one = {family: one.sel(distance=MOVED) for family, one in found.items()}
    title, value = next(iter(_by_family(at_one, "value").items()))
    moved = next(iter(found.values()))["moved"].values
    return {f"{which}, {title}": _plain(column) for which, column in zip(moved, value.T, strict=True)}


def _learned(found: Found) -> dict[str, Panel]:
    panels = {}
    for family, one in found.items():
        for at in SHOWN:
            panels[f"component {at}, {family}"] = _plain(one["learned_at"].sel(component=at).values)
        for at in one["reached"].values:
            panels[f"probe at {at:g}, {family}"] = _plain(one["probe"].sel(reached=at).values)
    return panels


def _at_each_epsilon(found: Found, _: Sequence[str]) -> Published:
    columns, rows = ["measure"], [[str(name)] for name in next(iter(found.values()))["measure"].values]
    for family, one in found.items():
        columns += [f"identified, {family}"]
        columns += [f"ties {where}, {family}" for where in one["where"].values]
        columns += [f"{test}, {family}" for test in one["test"].values]
        for at, row in enumerate(rows):
            here = one.isel(measure=at)
            row += [
                number(float(value), 3) for what in ("identified", "ties", "auprc") for value in here[what].values.flat
            ]
    return columns, rows, partial(by_epsilon, found)


def _disagreed(found: Found, _: Sequence[str]) -> Published:
    rows = []
    for family, one in found.items():
        for pair in one["pair"].values:
            here = one.sel(pair=pair)
            sides = [" and ".join(map(str, here[of].values)) for of in ("network", "layer")]
            numbers = [number(float(here[of].sel(measure=name)), 3) for name in COMPARED for of in ("value", "rank")]
            rows.append([f"{family}: {pair}", *sides, *numbers])
    columns = ["pair", "networks", "layers", "match_auc", "rank", "linear_cka", "rank"]
    return columns, rows, partial(where_they_disagree, found)


TESTS = {
    **{
        name: OneTest(f"Layer identification, {view.title}", partial(_identify, name), _of_panels(_identified))
        for name, view in VIEWS.items()
    },
    "monotonicity": OneTest(
        "Monotonicity over layers",
        lambda family: study.monotonicity(family.between(POOLED, family.names)),
        _of_panels(_ordered_layers),
    ),
    "output_correlation": OneTest(
        "Correlation of dissimilarity with how differently networks answer",
        lambda family: study.output_correlation(family.networks, family.names, family.parts),
        _of_panels(_correlated),
    ),
    **{
        name: OneTest(f"Grouping by design: {what}", partial(_group, name), _of_panels(_grouped), (name,))
        for name, what in BY_DESIGN.items()
    },
    "deletions": OneTest(
        "Principal components left out, the mean over layers",
        lambda family: deletions(
            family.networks, family.on_training_images(), family.names, family.parts, family.progress
        ),
        _of_panels(_deleted),
    ),
    "outliers": OneTest(
        f"Resemblance to itself with rows moved by {MOVED:g} lengths, the mean over networks",
        lambda family: outliers(family.networks, family.names, family.parts),
        _of_panels(_moved),
    ),
    "maximised": OneTest(
        "Noise made similar: the measure where half of a component is learned; then the accuracy of a probe",
        lambda family: maximised(family.networks, family.names, family.progress),
        _of_panels(_learned),
    ),
    "epsilons": OneTest(
        "Which ε: pooled maps, and the last layer",
        lambda family: epsilons(family.networks.answers, family.by_design, family.parts, family.progress),
        _at_each_epsilon,
        (*BY_DESIGN,),
    ),
    "disagreements": OneTest(
        "Where match_auc and linear CKA disagree most, pooled maps",
        lambda family: disagreements(family.networks.answers, family.between(POOLED, COMPARED), family.progress),
        _disagreed,
    ),
}
"""In the order in which they are made and published."""
