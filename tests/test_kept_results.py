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


def test_the_table_is_that_of_the_results(results):
    with (KEPT / "results" / "figure1.csv").open(encoding="utf-8", newline="") as handle:
        _, *rows = csv.reader(handle)
    found = [
        [run, layer, str(units), *(f"{value:.2f}" for value in values[-5:])]
        for run, layer, units, *values in depth_table(results).itertuples(index=False)
    ]
    assert [[*row[:3], *row[-5:]] for row in rows] == found
