"""Figures and tables of several runs: they show the numbers of the right run, and what is doubtful is marked."""

import json
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from xarray import DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.report.experiments.figure1 import depth_panels, depth_table
from jaxrepsim.report.experiments.runs import MEAN_LABEL
from jaxrepsim.report.experiments.side_by_side import runs_by_depth, side_by_side_table
from jaxrepsim.report.experiments.width import by_width, similarity_by_width, width_table
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.style import Column
from tests.report.conftest import LONG, by_default, make_results
from tests.report.test_figures import assert_drawn

LAYERS = ("conv1", "conv2", "fc1", "logits")
HOLLOW = "#ffffff"
Runs = dict[str, DataTree]


def run(width: float = 1.0, name: str = "vgg11", **shape: object) -> DataTree:
    """Results of a run whose settings have that width."""
    config = json.dumps({"model": {"name": name, "width": width}})
    return make_results(**({"layers": LAYERS, "redraws": 2, "samples": 0} | shape), config=config)


def run_of_few_samples(width: float) -> DataTree:
    results = run(width)
    results["similarity/samples"][:] = 3
    return results


@pytest.fixture
def runs() -> Runs:
    """Three runs of different widths; similarity of the second is halved, one layer of the third has few samples."""
    found = {"narrow": run(0.25), "usual": run(1.0), "wide": run(2.0)}
    found["usual"]["similarity/similarity"] *= 0.5
    found["wide"]["similarity/samples"][2] = 9 * int(found["wide"]["similarity/units"][2])
    return found


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def titled(figure: Figure, title: str) -> Axes:
    found = [axes for axes in figure.axes if axes.get_title(loc="left") == title]
    assert len(found) == 1, [axes.get_title(loc="left") for axes in figure.axes]
    return found[0]


def joined(axes: Axes) -> list[np.ndarray]:
    """Heights of the lines that join points, in the order in which they were drawn."""
    return [np.asarray(line.get_ydata()) for line in axes.get_lines() if line.get_linestyle() != "None"]


def hollow(axes: Axes) -> set[float]:
    """Where hollow points stand."""
    lines = [line for line in axes.get_lines() if line.get_markerfacecolor() == HOLLOW and line.get_marker() != "None"]
    return {float(x) for line in lines for x in np.asarray(line.get_xdata())}


SHAPES: dict[str, Callable[[], Mapping[str, DataTree]]] = {
    "one run": lambda: {"only": run(layers=("conv1",), networks=("0", "1"), redraws=1)},
    "five runs": lambda: {f"a rather long name of a run, {i}": run(2.0**i, networks=("0", "1")) for i in range(5)},
    "many layers": lambda: {"a": run(layers=LONG[:30], networks=("0", "1"), redraws=1)},
    "nothing matches": lambda: {f"{i}": run(1.0 + i, epsilons=(0.001, 0.01)) for i in range(2)},
    "few samples everywhere": lambda: {f"{i}": run_of_few_samples(1.0 + i) for i in range(3)},
}


@pytest.mark.parametrize("shape", by_default(SHAPES, "one run", "nothing matches"))
def test_every_shape_is_drawn_and_the_extremes_are_legible(shape: str) -> None:
    found = SHAPES[shape]()
    column: Column = "double" if shape in ("one run", "few samples everywhere") else "single"
    for draw in (depth_panels, runs_by_depth, similarity_by_width):
        assert_drawn(draw(found, column), column, shape in ("one run", "five runs", "many layers"))


def test_a_panel_a_run_in_order_with_its_accuracies(runs: Runs) -> None:
    runs["usual"]["networks/accuracy"][:] = [0.9, 0.95, np.nan]
    figure = depth_panels(runs)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert [title.split(":")[0] for title in titles] == ["(a) narrow", "(b) usual", "(c) wide"]
    assert titles[1] == "(b) usual: accuracy 90.0–95.0 %"
    for axes, results in zip(figure.axes, runs.values(), strict=False):
        for index, line in enumerate(joined(axes)):
            assert line == pytest.approx(
                results["similarity/similarity"][..., index, :].mean(("pair", "redraw")).values
            )


def test_only_the_run_of_few_samples_has_hollow_points(runs: Runs) -> None:
    assert [hollow(axes) for axes in depth_panels(runs).axes[:3]] == [set(), set(), {2.0}]
    assert "hollow: fewer than 10 samples a unit" in legend(depth_panels(runs))
    del runs["wide"]
    assert not any(text.startswith("hollow") for text in legend(depth_panels(runs)))


def test_panels_may_have_different_layers_but_not_different_epsilons() -> None:
    figure = depth_panels({"a": run(), "b": run(layers=("stem", "pool"))})
    assert [len(joined(axes)[0]) for axes in figure.axes[:2]] == [4, 2]
    with pytest.raises(InputError, match=r"different values of ε.*a has 0.15.*b has 0.3"):
        depth_panels({"a": run(), "b": run(epsilons=(0.3,))})
    with pytest.raises(InputError, match="no run"):
        depth_panels({})


def test_rows_of_depth(runs: Runs) -> None:
    table = depth_table(runs)
    assert [*zip(table["run"], table["layer"], strict=True)] == [(name, layer) for name in runs for layer in LAYERS]
    results, row = runs["usual"], table.iloc[4 + 1]
    assert [row[f"ε = {epsilon:g}"] for epsilon in results["epsilon"].values] == pytest.approx(
        results["similarity/similarity"][1].mean(("pair", "redraw")).values
    )
    assert row["dead"] == pytest.approx(2 / int(results["similarity/units"][1]) / 3)
    assert row["samples a unit"] == pytest.approx(540 / int(results["similarity/units"][1]))
    both = np.concatenate([results[f"similarity/profile_{side}"].values[1] for side in "xy"], axis=-1)
    known = both[~np.isnan(both)]
    assert row[MEAN_LABEL] == pytest.approx(np.clip(1 - known / 0.5, 0, 1).mean())


def test_a_line_a_run_in_every_panel(runs: Runs) -> None:
    figure = runs_by_depth(runs)
    assert legend(figure)[:3] == ["narrow", "usual", "wide"]
    for line, results in zip(joined(titled(figure, "ε = 0.5")), runs.values(), strict=True):
        assert line == pytest.approx(results["similarity/similarity"][:, :, 4].mean(("pair", "redraw")).values)
    assert hollow(titled(figure, "ε = 0.5")) == {2.0}
    dead = joined(titled(figure, "dead units, counted as not matched"))
    assert dead[0] == pytest.approx(
        (runs["narrow"]["similarity/dead"] / runs["narrow"]["similarity/units"]).mean("network").values
    )
    points = titled(figure, "validation accuracy, %, each network").get_lines()
    for line, results in zip(points, runs.values(), strict=True):
        assert line.get_ydata() == pytest.approx(100 * results["networks/accuracy"].values)
    auc = depth_table({"": runs["narrow"]})[MEAN_LABEL]
    assert joined(titled(figure, "mean over ε ≤ 0.5"))[0] == pytest.approx(auc)


def test_shares_are_not_rounded_to_what_they_are_not(runs: Runs) -> None:
    axes = titled(runs_by_depth(runs), "dead units, counted as not matched")
    axes.set_yticks([0, 0.025, 0.05])
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0.0%", "2.5%", "5.0%"]


def test_no_panel_for_what_is_not_there(runs: Runs) -> None:
    for results in runs.values():
        results["similarity/dead"][:] = 0
        results["similarity/similarity"][:, :, :4] = 0
        results["networks"] = DataTree(results["networks"].to_dataset().drop_vars("accuracy"))
    figure = runs_by_depth(runs)
    shown = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert shown == ["mean over ε ≤ 0.5", "ε = 0.5"]


def test_the_table_of_runs_side_by_side(runs: Runs) -> None:
    columns, rows = side_by_side_table(runs)
    assert columns == ["layer", "measure", "narrow", "usual", "wide"]
    assert rows[0][:2] == ["validation accuracy", "%"]
    cells = {(row[0], row[1]): row[2:] for row in rows}
    for index, results in enumerate(runs.values()):
        mean = float(results["similarity/similarity"][3, :, 2].mean())
        assert cells["logits", "ε = 0.25"][index] == f"{mean:.2f}"
    assert ("conv2", "dead units") in cells
    assert ("conv1", "dead units") not in cells
    assert len(rows) == 1 + 4 * 6 + 1


def test_runs_of_different_layers_are_refused(runs: Runs) -> None:
    runs["usual"] = run(layers=("conv1", "logits"))
    for refuse in (runs_by_depth, side_by_side_table, similarity_by_width, width_table):
        with pytest.raises(InputError, match="different layers"):
            refuse(runs)


def test_widths_are_ordered_and_each_pair_is_a_point(runs: Runs) -> None:
    shuffled = {name: runs[name] for name in ("wide", "narrow", "usual")}
    assert [*by_width(shuffled)] == [0.25, 1.0, 2.0]
    axes = titled(similarity_by_width(shuffled), "conv2")
    means = [float(runs[name]["similarity/similarity"][1, :, 4].mean()) for name in ("narrow", "usual", "wide")]
    assert joined(axes)[-1] == pytest.approx(means)
    points = {
        round(float(y), 9)
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
        for x, y in zip(np.asarray(line.get_xdata()), np.asarray(line.get_ydata()), strict=True)
        if x == 1.0
    }
    for pair in range(3):
        assert round(float(runs["usual"]["similarity/similarity"][1, pair, 4].mean()), 9) in points
    assert hollow(titled(similarity_by_width(runs), "fc1")) == {2.0}
    runs["wide"]["similarity/similarity"][:] = 0
    mean = [line for line in titled(similarity_by_width(runs), "fc1").get_lines() if line.get_marker() == "X"]
    assert [line.get_markerfacecolor() == HOLLOW for line in mean] == [False, False, True]
    assert hollow(axes) == set()
    ticks = [text.get_text() for text in similarity_by_width(runs).axes[3].get_xticklabels()]
    assert ticks == ["1/4", "1", "2"]


def test_rows_of_width(runs: Runs) -> None:
    for name, factor in (("usual", 0.9), ("wide", 0.5)):
        for side in "xy":
            runs[name][f"similarity/profile_{side}"][:] = factor * runs["narrow"][f"similarity/profile_{side}"].values
    table = width_table(runs)
    assert [*table] == ["layer", "width 1/4", "width 1", "width 2", "change", "steps up", "few samples at"]
    assert table["layer"].tolist() == [*LAYERS]
    assert table["few samples at"].tolist() == ["", "", "2", ""]
    auc = np.stack([profile_auc(results).mean(1) for results in runs.values()], axis=1)
    assert table.iloc[:, 1:4].to_numpy() == pytest.approx(auc)
    assert table["steps up"].tolist() == (np.diff(auc) >= 0.02).sum(1).tolist()
    assert table["change"].to_numpy() == pytest.approx(auc[:, 2] - auc[:, 0])
    assert (table["change"] > 0).all()
    assert table["steps up"][0] == 2


def test_runs_that_are_no_widths_are_refused() -> None:
    with pytest.raises(InputError, match="within one architecture; received resnet18, vgg11"):
        by_width({"a": run(1.0), "b": run(2.0, "resnet18")})
    with pytest.raises(InputError, match=r"a width of its own; received \[1.0, 1.0\]"):
        by_width({"a": run(), "b": run()})
    with pytest.raises(InputError, match="do not say how wide"):
        by_width({"a": make_results(layers=LAYERS, config="{}")})


def test_beyond_nineteen_layers_both_ends_are_shown() -> None:
    layers = tuple(f"conv{j}" for j in range(30))
    found = {f"{i}": run(1.0 + i, layers=layers, networks=("0", "1"), epsilons=(0.5,), redraws=1) for i in range(2)}
    titles = [axes.get_title(loc="left") for axes in similarity_by_width(found).axes if axes.get_visible()]
    assert (titles[0], titles[-2], titles[-1]) == ("conv0", "conv29", "validation accuracy, %")
    assert len(titles) == 20
