"""Config files of several runs, and the finished runs that scripts in experiments/ take from them."""

import shutil
from pathlib import Path

import pytest
from xarray.testing import assert_equal

from jaxrepsim import cli
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import finished_runs
from jaxrepsim.pipeline.finished_runs import Needs
from jaxrepsim.pipeline.jobs import load_source
from jaxrepsim.pipeline.results_files import read_netcdf
from tests.pipeline.conftest import SMOKE, blank_figures

CONFIG = Path("configs") / "two" / "pair.py"
FOLDERS = {name: Path("runs") / "two" / "pair" / name for name in ("one", "other")}


@pytest.fixture
def pair(finished, tiny_config, tmp_path, monkeypatch):
    """A config file of two runs. The first is finished; of the second the layers are matched, and not more."""
    monkeypatch.chdir(tmp_path)
    CONFIG.parent.mkdir(parents=True)
    CONFIG.write_text(tiny_config.read_text(encoding="utf-8") + "runs = {'one': config, 'other': config}\ndel config\n")
    for folder in FOLDERS.values():
        shutil.copytree(finished, folder)
    (FOLDERS["other"] / "results" / "results.nc").unlink()
    (FOLDERS["other"] / "report.html").unlink()
    return CONFIG


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_each_run_of_a_file_has_a_folder(pair):
    assert {job.name: job.folder for job in load_source(pair).jobs()} == FOLDERS
    assert [job.folder for job in load_source(pair).jobs(only="other", out=Path("there"))] == [Path("there/other")]
    assert [job.folder for job in load_source(SMOKE).jobs(out=Path("there"))] == [Path("there")]
    assert [(job.name, job.finished) for job in load_source(pair).jobs()] == [("one", True), ("other", False)]


def test_a_run_folder_has_one_run(pair):
    folder = FOLDERS["one"]
    assert [(job.name, job.folder) for job in load_source(folder).jobs()] == [("one", folder)]
    with pytest.raises(InputError, match="--only chooses among the runs of a config file"):
        load_source(folder).jobs(only="one")


def test_one_run_of_a_file_or_all(pair, capsys):
    before = stamps(FOLDERS["one"])
    with blank_figures():
        assert cli.main(["match", str(pair), "--only", "other"]) == 0
    assert stamps(FOLDERS["one"]) == before
    made = read_netcdf(FOLDERS["other"] / "results" / "results.nc")
    assert_equal(made, read_netcdf(FOLDERS["one"] / "results" / "results.nc"))
    assert "one: " not in capsys.readouterr().out
    assert cli.main(["match", str(pair)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name}: {folder}" for name, folder in FOLDERS.items()]


def test_a_config_file_s_runs_are_done_first_where_they_are_not_finished(pair, monkeypatch):
    before = stamps(FOLDERS["one"])
    with blank_figures():
        runs = finished_runs.finished([pair])
    assert [(run.name, run.folder) for run in runs] == [*FOLDERS.items()]
    assert (FOLDERS["other"] / "report.html").exists()
    assert stamps(FOLDERS["one"]) == before
    assert_equal(runs[0].results, runs[1].results)
    monkeypatch.setattr(finished_runs, "carry_out", None)  # from here on, whoever runs anything fails
    assert [run.name for run in finished_runs.finished([pair])] == ["one", "other"]
    folders = [run.folder for run in finished_runs.finished([Path("runs") / "two" / "pair"])]
    assert folders == [*FOLDERS.values()]


def test_a_finished_run_of_other_settings_is_refused(pair):
    pair.write_text(pair.read_text().replace("epochs=4", "epochs=5"))
    with pytest.raises(InputError, match=r"begun with other settings(.|\n)*epochs: 4 there, 5 here"):
        finished_runs.finished([pair])


def test_names_differ(finished, pair):
    shutil.copytree(finished, "elsewhere/one")
    runs = finished_runs.finished([FOLDERS["one"], Path("elsewhere/one")])
    assert [run.name for run in runs] == ["pair/one", "elsewhere/one"]


def test_what_is_not_there_is_said(pair):
    with pytest.raises(InputError, match=r"other holds no results: finish it with `jaxrepsim run"):
        finished_runs.finished([FOLDERS["other"].parent])
    with pytest.raises(InputError, match="unknown config or run folder 'absent'"):
        finished_runs.finished([Path("absent")])
    with pytest.raises(InputError, match="name a config file, or the folder of a finished run"):
        finished_runs.finished([])
    needs = [Needs(lambda _: False, name) for name in ("joint.on", "chance.draws")]
    with pytest.raises(InputError, match=r"lacks what this needs: set `joint\.on` and `chance\.draws`, and run"):
        finished_runs.finished([FOLDERS["one"]], *needs)


def test_a_run_that_is_named_twice_is_there_once(pair, monkeypatch):
    monkeypatch.chdir(FOLDERS["one"].parent)
    runs = finished_runs.finished([Path("one"), Path("../pair/one"), Path("one").resolve()])
    assert [(run.name, run.folder) for run in runs] == [("one", Path("one"))]


def test_a_folder_without_runs_is_not_called_unfinished(tmp_path):
    with pytest.raises(InputError, match="is no run folder, and holds none"):
        finished_runs.finished([tmp_path])


def test_a_setting_that_is_off_is_named_before_the_run(pair, monkeypatch):
    monkeypatch.setattr(finished_runs, "carry_out", None)
    with pytest.raises(InputError, match=r"settings of other lack what this needs: set `joint\.on`"):
        finished_runs.finished([pair], Needs(lambda _: True, "joint.on"), Needs(lambda _: True, "matching.layers"))
