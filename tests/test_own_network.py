"""The scripts in docs/own_network/ do as they are."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent.parent / "docs" / "own_network").glob("with_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_compares_every_layer(script, capsys, tmp_path, monkeypatch):
    if script.stem == "with_torch":
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    rows = [line.rsplit(maxsplit=6) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[2] for row in rows if row[4:6] == ["match_similarity", "0.2"]] == ["conv", "norm", "head"]
    assert all(0 <= float(row[-1]) <= 1 for row in rows)
    assert "Comparison of seed 0, seed 1" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_there_is_one_for_each_framework():
    assert [script.stem for script in SCRIPTS] == ["with_equinox", "with_linen", "with_nnx", "with_torch"]
