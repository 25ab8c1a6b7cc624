"""The scripts in docs/own_network/ do as they are."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent.parent / "docs" / "own_network").glob("with_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_compares_every_layer(script, capsys):
    if script.stem == "with_torch":
        pytest.importorskip("torch")
    runpy.run_path(str(script), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["conv", "norm", "head"]
    assert all(0 <= float(line.split()[1]) <= 1 for line in lines)


def test_there_is_one_for_each_framework():
    assert [script.stem for script in SCRIPTS] == ["with_equinox", "with_linen", "with_nnx", "with_torch"]
