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
from jaxrepsim.pipeline.jobs import carry_out, load_source
from jaxrepsim.pipeline.matching_stage import versions
from jaxrepsim.pipeline.progress import stopping
from jaxrepsim.pipeline.publish import publish, script
from jaxrepsim.pipeline.validity.battery import TESTS
from jaxrepsim.pipeline.validity.family import BY_DESIGN, POOLED, SEEDS, Family
from jaxrepsim.pipeline.validity.width_null import SAMPLES, WIDTHS, null_table, width_null
from jaxrepsim.progress_bars import Bars
from jaxrepsim.report.experiments.width_null import by_width
from jaxrepsim.report.results import Results
from jaxrepsim.validity import NAMES, control_holds, interval, verdict

WIDTH_NULL = "width_null"
"""The test that needs no networks."""
SMOKE = 16
"""By how much widths and samples of the width null are divided where fewer than ten seeds are trained."""


@dataclass(frozen=True)
class Options:
    """What is asked for."""

    tests: tuple[str, ...] = (*TESTS, WIDTH_NULL)
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
        widths = [width // few for width in WIDTHS]
        with bars.live():
            null = width_null(options.measures, place / "parts", stopping(bars), SAMPLES // few, widths)
        title = "Independent Gaussian networks: raw and calibrated, by units of each network"
        publish(folders, WIDTH_NULL, title, *null_table(null), partial(by_width, null))
    tests = {name: TESTS[name] for name in options.tests if name != WIDTH_NULL}
    if not tests:
        return
    variants = {SEEDS}.union(*(test.variants for test in tests.values()))
    needed = {name: job for name, job in jobs.items() if name.split("_")[1] in variants}
    found: dict[str, dict[str, xr.Dataset]] = {}
    with bars.live():
        carry_out([*needed.values()], "train", bars, bars.say)
        for name in families:
            family = Family(name, needed, options.measures, place / "parts", stopping(bars))
            each = {test: one.compute(family) for test, one in tests.items()}
            found[name] = {test: data for test, data in each.items() if data is not None}
    for test, one in tests.items():
        of_families = {family: each[test] for family, each in found.items() if test in each}
        if of_families:
            publish(folders, test, one.title, *one.published(of_families, options.measures))
    print(_decision(found, options.measures))
    _write(found, place / "results" / "validity.nc")


def _decision(found: Mapping[str, Mapping[str, xr.Dataset]], names: tuple[str, ...]) -> str:
    """The verdict of docs/validity.md, in words, or why there is none yet."""
    if any(not {POOLED, *BY_DESIGN} <= tests.keys() for tests in found.values()):
        return "no verdict: it needs layer identification with pooled maps and all three tests by design"
    if not {"match_auc", "linear_cka", "linear_regression"} <= set(names):
        return "no verdict: it needs match_auc, linear_cka and linear_regression"
    shares = np.mean([tests[POOLED]["value"].values for tests in found.values()], axis=0)
    identification = dict(zip(names, shares.tolist(), strict=True))
    wins = 0
    for test in BY_DESIGN:
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
