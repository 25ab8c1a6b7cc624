"""Config files of several runs, and what scripts on a paper's findings take from them."""

import csv
import shutil
from pathlib import Path

import pytest
import xarray as xr
from matplotlib.figure import Figure

from jaxrepsim import cli
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import published
from jaxrepsim.pipeline.jobs import find_jobs
from jaxrepsim.pipeline.published import Finished, Needs, draw, place, write_table
from jaxrepsim.pipeline.results_files import read_netcdf
from tests.pipeline.conftest import SMOKE

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
    assert {job.name: job.folder for job in find_jobs(pair)} == FOLDERS
    assert [job.folder for job in find_jobs(pair, only="other", out=Path("there"))] == [Path("there/other")]
    assert [job.folder for job in find_jobs(SMOKE, out=Path("there"))] == [Path("there")]
    assert [(job.name, job.finished) for job in find_jobs(pair)] == [("one", True), ("other", False)]


def test_a_run_folder_has_one_run(pair):
    folder = FOLDERS["one"]
    assert [(job.name, job.folder) for job in find_jobs(folder)] == [("one", folder)]
    with pytest.raises(InputError, match="--only chooses among the runs of a config file"):
        find_jobs(folder, only="one")


def test_one_run_of_a_file_or_all(pair, capsys):
    before = stamps(FOLDERS["one"])
    assert cli.main(["match", str(pair), "--only", "other"]) == 0
    assert stamps(FOLDERS["one"]) == before
    made = read_netcdf(FOLDERS["other"] / "results" / "results.nc")
    xr.testing.assert_equal(made, read_netcdf(FOLDERS["one"] / "results" / "results.nc"))
    assert "one: " not in capsys.readouterr().out
    assert cli.main(["match", str(pair)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name}: {folder}" for name, folder in FOLDERS.items()]


def test_a_config_file_s_runs_are_done_first_where_they_are_not_finished(pair, monkeypatch):
    before = stamps(FOLDERS["one"])
    runs = published.finished([pair])
    assert [(run.name, run.folder) for run in runs] == [*FOLDERS.items()]
    assert (FOLDERS["other"] / "report.html").exists()
    assert stamps(FOLDERS["one"]) == before
    xr.testing.assert_equal(runs[0].results, runs[1].results)
    monkeypatch.setattr(published, "carry_out", None)  # from here on, whoever runs anything fails
    assert [run.name for run in published.finished([pair])] == ["one", "other"]
    folders = [run.folder for run in published.finished([Path("runs") / "two" / "pair"])]
    assert folders == [*FOLDERS.values()]


def test_a_finished_run_of_other_settings_is_refused(pair):
    pair.write_text(pair.read_text().replace("epochs=4", "epochs=5"))
    with pytest.raises(InputError, match=r"begun with other settings(.|\n)*epochs: 4 there, 5 here"):
        published.finished([pair])


def test_names_differ(finished, pair):
    shutil.copytree(finished, "elsewhere/one")
    runs = published.finished([FOLDERS["one"], Path("elsewhere/one")])
    assert [run.name for run in runs] == ["pair/one", "elsewhere/one"]


def test_what_is_not_there_is_said(pair):
    with pytest.raises(InputError, match=r"other holds no results: finish it with `jaxrepsim run"):
        published.finished([FOLDERS["other"].parent])
    with pytest.raises(InputError, match="there is no config file absent"):
        published.finished([Path("absent")])
    with pytest.raises(InputError, match="name a config file, or the folder of a finished run"):
        published.finished([])
    needs = [Needs(lambda _: False, name) for name in ("theory.joint", "theory.chance")]
    with pytest.raises(InputError, match=r"lacks what this needs: set `theory\.joint` and `theory\.chance`, and run"):
        published.finished([FOLDERS["one"]], *needs)


def test_a_run_that_is_named_twice_is_there_once(pair, monkeypatch):
    monkeypatch.chdir(FOLDERS["one"].parent)
    runs = published.finished([Path("one"), Path("../pair/one"), Path("one").resolve()])
    assert [(run.name, run.folder) for run in runs] == [("one", Path("one"))]


def test_a_folder_without_runs_is_not_called_unfinished(tmp_path):
    with pytest.raises(InputError, match="is no run folder, and holds none"):
        published.finished([tmp_path])


def test_a_setting_that_is_off_is_told_before_the_run(pair, monkeypatch):
    monkeypatch.setattr(published, "carry_out", None)
    with pytest.raises(InputError, match=r"settings of other lack what this needs: set `theory\.joint`"):
        published.finished([pair], Needs(lambda _: True, "theory.joint"), Needs(lambda _: True, "matching.layers"))


def test_runs_that_have_only_the_root_in_common_meet_here():
    runs = [Finished(name, Path(f"/{name}/run"), xr.Dataset()) for name in ("a", "b")]
    assert place(runs) == Path()


def test_a_figure_and_a_table_of_several_runs_go_where_all_of_them_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = [Finished(name, folder, xr.Dataset()) for name, folder in FOLDERS.items()]
    assert place(runs[:1]) == FOLDERS["one"]
    assert place(runs) == Path("runs/two/pair")
    svg, png = draw(place(runs), "both", Figure())
    assert (svg, png) == (Path("runs/two/pair/figures/both.svg"), Path("runs/two/pair/figures/both.png"))
    assert svg.read_text().startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")
    path = write_table(place(runs), "both", ["layer", "share, ε"], [["conv1", "9%"], ['a "b"', 0.25]])
    assert path == Path("runs/two/pair/results/both.csv")
    with path.open(newline="", encoding="utf-8") as file:
        assert [*csv.reader(file)] == [["layer", "share, ε"], ["conv1", "9%"], ['a "b"', "0.25"]]


def test_a_script_ends_as_the_command_does(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["script.py", "absent.py"])

    def main(source: Path) -> None:
        """Takes a source."""
        published.finished([source])

    monkeypatch.setattr("sys.argv", ["script.py", "--source", "absent.py"])
    with pytest.raises(SystemExit) as exit:
        published.script(main)
    assert exit.value.code == 2
    assert capsys.readouterr().err == "error: there is no config file absent.py\n"
