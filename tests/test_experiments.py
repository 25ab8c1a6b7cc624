"""The scripts in experiments/ on made-up results of finished runs: what they print, write and draw."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from xarray import DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import publish
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.results_files import write_netcdf
from tests.report.conftest import make_results
from tests.report.groups import add_groups
from tests.scripts import FOLDER, script

LAYERS = ("conv1", "fc1", "logits")
OF_EACH_RUN = {
    "simple_match_sizes": {"decomposition": "decomposition.on"},
    "dense_and_convolutional": {},
    "trained_and_untrained": {"chance": "chance.draws"},
    "over_training": {"over_training": "over_training.on"},
    "reliable_features": {"one_to_one": "one_to_one.on"},
    "shared_subspaces": {"one_to_one": "one_to_one.on", "sparse_prediction": "sparse_prediction.penalties"},
    "local_and_distributed": {"sparse_prediction": "sparse_prediction.penalties"},
}
"""Scripts with a figure of each run: the groups that they need, and the settings that make a run compute these."""
OF_ALL_RUNS = ("figure1", "seeds_and_data_order", "batch_norm", "width")
"""Scripts with one figure of all runs."""
WRITTEN_AS = {"over_training": "similarity_over_training"}
"""The report of a run has a table of the script's own name."""

Write = Callable[[str, DataTree], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes results as a run would; all runs lie in one folder."""
    monkeypatch.setenv("COLUMNS", "200")

    def written(name: str, results: DataTree) -> Path:
        folder = RunFolder(tmp_path / "all" / name)
        write_netcdf(results, folder.results)
        folder.record.write_text("{}", encoding="utf-8")
        return folder.path

    return written


@pytest.fixture(scope="module")
def whole() -> DataTree:
    return add_groups(make_results(layers=LAYERS, networks=("0", "1"), redraws=1), slots=5, draws=3, epochs=(0, 3))


def of_the_script(whole: DataTree, name: str, without: str = "") -> DataTree:
    """As few groups as a run has that the script can be asked for: most of the time goes to files of results."""
    groups = {"similarity", "networks", *OF_EACH_RUN.get(name, {})} - {without}
    return DataTree(whole.to_dataset(), {group: node for group, node in whole.children.items() if group in groups})


def wide(width: float) -> DataTree:
    config = json.dumps({"model": {"name": "vgg11", "width": width}})
    return make_results(layers=LAYERS, networks=("0", "1"), redraws=1, config=config)


def table(place: Path, name: str) -> list[list[str]]:
    with (RunFolder(place).tables / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle))


def printed_table(printed: str) -> list[list[str]]:
    rows = [line for line in printed.splitlines() if line.startswith(("│", "┃"))]
    return [[cell.strip() for cell in row.strip("│┃").replace("┃", "│").split("│")] for row in rows]


def assert_published(place: Path, name: str, printed: str) -> None:
    """The table is printed as it is written, then where it and the figure are."""
    figures = RunFolder(place).figures
    assert sorted(path.name for path in figures.iterdir()) == [f"{name}.{kind}" for kind in ("pdf", "png", "svg")]
    assert (figures / f"{name}.png").stat().st_size > 10_000
    assert printed.rstrip().endswith(f"{name}.png")
    assert table(place, name) == printed_table(printed)
    text = (RunFolder(place).tables / f"{name}.csv").read_text(encoding="utf-8")
    assert all(layer in text for layer in LAYERS) or name == "dense_and_convolutional"


@pytest.mark.parametrize("name", OF_EACH_RUN)
def test_a_figure_of_each_run(name: str, write: Write, whole: DataTree, capsys: pytest.CaptureFixture[str]) -> None:
    run = write("first", of_the_script(whole, name))
    script(name).main((run,))
    written = WRITTEN_AS.get(name, name)
    assert_published(run, written, capsys.readouterr().out)
    assert len(table(run, written)) > len(LAYERS)


@pytest.mark.parametrize("name", OF_ALL_RUNS)
def test_one_figure_of_all_runs(name: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    for width in (0.5, 1.0):
        place = write(f"run_{width:g}", wide(width)).parent
    script(name).main((place,))
    assert_published(place, name, capsys.readouterr().out)
    text = (RunFolder(place).tables / f"{name}.csv").read_text(encoding="utf-8")
    assert all(run in text for run in (("width 1/2", "width 1") if name == "width" else ("run_0.5", "run_1")))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A script that draws nothing, which takes most of its time."""

    def without(name: str) -> ModuleType:
        monkeypatch.setattr(publish, "write_figure", lambda *_: [])
        return script(name)

    return without


def test_the_numbers_of_figure1(write: Write, whole: DataTree, undrawn: Callable[[str], ModuleType]) -> None:
    run = write("first", of_the_script(whole, "figure1"))
    undrawn("figure1").main((run,))
    heading, *rows = table(run, "figure1")
    last = dict(zip(heading, rows[-1], strict=True))
    assert (last["run"], last["layer"]) == ("first", "logits")
    assert last["ε = 0.2"] == f"{float(whole['similarity/similarity'][-1, :, 1].mean()):.2f}"


def test_the_numbers_over_training(write: Write, whole: DataTree, undrawn: Callable[[str], ModuleType]) -> None:
    run = write("first", of_the_script(whole, "over_training"))
    undrawn("over_training").main((run,))
    heading, accuracy, *rows = table(run, "similarity_over_training")
    assert heading[2:] == ["epoch 0", "epoch 3"]
    assert accuracy[2:] == [f"{v:.2f}" for v in whole["over_training/accuracy"].mean("network").values]
    values = whole["over_training/similarity"][:, 0, :, 4].mean("pair").values
    assert rows[4] == ["conv1", "0.5", *(f"{value:.2f}" for value in values)]


def test_the_numbers_of_reliable_features(write: Write, whole: DataTree, undrawn: Callable[[str], ModuleType]) -> None:
    run = write("first", of_the_script(whole, "reliable_features"))
    undrawn("reliable_features").main((run,))
    cells = table(run, "reliable_features")[1]
    partner = whole["one_to_one/partner"].values[0, 0]
    correlation = whole["one_to_one/correlation"].values[0, 0]
    values = [float(correlation[x, y]) for x, y in enumerate(partner.tolist()) if y >= 0]
    assert cells[:3] == ["conv1", str(len(values)), f"{sum(values) / len(values):.2f}"]
    assert cells[5].startswith(f"{max(values):.2f} (0-1: ")
    assert cells[-1] == "–"


@pytest.mark.parametrize("name", [name for name, needs in OF_EACH_RUN.items() if needs])
def test_results_without_what_it_needs_are_refused(name: str, write: Write, whole: DataTree) -> None:
    needs = OF_EACH_RUN[name]
    for group, setting in needs.items():
        run = write("first", of_the_script(whole, name, without=group))
        with pytest.raises(InputError, match=f"set `{setting}`, and run again"):
            script(name).main((run,))
    if len(needs) > 1:
        with pytest.raises(InputError, match="set `" + "` and `".join(needs.values())):
            script(name).main((write("second", wide(1.0)),))
    assert not RunFolder(run).figures.exists()


def test_a_run_that_is_not_finished_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path).record.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="holds no results"):
        script("reliable_features").main((tmp_path,))


OF_THE_DIGITS = ("reliable_features", "shared_subspaces", "local_and_distributed")
"""Scripts that are shown on a run that is there for the report; the others have a config file of their own."""


@pytest.mark.parametrize("name", [*OF_EACH_RUN, *OF_ALL_RUNS])
def test_every_script_says_how_it_is_run(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    if name in OF_THE_DIGITS:
        assert f"python experiments/{name}.py configs/digits_convergent.py" in text
    else:
        assert f"python experiments/{name}.py configs/{name}/smoke.py" in text
        assert "keep in mind" in text
