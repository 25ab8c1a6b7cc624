"""The main job: its folder, its numbers against the oracle, and what a kill at any moment leaves."""

import csv
import json
import shutil
import signal
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from jaxrepsim import activations, training
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.run import Run, history
from tests import reference
from tests.pipeline import tiny
from tests.pipeline.conftest import in_a_process, jaxrepsim, raw_activations
from tests.report.test_schema import assert_documented
from tests.scripts import script


@pytest.fixture(scope="module")
def results(finished):
    return xr.load_datatree(finished / "results" / "results.nc", engine="h5netcdf")


@pytest.fixture(scope="module")
def similarity(results):
    return results["similarity"].to_dataset()


@pytest.fixture(scope="module")
def raw(finished, tiny_config):
    """Every layer of every network, from the checkpoints, not compressed."""
    run = Run(load_config(tiny_config), RunFolder(finished))
    networks = training.train_networks(run.model, run.dataset, run.config.training, run.folder.checkpoints)
    return {str(network.seed): raw_activations(run, network) for network in networks}


def test_the_folder_holds_what_the_readme_says(finished):
    made = {path.name for path in finished.iterdir()}
    assert made >= {"run.json", "versions.json", "timings.json", "checkpoints", "activations", "results", "figures"}
    assert set(json.loads((finished / "timings.json").read_text())) == {
        *("training", "extraction", "similarity", "measures", "minimal_matches", "report")
    }
    versions = json.loads((finished / "versions.json").read_text())
    assert {"python", "jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "devices"} <= set(versions)
    assert (finished / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert not [path for path in finished.rglob(".*") if path.name != ".lock"], "a temporary file was left"
    for file in (finished / "results").rglob("*.nc"):
        assert_documented(xr.load_datatree(file, engine="h5netcdf"))


def test_layers_are_in_forward_order(results):
    assert tuple(results["layer"].values) == tiny.LAYERS != tuple(sorted(tiny.LAYERS))
    assert list(results["pair"].values) == ["0-1", "0-2", "1-2"]


def test_the_table_agrees_with_least_squares_on_every_layer_and_epsilon(similarity, raw):
    for layer in map(str, similarity.layer.values):
        for a, b in combinations(raw, 2):
            for epsilon in similarity.epsilon.values:
                x, y = raw[a][layer].astype(np.float64), raw[b][layer].astype(np.float64)
                matched = reference.maximum_match_lstsq(x, y, epsilon)
                in_x, in_y = matched[: x.shape[1]], matched[x.shape[1] :]
                here = similarity.sel(layer=layer, pair=f"{a}-{b}", epsilon=epsilon, redraw=0)
                assert (int(here.matched_x), int(here.matched_y)) == (in_x.sum(), in_y.sum()), (layer, epsilon)
                assert float(here.similarity) == (in_x.sum() + in_y.sum()) / (x.shape[1] + y.shape[1])


def test_sampled_minimal_matches_are_matches_and_minimal_in_size(results, similarity, raw):
    seen = 0
    for layer in map(str, results["layer"].values):
        here, matches = (
            group.sel(layer=layer, pair="0-1") for group in (similarity, results["minimal_matches"].to_dataset())
        )
        for epsilon in results["epsilon"].values:
            at, found = here.sel(epsilon=epsilon), matches.sel(epsilon=epsilon)
            largest = int(at.matched_x[0] + at.matched_y[0])
            held = reference.maximum_match_lstsq(
                raw["0"][layer].astype(np.float64), raw["1"][layer].astype(np.float64), epsilon
            )
            for unit, size in zip(found.sampled_unit.values, (found.size_x + found.size_y).values, strict=True):
                if unit >= 0:
                    assert (2 <= size <= largest) if held[unit] else size == 0
                    seen += 1
    assert seen >= 3 * 2


def test_the_csv_is_the_same_table(similarity, finished):
    with (finished / "results" / "similarity.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == similarity.sizes["layer"] * similarity.sizes["pair"] * similarity.sizes["epsilon"]
    for row in rows:
        expected = similarity.similarity.sel(layer=row["layer"], pair=row["pair"], epsilon=float(row["epsilon"]))
        assert float(row["similarity_mean"]) == pytest.approx(float(expected.mean()), abs=1e-6)


def test_a_finished_run_is_not_done_again(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")

    def stamps():
        kept = [*(folder / "checkpoints").rglob("*"), *(folder / "activations").iterdir()]
        return {path: path.stat().st_mtime_ns for path in [*kept, *(folder / "results").rglob("*.nc")]}

    before = stamps()
    again = jaxrepsim("match", folder)
    assert again.returncode == 0, again.stderr
    assert stamps() == before


def test_the_networks_have_learned_the_digits(results, similarity):
    assert (results["networks/accuracy"] > 0.3).all()  # chance is a tenth
    assert similarity.similarity.max() > 0


def test_curves_are_whole_and_the_accuracy_is_that_of_the_weights():
    """Where the weights compared are those of an epoch before the last."""
    epochs = [training.EpochRecord(1 / k, 0.5, 1.0, accuracy, 1.0) for k, accuracy in ((1, 0.8), (2, 0.9), (3, 0.7))]
    networks = [SimpleNamespace(seed=seed, history=tuple(epochs), accuracy=0.9) for seed in (0, 1, 2)]
    found = history(networks)
    assert found.validation_accuracy.values.tolist() == [[0.8, 0.9, 0.7]] * 3
    assert found.train_loss.values.tolist() == [[1, 1 / 2, 1 / 3]] * 3
    assert found.accuracy.values.tolist() == [0.9] * 3


def test_a_run_stopped_in_training_and_in_analysis_ends_as_an_unbroken_one(
    tmp_path, tiny_config, finished, results, monkeypatch
):
    """Asked to by SIGTERM, and killed, when nothing can be tidied up."""
    folder = tmp_path / "run"
    place = folder / "results" / "parts"
    for name in ("seed_1/epoch_1.safetensors", "/000_stem"):
        with monkeypatch.context() as context:
            tiny.stop_after(name, signal.SIGTERM, context.setattr)
            stopped = jaxrepsim("run", tiny_config, "--out", folder)
        assert stopped.returncode == 143, stopped.stdout + stopped.stderr
        assert stopped.stderr.startswith("stopped by SIGTERM")
        assert stopped.stderr.endswith("; the same command goes on where this one stopped\n")
        assert (folder / "activations").exists() == (name == "/000_stem")
    done = {path: path.stat().st_mtime_ns for path in place.rglob("*.nc")}
    assert 1 <= len(done) < results.sizes["layer"]
    killed = in_a_process("run", folder, KILL_AFTER=f"/00{len(done)}_")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert len([*place.rglob("*.nc")]) == len(done) + 1
    assert not (folder / "results" / "results.nc").exists()
    end = jaxrepsim("match", folder)
    assert end.returncode == 0, end.stdout + end.stderr
    assert {path: path.stat().st_mtime_ns for path in done} == done, "a finished layer was matched again"
    resumed = xr.load_datatree(folder / "results" / "results.nc", engine="h5netcdf")
    xr.testing.assert_equal(resumed, results)
    for seed in (0, 1, 2):
        again, once = (activations.load(RunFolder(path).activations(seed)) for path in (folder, finished))
        for layer, values in once.layers.items():
            np.testing.assert_array_equal(again.layers[layer], values)


def test_figure_1_is_drawn_from_a_finished_run(finished, tmp_path, capsys):
    folder = shutil.copytree(finished, tmp_path / "run")
    script("figure1").main((folder,))
    assert (folder / "figures" / "figure1.png").stat().st_size > 10_000
    figures = [folder / "figures" / f"figure1.{kind}" for kind in ("svg", "pdf", "png")]
    written = [folder / "results" / "figure1.csv", *figures]
    assert capsys.readouterr().out.splitlines()[-4:] == [str(path) for path in written]
