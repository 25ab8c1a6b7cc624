"""The figure of measures: one row each, the best on top."""

import numpy as np
import pytest

from jaxrepsim.report.experiments.validity import Panel, by_measure, ordered

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
