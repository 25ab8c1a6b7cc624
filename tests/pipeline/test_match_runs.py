"""Networks of several runs: compressed anew, all of them jointly, where their images are the same."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from jaxrepsim.activations import load, save
from jaxrepsim.cli import main
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import AnalysisConfig, DataConfig, MatchingConfig, RunConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.folder import RunFolder, claim
from jaxrepsim.pipeline.matches import agreed_settings, match_runs
from jaxrepsim.pipeline.parts import Chance, MinimalMatches
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.results_files import read_netcdf
from tests.pipeline.conftest import blank_figures
from tests.pipeline.test_cli import said

CONFIG = AnalysisConfig(matching=MatchingConfig(epsilons=(0.3,), layers=("conv8", "logits")))


@pytest.fixture(autouse=True)
def undrawn():
    with blank_figures():
        yield


@pytest.fixture(scope="module")
def copies(finished, tmp_path_factory):
    """The same run twice, in folders of other names."""
    place = tmp_path_factory.mktemp("copies")
    return [shutil.copytree(finished, place / name) for name in ("one", "two")]


def test_the_same_network_in_two_runs_is_wholly_alike(copies, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "runs" / "one_and_two"
    arguments = ["compare", *map(str, copies), "--matching.epsilons", "0.3"]
    arguments += ["--matching.layers", "fc1", "logits", "--minimal-matches.units", "0"]
    assert main(arguments) == 0
    assert "extracted 2 layers of 6 networks" in capsys.readouterr().out
    results = read_netcdf(out / "results" / "results.nc")
    similarity = results["similarity"].to_dataset()
    assert list(similarity.network.values) == ["one/0", "one/1", "one/2", "two/0", "two/1", "two/2"]
    for seed in (0, 1, 2):
        assert (similarity.similarity.sel(pair=f"one/{seed}-two/{seed}", redraw=0) == 1 - dead(similarity, seed)).all()
    inside = similarity.similarity.sel(pair="one/0-one/1")
    np.testing.assert_allclose(similarity.similarity.sel(pair="two/0-two/1"), inside)
    assert (out / "report.html").is_file()
    assert main(["report", str(out)]) == 0
    files = {path: path.stat().st_mtime_ns for path in (out / "activations").iterdir()}
    assert main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "activations").iterdir()} == files


def dead(results, seed):
    """The share of a network's units that are dead, in each layer."""
    here = results.sel(network=f"one/{seed}")
    widths = np.isfinite(results.profile_x.sel(pair=f"one/{seed}-two/{seed}", redraw=0)) | np.isinf(
        results.profile_x.sel(pair=f"one/{seed}-two/{seed}", redraw=0)
    )
    return here.dead / widths.sum("unit")


def test_the_runs_own_files_are_refused_and_say_so(copies, tmp_path, capsys):
    file = copies[0] / "activations" / "seed_0.safetensors"
    here = load(file)
    assert here.basis
    save(tmp_path / "0.safetensors", here.layers, samples=here.samples, basis="of another run", inputs=here.inputs)
    assert main(["compare", str(file), str(tmp_path / "0.safetensors"), "--out", str(tmp_path / "out")]) == 2
    assert "were compressed each in a basis of its own" in said(capsys)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["one", "one"], "a run is given twice"),
        (["one", "absent"], "absent is missing: name runs, or activation files"),
        (["one", "one/activations/seed_0.safetensors"], "Name runs, or activation files, and not both"),
        (["one", "."], "one is a run, and"),
        (["one", "two", "--rename", "a=b"], "error: --rename is for activation files: leave it out"),
    ],
)
def test_sources_that_cannot_be(copies, sources, message, tmp_path, capsys):
    place = copies[0].parent
    words = [str(place / source) if (place / source.strip("-")).exists() else source for source in sources]
    assert main(["compare", *words, "--out", str(tmp_path / "out")]) == 2
    assert message in said(capsys)
    assert not (tmp_path / "out").exists()


def begun(path, **settings):
    claim(RunFolder(path), {"config": to_plain(RunConfig(**settings))})
    return path


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"data": DataConfig(name="digits", validation_split="test[:50]")},
            "data.validation_split is 'test' in one and",
        ),
        ({"data": DataConfig(name="fashion_mnist")}, "data.name is 'digits' in one and 'fashion_mnist' in the other"),
    ],
)
def test_runs_on_other_images(changed, words, tmp_path):
    data = DataConfig(name="digits")
    paths = [begun(tmp_path / "a", data=data), begun(tmp_path / "b", **changed)]
    with pytest.raises(InputError, match=f"a and b cannot be compared: {words}.*responses to the same images"):
        match_runs(paths, CONFIG, RunFolder(tmp_path / "out"), silent, silent)
    assert not (tmp_path / "out").exists()


def test_runs_of_other_layers_and_untrained_ones(tmp_path):
    data = DataConfig(name="digits")
    model = RunConfig().model
    paths = [begun(tmp_path / "a", data=data), begun(tmp_path / "b", data=data, model=replace(model, name="resnet20"))]
    with pytest.raises(InputError, match=r"a and b have other layers; say which with --matching.layers. Both have: "):
        match_runs(paths, AnalysisConfig(), RunFolder(tmp_path / "out"), silent, silent)
    again = [paths[0], begun(tmp_path / "c", data=data, title="the same")]
    with pytest.raises(InputError, match=r"there is no trained network in .*seed_0: train it first"):
        match_runs(again, CONFIG, RunFolder(tmp_path / "out"), silent, silent)
    with pytest.raises(InputError, match=r"chance is for the networks of one run"):
        match_runs(again, replace(CONFIG, chance=Chance(draws=3)), RunFolder(tmp_path / "out"), silent, silent)


def test_settings_on_which_runs_do_not_agree_are_asked_for(tmp_path):
    drawn = MatchingConfig(positions=50, redraws=2)
    paths = [begun(tmp_path / "a", matching=drawn), begun(tmp_path / "b", matching=replace(drawn, positions=60))]
    with pytest.raises(
        InputError, match=r"runs differ in matching.positions: 50 in .*a, 60 in .*b; say with --matching.pos"
    ):
        agreed_settings(paths)
    assert agreed_settings(paths, {"matching.positions"}).matching == drawn
    other = begun(tmp_path / "c", matching=drawn, minimal_matches=MinimalMatches(units=3))
    with pytest.raises(
        InputError, match=r"runs differ in minimal_matches.units: 8 in .*a, 3 in .*c; say with --minimal"
    ):
        agreed_settings([paths[0], other])


def test_the_settings_of_a_run_that_is_named_alone_stay_its_own(tmp_path, capsys):
    path = begun(tmp_path / "a", matching=MatchingConfig(layers=("conv1",)), data=DataConfig(name="digits"))
    assert main(["match", str(path), "--matching.layers", "conv1,conv2"]) == 2
    assert "matching.layers: ['conv1'] there, ['conv1', 'conv2'] here" in said(capsys)
