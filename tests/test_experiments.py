"""The scripts on the findings of Li et al. 2015, run on made-up results of a finished run."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.results_files import write_netcdf
from jaxrepsim.report.schema import GROUPS
from tests.report.conftest import make_results
from tests.report.groups_alignment import add_alignment, unaligned
from tests.scripts import script

LAYERS = ("conv1", "conv2", "logits")
NEEDS = {
    "reliable_features": {"one_to_one": "convergent.one_to_one"},
    "shared_subspaces": {"one_to_one": "convergent.one_to_one", "sparse": "convergent.penalties"},
    "local_and_distributed": {"sparse": "convergent.penalties"},
}


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Dataset], Path]:
    """Writes results as a run would."""
    monkeypatch.setenv("COLUMNS", "200")

    def write(results: Dataset) -> Path:
        write_netcdf(results, RunFolder(tmp_path / "run").results)
        return tmp_path / "run"

    return write


@pytest.mark.parametrize("name", NEEDS)
def test_a_finding_is_printed_and_drawn(
    name: str, finished: Callable[[Dataset], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished(add_alignment(make_results(layers=LAYERS)))
    script(name).main((run,))
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("│")]
    tables = 2 if name == "local_and_distributed" else 1
    assert [row.split()[1] for row in rows] == [*LAYERS] * tables
    figures = RunFolder(run).figures
    assert sorted(path.name for path in figures.iterdir()) == [f"{name}.png", f"{name}.svg"]
    assert (figures / f"{name}.png").stat().st_size > 10_000
    assert printed.rstrip().endswith(str(figures / f"{name}.png"))
    with (RunFolder(run).tables / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["layer"] for row in table] == [*LAYERS] * tables


def test_the_numbers_printed_are_those_of_the_results(
    finished: Callable[[Dataset], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results = add_alignment(make_results(layers=LAYERS, networks=("0", "1")))
    script("reliable_features").main((finished(results),))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("│ conv1"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    partner = results["partner"].values[0, 0]
    values = [float(results["correlation"][0, 0, x, y]) for x, y in enumerate(partner.tolist()) if y >= 0]
    assert cells[:3] == ["conv1", str(len(values)), f"{sum(values) / len(values):.2f}"]
    assert cells[5].startswith(f"{max(values):.2f} (0-1: ")
    assert cells[-1] == "–"


@pytest.mark.parametrize("name", NEEDS)
def test_results_without_the_group_are_refused(name: str, finished: Callable[[Dataset], Path]) -> None:
    whole = add_alignment(make_results(layers=LAYERS))
    module = script(name)
    for group, setting in NEEDS[name].items():
        run = finished(whole.drop_vars(GROUPS[group]))
        with pytest.raises(InputError, match=f"set `{setting}`, and run again"):
            module.main((run,))
    with pytest.raises(InputError, match="set `" + "` and `".join(NEEDS[name].values())):
        module.main((finished(unaligned(make_results(layers=LAYERS))),))
    assert not RunFolder(run).figures.exists()


def test_a_run_that_is_not_finished_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path).record.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="holds no results"):
        script("reliable_features").main((tmp_path,))
