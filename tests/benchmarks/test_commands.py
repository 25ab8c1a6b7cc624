"""The benchmark commands run to their end at toy size; no time is asserted."""

import json

import jax.numpy as jnp
import pytest
import tyro

from benchmarks import accelerator, growth, kernels, seeds_at_once, side_by_side, timing
from benchmarks.planted import planted
from jaxrepsim.matching.prepared import prepared


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """Nothing is timed for long, and nothing waits for the machine to settle."""
    monkeypatch.setattr(timing, "LEAST", 0)
    monkeypatch.setattr(timing, "SETTLE", 0)


def cells(table, column):
    """A column of the last markdown table, without its head."""
    lines = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return [line[column].strip() for line in lines[2:]]


def agreeing(table):
    """The checks of the side-by-side table, none of which may have failed."""
    checks = cells(table, 7)
    assert all(check and "differs" not in check for check in checks)
    return checks


def test_side_by_side_agrees(capsys):
    assert side_by_side.main(side_by_side.Options(rows=("profile", "assignment"), quick=True)) == 0
    table = capsys.readouterr().out
    assert len(agreeing(table)) >= 4
    for name in ("Gram product", "optax"):
        assert name in table


@pytest.mark.long
def test_side_by_side_agrees_on_every_row(finished, capsys):
    assert side_by_side.main(side_by_side.Options(run=finished, quick=True, long=True)) == 0
    table = capsys.readouterr().out
    assert len(agreeing(table)) >= 20
    for name in ("Algorithm 1", "Algorithm 2", "all 48 units", "4 seeds", "product XᵀY", "dgeqrf", "peak memory"):
        assert name in table


@pytest.mark.long
def test_growth_fits_an_axis(capsys, monkeypatch):
    curves = growth.curves
    monkeypatch.setattr(growth, "curves", lambda quick: curves(quick)[:1])
    growth.main(growth.Options(quick=True))
    table = capsys.readouterr().out
    assert cells(table, 0) == ["samples m"] * 2
    assert all(float(slope) < 10 for slope in cells(table, 3))


@pytest.mark.long
def test_growth_fits_every_axis(capsys):
    growth.main(growth.Options(quick=True))
    table = capsys.readouterr().out
    assert {"samples m", "units n+n", "values of ε", "layers", "seeds k"} <= set(cells(table, 0))
    assert all(float(slope) < 10 for slope in cells(table, 3))


@pytest.mark.long
def test_accelerator_measures_whatever_device_there_is(capsys, tmp_path):
    assert accelerator.main(accelerator.Options(out=tmp_path, quick=True, repeats=1)) == 0
    table = capsys.readouterr().out
    assert "Measured: cpu" in table
    assert "failed" not in table
    assert table.count("| yes |") == 6
    written = json.loads((tmp_path / "accelerator.json").read_text(encoding="utf-8"))
    assert written["head"]["platform"] == "cpu"
    assert all(check["within"] for check in written["checks"])
    assert {line["dtype"] for line in written["stages"]} == {"float64", "float32"}
    assert written["kernels"][0]["removals"] == 16


def test_kernels_are_counted_in_the_innermost_loop():
    one, condition, kinds = kernels.of_shapes(128, "float64")
    several, *_ = kernels.of_shapes(512, "float64")
    assert 10 < one < several < 4 * one
    assert 1 <= condition < 10
    assert sum(kinds.values()) == one
    basis = prepared([jnp.asarray(x) for x in planted(0, 100, 5)]).basis
    found = kernels.kernels(basis)
    assert found.removals == 10
    assert 5 <= found.steps <= 10


def test_unknown_rows_are_refused():
    with pytest.raises(SystemExit) as exit:
        tyro.cli(side_by_side.Options, args=["--rows", "nothing"])
    assert exit.value.code == 2


@pytest.mark.long
def test_seeds_at_once_agree_every_way(capsys):
    assert seeds_at_once.main(seeds_at_once.Options(quick=True)) == 0
    assert cells(capsys.readouterr().out, 1) == ["loop", "map", "vmap"]
