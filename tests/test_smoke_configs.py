"""Every experiment script on its smoke config, from the images to the figure: `pytest -m long -n 0` with this file.

Each is a command of its own, as a reader runs it, and ends within two minutes on two quiet cores.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

ROOT = Path(__file__).parent.parent
# The least accuracy of any network; chance is 10 %.
ACCURATE = {
    "figure1": 0.9,
    "simple_match_sizes": 0.9,
    "dense_and_convolutional": 0.9,
    "trained_and_untrained": 0.9,
    "over_training": 0.9,
    "seeds_and_data_order": 0.9,
    "width": 0.9,
    "batch_norm": 0.85,
}

# The report of a run with this setting has a table of the script's own name.
WRITTEN_AS = {"over_training": "similarity_over_training"}

pytestmark = pytest.mark.long


def run(name: str, place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "experiments" / f"{name}.py", ROOT / "configs" / name / "smoke.py"]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    options = {"capture_output": True, "text": True, "timeout": 600, "check": False}
    return subprocess.run(command, cwd=place, env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}, **options)


@pytest.mark.parametrize("name", ACCURATE)
def test_a_script_on_its_smoke_config(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    place = tmp_path / "runs" / name / "smoke"
    found = sorted(place.glob("**/results/results.nc"))
    assert found
    for file in found:
        with xr.open_dataset(file, engine="h5netcdf") as results:
            assert (results.accuracy >= ACCURATE[name]).all(), results.accuracy.values
    written = WRITTEN_AS.get(name, name)
    for kind in ("svg", "pdf", "png"):
        assert (place / "figures" / f"{written}.{kind}").stat().st_size > 5_000
    with (place / "results" / f"{written}.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    assert len(rows) > 3
    if name == "seeds_and_data_order":
        same_weights(place)
    again = run(name, tmp_path)
    assert again.returncode == 0
    assert "validation accuracy" not in again.stderr  # nothing is trained twice


def same_weights(place: Path) -> None:
    """Networks of the same first weights are more alike than others: what the experiment is for."""
    values = {}
    for shared in ("nothing", "initialisation", "order"):
        with xr.open_dataset(place / f"same_{shared}" / "results" / "results.nc", engine="h5netcdf") as results:
            values[shared] = float(results.similarity.mean())
    assert values["initialisation"] > max(values["nothing"], values["order"]) + 0.05, values


def test_the_study_of_measures(tmp_path: Path) -> None:
    """All tests of docs/validity.md, and none of it twice."""
    done = run("validity", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    place = tmp_path / "runs" / "validity" / "smoke"
    with xr.open_datatree(place / "results" / "validity.nc", engine="h5netcdf") as results:
        tests = results["vgg"].children
        assert {"pooled", "positions", "flattened", "one_grid", "centred"} <= set(tests)
        assert {"monotonicity", "output_correlation", "labels", "deletions", "epsilons", "disagreements"} <= set(tests)
        assert float(results["vgg/pooled/value"].max()) > 0.5
        assert float(results["vgg/labels/auprc"].sel(measure="linear_cka")) > 0.5
    for test in tests:
        assert (place / "figures" / f"{test}.png").stat().st_size > 5_000
        lines = {"epsilons": 24, "disagreements": 3}.get(test, 19)  # each ε and mean; two pairs; each measure
        assert len((place / "results" / f"{test}.csv").read_text(encoding="utf-8").splitlines()) == lines
    assert "match_auc is" in done.stdout
    kept = {path: path.stat().st_mtime_ns for path in (place / "parts").iterdir()}
    again = run("validity", tmp_path)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (place / "parts").iterdir()} == kept
