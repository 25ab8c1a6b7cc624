"""Width null: the numbers of `calibrate`, kept, and published."""

import csv

import jax
import numpy as np
import pytest

from jaxrepsim import validity
from jaxrepsim.chance import calibrate
from jaxrepsim.pipeline.validity import width_null as module
from jaxrepsim.pipeline.validity.width_null import null_table, width_null
from tests.scripts import FOLDER, script

pytestmark = pytest.mark.filterwarnings("ignore::jaxrepsim.FewSamplesWarning")
NAMES = ("linear_cka", "mutual_knn")


def silent(*told: object) -> None:
    """Progress that nobody hears."""


def test_each_width_is_calibrated_and_what_is_too_dear_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_UNITS", {"mutual_knn": 4})
    found = width_null(NAMES, tmp_path, silent, 32, (4, 40))
    assert np.isnan(found.sel(measure="mutual_knn", units=40).to_array()).all()
    for name, units in (("linear_cka", 4), ("linear_cka", 40), ("mutual_knn", 4)):
        x, y = np.random.default_rng([0, units]).normal(size=(2, 32, units))
        with jax.enable_x64(True):
            one = calibrate(name, x, y, jax.random.key(0), 19)
            wanted = [float(each) for each in (one.observed, one.p, one.calibrated)]
        cell = found.sel(measure=name, units=units)
        assert [float(cell[kind]) for kind in ("value", "p", "calibrated")] == wanted
    assert found.value.sel(measure="linear_cka", units=40) > 2 * found.value.sel(measure="linear_cka", units=4)
    heads, rows = null_table(found)
    assert heads == ["measure", "4", "40"]
    assert rows[1][2] == "–"
    # What is kept is not computed again.
    monkeypatch.setattr(validity, "of_independent", None)
    assert width_null(NAMES, tmp_path, silent, 32, (4, 40)).identical(found)


def test_the_script_publishes_it_without_training_anything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = script("validity")
    config = FOLDER.parent / "configs" / "validity" / "smoke.py"
    study.main(config, study.Options(tests=("width_null",), measures=("linear_cka", "procrustes")))
    place = tmp_path / "runs" / "validity" / "smoke"
    with (place / "results" / "width_null.csv").open(newline="", encoding="utf-8") as handle:
        heads, *rows = csv.reader(handle)
    assert heads == ["measure", "4", "8", "16", "32", "64", "128"]
    assert [row[0] for row in rows] == ["linear_cka", "procrustes"]
    assert rows[0][-1].startswith("0.6")  # of n units on m samples n / (n + m), here 2 / 3
    assert (place / "figures" / "width_null.svg").exists()
    assert not list(place.glob("vgg_*/checkpoints"))
