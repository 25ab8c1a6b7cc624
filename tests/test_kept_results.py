"""Results that the repository keeps: they are those of the config file that they name, and their figure is theirs."""

import csv
from pathlib import Path

import pytest

from jaxrepsim import report
from jaxrepsim.pipeline.config_file import load_configs
from jaxrepsim.pipeline.folder import load
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.report.experiments.figure1 import depth_table

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "docs" / "results" / "fashion_mnist_cpu"
DIGITS = ROOT / "docs" / "results" / "digits"
RUNS = ("vgg", "resnet")


@pytest.fixture(scope="module")
def results():
    return {name: read_netcdf(KEPT / name / "results" / "results.nc") for name in RUNS}


@pytest.mark.parametrize("name", RUNS)
def test_the_settings_are_those_of_the_config(name):
    assert load(KEPT / name) == load_configs(ROOT / "configs" / "figure1" / "fashion_mnist_cpu.py")[name]


def test_three_seeds_and_every_layer(results):
    for run in results.values():
        report.check(run)
        assert list(run.network.values) == ["0", "1", "2"]
        assert run.sizes["pair"] == 3
    assert [results[name].sizes["layer"] for name in RUNS] == [11, 19]


def test_the_digits_have_everything_that_the_site_draws():
    """The settings of both configs together, and every section of the report."""
    kept = load(DIGITS)
    theory, convergent = (
        load_configs(ROOT / "configs" / f"{name}.py")[name] for name in ("digits_theory", "digits_convergent")
    )
    assert (kept.data, kept.model, kept.training) == (theory.data, theory.model, theory.training)
    for part in ("decomposition", "stability", "chance", "joint", "across_layers", "over_training"):
        assert getattr(kept, part) == getattr(theory, part)
    for part in ("one_to_one", "mutual_information", "sparse_prediction", "clusters", "exciting_images"):
        assert getattr(kept, part) == getattr(convergent, part)
    found = report.check(read_netcdf(DIGITS / "results" / "results.nc"))
    assert all(section.is_in(found) for section in report.SECTIONS)


def test_the_table_is_that_of_the_results(results):
    with (KEPT / "results" / "figure1.csv").open(encoding="utf-8", newline="") as handle:
        _, *rows = csv.reader(handle)
    found = [
        [run, layer, str(units), *(f"{value:.2f}" for value in values[-5:])]
        for run, layer, units, *values in depth_table(results).itertuples(index=False)
    ]
    assert [[*row[:3], *row[-5:]] for row in rows] == found
