"""The figure of measures: one row each, the best on top."""

import numpy as np
import pytest
import xarray as xr

from jaxrepsim.report.experiments.validity import Panel, by_epsilon, by_measure, ordered, where_they_disagree

NAMES = ("match_auc", "linear_cka", "cca")


def panel(*values: float, lower: bool = False) -> Panel:
    value = np.array(values)
    return Panel(value, value - 0.05, value + 0.05, 0.1, lower)


def test_the_best_is_first_and_what_is_not_known_last():
    assert ordered(panel(0.5, np.nan, 0.7)) == [2, 0, 1]
    assert ordered(panel(0.5, np.nan, 0.7, lower=True)) == [0, 2, 1]


@pytest.mark.parametrize("column", ["single", "double"])
def test_rows_have_the_order_of_the_first_panel(column):
    figure = by_measure({"first": panel(0.2, 0.9, 0.5), "second": panel(0.9, 0.2, 0.5)}, NAMES, column)
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["linear_cka", "cca", "match_auc"]
    points = [line.get_xdata()[0] for line in second.lines if line.get_marker() == "o"]
    assert points == [0.2, 0.5, 0.9]
    assert first.get_title("left") == "first"


MEASURES = ["s(0.1)", "s(0.3)", "auc(0.5)"]
FOUND = xr.Dataset(
    {
        "identified": ("measure", [0.2, 0.4, 0.5]),
        "auprc": (("test", "measure"), [[0.3, 0.6, 0.9]]),
        "ties": (("measure", "where"), [[0.7, 0.0, 0.0], [0.1, 0.0, 0.4], [0.0, 0.0, 0.0]]),
    },
    {"measure": MEASURES, "test": ["labels"], "where": ["at 0", "between", "at 1"]},
)


@pytest.mark.parametrize("column", ["single", "double"])
def test_a_line_by_epsilon_and_a_mark_for_the_mean(column):
    figure = by_epsilon({"vgg": FOUND, "resnet": FOUND}, column)
    axes = figure.axes[0]
    lines = {tuple(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) == 2}
    assert lines == {(0.2, 0.4), (0.3, 0.6), (0.7, 0.1), (0.0, 0.4)}
    assert [line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 1] == [0.5, 0.9]
    figure.canvas.draw()


READ = xr.Dataset(
    {
        "network": (("pair", "side"), [[0, 1], [2, 3]]),
        "layer": (("pair", "side"), [["conv1", "conv2"], ["fc1", "fc2"]]),
        "value": (("pair", "measure"), [[0.9, 0.1], [0.0, 0.8]]),
        "share": (("pair", "side", "epsilon"), np.array([[[0, 0.5], [0, 1]], [[0, 0], [0, 0]]])),
        "size": (("pair", "side", "unit"), np.array([[[1, 2, 2], [1, 3, 3]], [[0, 0, np.nan], [0, 0, np.nan]]])),
        "minimum": (("pair", "unit"), np.array([[1, 0, 0], [0, 0, np.nan]])),
    },
    {
        "epsilon": [0.0, 0.5],
        "pair": ["match high, CKA low", "match low, CKA high"],
        "measure": ["match_auc", "linear_cka"],
    },
)


@pytest.mark.parametrize("column", ["single", "double"])
def test_pairs_that_disagree_are_read_one_below_the_other(column):
    figure = where_they_disagree({"vgg": READ}, column)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles[0] == "vgg, conv1 and conv2: match_auc 0.90, CKA 0.10"
    assert titles[1::2] == ["in one: 3 of 3 units", "in one: 0 of 2 units"]
    only, several = figure.axes[1].collections
    assert only.get_offsets().tolist() == [[1, 1]]
    assert several.get_offsets().tolist() == [[2, 3]]  # two units, one simple match
    figure.canvas.draw()
