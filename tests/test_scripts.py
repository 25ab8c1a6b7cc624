"""The experiment scripts on made-up results of finished runs: what they print, write and draw."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import published
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.results_files import write_netcdf
from tests.report.conftest import make_results
from tests.report.groups import add_groups
from tests.scripts import FOLDER, script

LAYERS = ("conv1", "fc1", "logits")
OF_EACH_RUN = {
    "simple_match_sizes": "theory.decomposition",
    "dense_and_convolutional": "",
    "trained_and_untrained": "theory.chance",
    "over_training": "theory.over_training",
}
"""Scripts with a figure a run, and the setting that they need."""
OF_ALL_RUNS = ("figure1", "seeds_and_data_order", "batch_norm", "width")
"""Scripts with one figure of all runs."""

WRITTEN_AS = {"over_training": "similarity_over_training"}
"""The report of a run has a table of the script's own name."""

Write = Callable[[str, Dataset], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes results as a run would; all runs lie in one folder."""
    monkeypatch.setenv("COLUMNS", "200")

    def written(name: str, results: Dataset) -> Path:
        folder = RunFolder(tmp_path / "all" / name)
        write_netcdf(results, folder.results)
        folder.record.write_text("{}", encoding="utf-8")
        return folder.path

    return written


@pytest.fixture(scope="module")
def whole() -> Dataset:
    return add_groups(make_results(layers=LAYERS, networks=("0", "1"), redraws=1), slots=5, draws=3, epochs=(0, 3))


def wide(width: float) -> Dataset:
    config = json.dumps({"model": {"name": "vgg11", "width": width}})
    return make_results(layers=LAYERS, networks=("0", "1"), redraws=1, config=config)


def table(place: Path, name: str) -> list[list[str]]:
    with (RunFolder(place).tables / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle))


def printed_table(printed: str) -> list[list[str]]:
    rows = [line for line in printed.splitlines() if line.startswith(("│", "┃"))]
    return [[cell.strip() for cell in row.strip("│┃").replace("┃", "│").split("│")] for row in rows]


def assert_drawn(place: Path, name: str, printed: str) -> None:
    figures = RunFolder(place).figures
    assert sorted(path.name for path in figures.iterdir()) == [f"{name}.png", f"{name}.svg"]
    assert (figures / f"{name}.png").stat().st_size > 10_000
    assert printed.rstrip().endswith(f"{name}.png")


@pytest.mark.parametrize("name", OF_EACH_RUN)
def test_a_figure_a_run(name: str, write: Write, whole: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    run = write("first", whole)
    script(name).main((run,))
    printed = capsys.readouterr().out
    written = WRITTEN_AS.get(name, name)
    assert_drawn(run, written, printed)
    assert table(run, written) == printed_table(printed)
    assert len(table(run, written)) > len(LAYERS)


@pytest.mark.parametrize("name", OF_ALL_RUNS)
def test_one_figure_of_all_runs(name: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    for width in (0.5, 1.0):
        place = write(f"run_{width:g}", wide(width)).parent
    script(name).main((place,))
    printed = capsys.readouterr().out
    assert_drawn(place, name, printed)
    assert table(place, name) == printed_table(printed)
    text = (RunFolder(place).tables / f"{name}.csv").read_text(encoding="utf-8")
    assert all(layer in text for layer in LAYERS)
    assert all(run in text for run in (("width 1/2", "width 1") if name == "width" else ("run_0.5", "run_1")))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A script that draws nothing, which takes most of its time."""

    def without(name: str) -> ModuleType:
        monkeypatch.setattr(published, "draw", lambda *_: [])
        return script(name)

    return without


def test_the_numbers_of_figure1(write: Write, whole: Dataset, undrawn: Callable[[str], ModuleType]) -> None:
    run = write("first", whole)
    undrawn("figure1").main((run,))
    heading, *rows = table(run, "figure1")
    last = dict(zip(heading, rows[-1], strict=True))
    assert (last["run"], last["layer"]) == ("first", "logits")
    assert last["ε = 0.2"] == f"{float(whole['similarity'][-1, :, 1].mean()):.2f}"


def test_the_numbers_over_training(write: Write, whole: Dataset, undrawn: Callable[[str], ModuleType]) -> None:
    run = write("first", whole)
    undrawn("over_training").main((run,))
    heading, accuracy, *rows = table(run, "similarity_over_training")
    assert heading[2:] == ["epoch 0", "epoch 3"]
    assert accuracy[2:] == [f"{v:.2f}" for v in whole["checkpoint_accuracy"].mean("network").values]
    values = whole["training_similarity"][:, 0, :, 4].mean("pair").values
    assert rows[4] == ["conv1", "0.5", *(f"{value:.2f}" for value in values)]


@pytest.mark.parametrize("name", [name for name, setting in OF_EACH_RUN.items() if setting])
def test_results_without_what_it_needs_are_refused(name: str, write: Write) -> None:
    run = write("first", wide(1.0))
    with pytest.raises(InputError, match=f"set `{OF_EACH_RUN[name]}`"):
        script(name).main((run,))
    assert not RunFolder(run).figures.exists()


@pytest.mark.parametrize("name", [*OF_EACH_RUN, *OF_ALL_RUNS])
def test_every_script_says_how_it_is_run(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert f"python experiments/{name}.py configs/{name}/smoke.py" in text
    assert "keep in mind" in text
