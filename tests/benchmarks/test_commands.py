"""The benchmark commands run to their end at toy size; no time is asserted."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(command, *arguments):
    """The command's exit status and table."""
    line = [sys.executable, "-m", f"benchmarks.{command}", "--quick", *map(str, arguments)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cells(table, column):
    """A column of the last markdown table, without its head."""
    lines = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return [line[column].strip() for line in lines[2:]]


def test_side_by_side_agrees_on_every_row(finished):
    table = run("side_by_side", "--run", finished, "--long")
    checks = cells(table, 7)
    assert len(checks) >= 20
    assert all(check and "differs" not in check for check in checks)
    for name in (
        "Gram product",
        "Algorithm 1",
        "Algorithm 2",
        "dgeqrf",
        "peak memory",
        "all 48 units",
        "4 seeds",
        "product XᵀY",
    ):
        assert name in table


def test_growth_fits_every_axis():
    table = run("growth")
    assert {"samples m", "units n+n", "values of ε", "layers", "seeds k"} <= set(cells(table, 0))
    assert all(float(slope) < 10 for slope in cells(table, 3))


def test_accelerator_measures_whatever_device_there_is():
    table = run("accelerator", "--repeats", 1)
    assert "Measured: cpu" in table
    assert "failed" not in table
    assert table.count("| yes |") == 6


def test_unknown_rows_are_refused():
    line = [sys.executable, "-m", "benchmarks.side_by_side", "--rows", "nothing"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2


@pytest.mark.long
def test_several_seeds_agree_every_way():
    assert cells(run("several_seeds"), 1) == ["loop", "map", "vmap"]
