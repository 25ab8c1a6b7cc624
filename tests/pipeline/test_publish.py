"""Where tables and figures of runs go, what is in the files, and how a script ends."""

import csv
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from xarray import DataTree

from jaxrepsim.pipeline.finished_runs import Finished, Sources, finished
from jaxrepsim.pipeline.publish import place, publish, script

FOLDERS = {name: Path("runs") / "two" / "pair" / name for name in ("one", "other")}


def test_runs_that_have_only_the_root_in_common_meet_here():
    runs = [Finished(name, Path(f"/{name}/run"), DataTree()) for name in ("a", "b")]
    assert place(runs) == Path()


def test_a_figure_and_a_table_of_several_runs_go_where_all_of_them_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runs = [Finished(name, folder, DataTree()) for name, folder in FOLDERS.items()]
    assert place(runs[:1]) == FOLDERS["one"]
    assert place(runs) == Path("runs/two/pair")
    publish(runs, "both", "Both runs", ["layer", "share, ε"], [["conv1", "9%"], ['a "b"', ""]], Figure)
    figures = [f"figures/both.{kind}" for kind in ("svg", "pdf", "png")]
    paths = [Path("runs/two/pair") / path for path in ("results/both.csv", *figures)]
    printed = capsys.readouterr().out
    assert printed.split()[:2] == ["Both", "runs"]
    assert printed.splitlines()[-4:] == [str(path) for path in paths]
    table, svg, pdf, png = paths
    assert pdf.read_bytes().startswith(b"%PDF")
    assert svg.read_text().startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")
    with table.open(newline="", encoding="utf-8") as file:
        assert [*csv.reader(file)] == [["layer", "share, ε"], ["conv1", "9%"], ['a "b"', ""]]


def test_a_script_ends_as_the_command_does(monkeypatch, capsys):
    def main(sources: Sources) -> None:
        """Takes sources."""
        finished(sources)

    monkeypatch.setattr("sys.argv", ["script.py", "absent.py"])
    with pytest.raises(SystemExit) as exit:
        script(main)
    assert exit.value.code == 2
    assert capsys.readouterr().err == "error: there is no config file absent.py\n"
