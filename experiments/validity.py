"""Is the match a good measure? The tests of docs/validity.md, on every measure of the table.

python experiments/validity.py configs/validity/smoke.py

Trains the networks of a config file where they are not there yet, then: layer identification, with pooled maps and by
position, flattened, on one grid and centred; monotonicity; output correlation; grouping by design, of the variants
that the file names; principal components left out; rows moved; noise that is made similar; which ε; where the match and
linear CKA disagree; and independent networks of many widths. One table and one figure a test, and all numbers in
`results/validity.nc`. Values of measures are kept, so that what is interrupted goes on. What to keep in mind: the rule
of decision is that of the page, and only the full config on the digits decides; where linear CKA identifies 90 % or
less, the control has failed, and identification says little of any measure.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
import xarray as xr
from rich.console import Console

from jaxrepsim.errors import InputError, unknown
from jaxrepsim.files import atomic_path
from jaxrepsim.pipeline.config_file import place_of
from jaxrepsim.pipeline.finished_runs import Finished
from jaxrepsim.pipeline.jobs import Job, carry_out, load_source
from jaxrepsim.pipeline.matching_stage import versions
from jaxrepsim.pipeline.progress import Progress, stopping
from jaxrepsim.pipeline.publish import number, publish, script
from jaxrepsim.pipeline.validity import study
from jaxrepsim.pipeline.validity.deletions import deletions
from jaxrepsim.pipeline.validity.disagreements import COMPARED, disagreements
from jaxrepsim.pipeline.validity.epsilons import epsilons
from jaxrepsim.pipeline.validity.maximised import maximised
from jaxrepsim.pipeline.validity.networks import Studied, studied
from jaxrepsim.pipeline.validity.outliers import outliers
from jaxrepsim.pipeline.validity.views import VIEWS, averaged
from jaxrepsim.pipeline.validity.width_null import SAMPLES, WIDTHS, null_table, width_null
from jaxrepsim.progress_bars import Bars
from jaxrepsim.report.experiments.validity import Panel, by_epsilon, by_measure, ordered, where_they_disagree
from jaxrepsim.report.experiments.width_null import by_width
from jaxrepsim.report.results import Results
from jaxrepsim.validity import NAMES, control_holds, interval, verdict

SEEDS = "seeds"
"""The variant of the networks that differ in their seed alone."""
TESTS = {"labels": "random labels", "shortcut": "shortcut patches", "noise": "Gaussian augmentation"}
"""Tests by design, as the runs of a config are named: FAMILY_TEST_LEVEL."""
MOVED = 10.0
"""How far rows are moved of which the table speaks; `validity.nc` has the other distances."""
WIDTH_NULL = "width_null"
SMOKE = 16
"""By how much widths and samples of the width null are divided where fewer than ten seeds are trained."""
OF_THE_MATCH = ("epsilons", "disagreements")
"""What the match tells that one number does not: which ε, and where it disagrees with linear CKA."""
OWN_CLEAN = "shortcut"
"""The test whose variant 0 is a run of its own; of the others it is the networks of `SEEDS`."""


@dataclass(frozen=True)
class Options:
    """What is asked for."""

    tests: tuple[str, ...] = (
        *VIEWS,
        *("monotonicity", "output_correlation"),
        *TESTS,
        *("deletions", "outliers", "maximised"),
        *OF_THE_MATCH,
        WIDTH_NULL,
    )
    """Which tests: the first five are layer identification, the last needs no networks."""
    measures: tuple[str, ...] = NAMES
    """Which measures."""

    def __post_init__(self) -> None:
        for asked, known in ((self.tests, Options.tests), (self.measures, NAMES)):
            for name in asked:
                if name not in known:
                    raise unknown("test or measure", name, known)


def main(config: Annotated[Path, tyro.conf.Positional], options: Annotated[Options, tyro.conf.arg(name="")]) -> None:
    """Runs the tests, prints a table of each, and writes tables, figures and `validity.nc` below `runs`.

    Args:
        config: A config file whose runs are named FAMILY_seeds and FAMILY_TEST_LEVEL.
        options: What is asked for.
    """
    jobs = {job.name: job for job in load_source(config).jobs()}
    families = [name.removesuffix(f"_{SEEDS}") for name in jobs if name.endswith(f"_{SEEDS}")]
    if not families:
        raise InputError(
            f"{config} has no run named FAMILY_{SEEDS}, such as vgg_{SEEDS}: it is no config of this script"
        )
    place, bars = place_of(config), Bars(Console(stderr=True))
    folders = [Finished(job.name, job.folder, Results()) for job in jobs.values()]
    if WIDTH_NULL in options.tests:
        few = 1 if len(jobs[f"{families[0]}_{SEEDS}"].config.training.seeds) >= 10 else SMOKE
        with bars.live():
            null = width_null(
                options.measures, place / "parts", stopping(bars), SAMPLES // few, [width // few for width in WIDTHS]
            )
        publish(folders, WIDTH_NULL, _TITLES[WIDTH_NULL], *null_table(null), partial(by_width, null))
    if options.tests == (WIDTH_NULL,):
        return
    with bars.live():
        needed = [job for name, job in jobs.items() if _needed(name, options.tests)]
        carry_out(needed, "train", bars, bars.say)
        found = {family: _tests(family, jobs, options, place / "parts", stopping(bars)) for family in families}
    for test in options.tests:
        if test in OF_THE_MATCH:
            _publish_of_the_match(folders, test, {family: tests[test] for family, tests in found.items()})
            continue
        groups = {family: tests[test] for family, tests in found.items() if test in tests}
        if groups:
            panels = _panels(test, groups)
            columns, rows = _table(panels, options.measures)
            publish(folders, test, _TITLES[test], columns, rows, partial(by_measure, panels, options.measures))
    print(_decision(found, options.measures))
    _write(found, place / "results" / "validity.nc")


def _needed(name: str, tests: tuple[str, ...]) -> bool:
    variant = name.split("_")[1]
    return variant == SEEDS or variant in tests or "epsilons" in tests


def _tests(
    family: str, jobs: Mapping[str, Job], options: Options, parts: Path, progress: Progress
) -> dict[str, xr.Dataset]:
    names, asked = options.measures, options.tests
    seeds = jobs[f"{family}_{SEEDS}"]
    networks = studied(seeds, averaged, training="deletions" in asked)
    found: dict[str, xr.Dataset] = {}
    layers = [*networks.answers[0].maps]
    for test, view in VIEWS.items():
        if test in asked or (test == "pooled" and "monotonicity" in asked):
            answers = networks.answers if test == "pooled" else studied(seeds, view.of).answers
            values = study.between(answers, view.rows, [name for name in names if name in view.names], parts, progress)
            if test in asked:
                of_all = study.identification(values).assign_coords(layer=layers)
                found[test] = of_all.reindex(measure=[*names])
            if test == "pooled" and "monotonicity" in asked:
                found["monotonicity"] = study.monotonicity(values)
    if "output_correlation" in asked:
        found["output_correlation"] = study.output_correlation(networks, names, parts)
    if "deletions" in asked:
        found["deletions"] = deletions(networks, names, parts, progress)
    if "outliers" in asked:
        found["outliers"] = outliers(networks, names, parts)
    if "maximised" in asked:
        found["maximised"] = maximised(networks, names, progress)
    by_design = {}
    for test in TESTS:
        variants = [name for name in jobs if name.startswith(f"{family}_{test}_")]
        if {test, "epsilons"} & set(asked) and variants:
            by_design[test] = _groups(test, networks, [jobs[name] for name in variants])
            if test in asked:
                found[test] = study.grouping(by_design[test], names, parts)
    if "epsilons" in asked:
        found["epsilons"] = epsilons(networks.answers, by_design, parts, progress)
    if "disagreements" in asked:
        values = study.between(networks.answers, "pooled", COMPARED, parts, progress)
        found["disagreements"] = disagreements(networks.answers, values, progress)
    return found


def _groups(test: str, clean: Studied, jobs: list[Job]) -> dict[str, list]:
    groups = {job.name: studied(job, averaged).answers for job in jobs}
    if test != OWN_CLEAN:
        groups["clean"] = clean.answers[: min(map(len, groups.values()))]
    return groups


_TITLES = {
    **{test: f"Layer identification, {view.title}" for test, view in VIEWS.items()},
    "monotonicity": "Monotonicity over layers",
    "output_correlation": "Correlation of dissimilarity with how differently networks answer",
    "deletions": "Principal components left out, the mean over layers",
    "maximised": "Noise made similar: the measure where half of a component is learned; then the accuracy of a probe",
    WIDTH_NULL: "Independent Gaussian networks: raw and calibrated, by units of each network",
    "outliers": f"Resemblance to itself with rows moved by {MOVED:g} lengths, the mean over networks",
    **{name: f"Grouping by design: {what}" for name, what in TESTS.items()},
}


def _panels(test: str, groups: Mapping[str, xr.Dataset]) -> dict[str, Panel]:
    """What is published of a test: of each family, and of all of them where there are several."""
    found = {}
    if test in VIEWS:
        chance = 1 / next(iter(groups.values())).sizes["layer"]
        for title, of in _families(groups):
            draws = np.mean([group["draws"].values for group in of], axis=0)
            value = np.mean([group["value"].values for group in of], axis=0)
            found[title] = Panel(value, *interval(draws.T), chance)
        for title, of in _families(groups):
            value = np.mean([group["apart"].values for group in of], axis=0)
            found[f"four layers, {title}"] = _plain(value, 1 / study.APART)
    elif test in TESTS:
        for at, (kind, label) in enumerate((("auprc", "AUPRC"), ("violations", "violation rate"))):
            for title, of in _families(groups):
                draws = np.mean([group["draws"].values[..., at] for group in of], axis=0)
                value = np.mean([group[kind].values for group in of], axis=0)
                found[f"{label}, {title}"] = Panel(value, *interval(draws.T), None, kind == "violations")
    elif test == "monotonicity":
        for kind in ("correlation", "violations"):
            for title, of in _families(groups):
                each = np.mean([group[kind].values for group in of], axis=0)
                found[f"{kind}, {title}"] = Panel(each.mean(1), each.min(1), each.max(1), None, kind == "violations")
    elif test == "deletions":
        for title, of in _families(groups):
            for kind in ("rho", "tau", "detection"):
                found[f"{kind}, {title}"] = _plain(np.mean([group[kind].mean("layer").values for group in of], axis=0))
    elif test == "maximised":
        for family, group in groups.items():
            for at in (1, 2, 3, 5, 10):
                found[f"component {at}, {family}"] = _plain(group["learned_at"].sel(component=at).values)
            for at in group["reached"].values:
                found[f"probe at {at:g}, {family}"] = _plain(group["probe"].sel(reached=at).values)
    elif test == "outliers":
        for title, of in _families(groups)[:1]:
            for moved in of[0]["moved"].values:
                values = [group["value"].sel(moved=moved, distance=MOVED).values for group in of]
                found[f"{moved}, {title}"] = _plain(np.mean(values, axis=0))
    else:
        for family, group in groups.items():
            for at, output in enumerate(group["output"].values):
                found[f"{output}, {family}"] = _plain(group["correlation"].values[:, at], 0.0)
                found[f"p: {output}, {family}"] = _plain(group["p"].values[:, at])
    return found


def _publish_of_the_match(folders: list[Finished], test: str, groups: Mapping[str, xr.Dataset]) -> None:
    if test == "epsilons":
        columns = ["measure", *(f"{what}, {family}" for family, of in groups.items() for what in _columns_of(of))]
        rows = [
            [str(name), *(number(value, 3) for of in groups.values() for value in _numbers_of(of, at))]
            for at, name in enumerate(next(iter(groups.values()))["measure"].values)
        ]
        publish(folders, test, "Which ε: pooled maps, and the last layer", columns, rows, partial(by_epsilon, groups))
    else:
        columns = ["pair", *("networks", "layers", "match_auc", "rank", "linear_cka", "rank")]
        rows = [
            [f"{family}: {pair}", *_read_as_text(of.sel(pair=pair))]
            for family, of in groups.items()
            for pair in of["pair"].values
        ]
        title = "Where match_auc and linear CKA disagree most, pooled maps"
        publish(folders, test, title, columns, rows, partial(where_they_disagree, groups))


def _columns_of(found: xr.Dataset) -> list[str]:
    return ["identified", *(f"ties {where}" for where in found["where"].values), *found["test"].values]


def _numbers_of(found: xr.Dataset, at: int) -> list[float]:
    here = found.isel(measure=at)
    return [float(here["identified"]), *here["ties"].values.tolist(), *here["auprc"].values.tolist()]


def _read_as_text(found: xr.Dataset) -> list[str]:
    both = [number(float(found[what].sel(measure=name)), 3) for name in COMPARED for what in ("value", "rank")]
    return [" and ".join(map(str, found[of].values)) for of in ("network", "layer")] + both


def _plain(value: np.ndarray, chance: float | None = None) -> Panel:
    """Of numbers without an interval."""
    none = np.full(len(value), np.nan)
    return Panel(value, none, none, chance)


def _families(groups: Mapping[str, xr.Dataset]) -> list[tuple[str, list[xr.Dataset]]]:
    of_all = [("mean", [*groups.values()])] if len(groups) > 1 else []
    return of_all + [(family, [group]) for family, group in groups.items()]


def _table(panels: Mapping[str, Panel], names: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    order = ordered(next(iter(panels.values())))
    cells = {title: [_cell(panel, at) for at in order] for title, panel in panels.items()}
    return ["measure", *cells], [
        [names[at], *row] for at, row in zip(order, zip(*cells.values(), strict=True), strict=True)
    ]


def _cell(panel: Panel, at: int) -> str:
    value, ends = number(panel.value[at], 3, "–"), (panel.low[at], panel.high[at])
    return value if np.isnan(ends).any() else f"{value} ({ends[0]:.3f} to {ends[1]:.3f})"


def _decision(found: Mapping[str, Mapping[str, xr.Dataset]], names: tuple[str, ...]) -> str:
    """The verdict of docs/validity.md, in words, or why there is none yet."""
    if any(not {"pooled", *TESTS} <= tests.keys() for tests in found.values()):
        return "no verdict: it needs layer identification with pooled maps and all three tests by design"
    if not {"match_auc", "linear_cka", "linear_regression"} <= set(names):
        return "no verdict: it needs match_auc, linear_cka and linear_regression"
    shares = np.mean([tests["pooled"]["value"].values for tests in found.values()], axis=0)
    identification = dict(zip(names, shares.tolist(), strict=True))
    wins = 0
    for test in TESTS:
        draws = np.mean([tests[test]["draws"].values[..., 0] for tests in found.values()], axis=0)
        low, _ = interval(draws[names.index("match_auc")] - draws[names.index("linear_cka")])
        wins += bool(low > 0)
    control = "" if control_holds(identification) else " (control failed: linear CKA identifies 90 % or less)"
    return f"match_auc is {verdict(identification, wins)}; it wins {wins} of 3 tests by design{control}"


def _write(found: Mapping[str, Mapping[str, xr.Dataset]], path: Path) -> None:
    tree = xr.DataTree.from_dict(
        {f"{family}/{test}": data for family, tests in found.items() for test, data in tests.items()}
    )
    tree.attrs = {"versions": json.dumps(versions()), "processor": platform.processor() or platform.machine()}
    with atomic_path(path) as temporary:
        tree.to_netcdf(temporary, engine="h5netcdf")
    print(path)


if __name__ == "__main__":
    script(main)
