"""Layers of few samples and layers with dead units: figures mark them, and no sentence praises what chance gives."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.lines import Line2D
from xarray import DataTree

from jaxrepsim.report.doubtful import caveats, ceilings, few_samples
from jaxrepsim.report.sections.similarity import depth
from jaxrepsim.report.sections.similarity.sentences import headline
from tests.report.groups import add_groups
from tests.report.test_findings import details

LAYERS = ("conv1", "conv2", "fc1", "fc2", "logits")
SIMILARITY = (0.4, 0.1, 0.8, 0.9, 0.5)


@pytest.fixture
def doubtful(make: Callable[..., DataTree]) -> DataTree:
    """Two fully connected layers of few samples are the most alike; the second has dead units too."""
    results = make(layers=LAYERS, epsilons=(0.2, 0.5), networks=("0", "1"), redraws=1)
    results["similarity/samples"][2:4] = 100
    results["similarity/similarity"][:] = np.reshape(SIMILARITY, (-1, 1, 1, 1))
    for side in "xy":
        profile = results[f"similarity/profile_{side}"]
        profile[:] = np.where(profile.notnull(), 0.3, np.nan)
        profile[2] = np.where(profile[2].notnull(), 0.1, np.nan)
        profile[3, ..., :7] = np.inf
    return results


def drawn(results: DataTree, marker: str) -> list[Line2D]:
    """Hollow points of one curve of the figure of depth."""
    return [
        line
        for line in depth.DRAWING.figure(results).axes[0].get_lines()
        if line.get_marker() == marker and line.get_markerfacecolor() == "#ffffff"
    ]


def test_points_of_few_samples_are_hollow(doubtful: DataTree, results: DataTree) -> None:
    assert few_samples(doubtful).tolist() == [False, False, True, True, False]
    for marker in "os":  # of both ε
        (line,) = drawn(doubtful, marker)
        assert line.get_xdata() == pytest.approx([2, 3])
        assert line.get_ydata() == pytest.approx([0.8, 0.9])
    legend = [text.get_text() for legend in depth.DRAWING.figure(doubtful).legends for text in legend.get_texts()]
    assert "hollow: fewer than 10 samples a unit" in legend
    assert "Hollow points rest on few samples" in depth.DRAWING.caption(doubtful)
    assert not drawn(results, "o")
    assert "Hollow" not in depth.DRAWING.caption(results)


def test_one_layer_of_few_samples_is_hollow_where_its_point_stands(make: Callable[..., DataTree]) -> None:
    results = make(layers=("fc1",), epsilons=(0.2, 0.5))
    results["similarity/samples"][:] = 3
    assert [float(line.get_xdata()[0]) for marker in "os" for line in drawn(results, marker)] == [-0.125, 0.125]


def test_ceilings_stand_where_units_are_dead(doubtful: DataTree, make: Callable[..., DataTree]) -> None:
    units = int(doubtful["similarity/units"][3])
    share = (units - 7) / units
    assert ceilings(doubtful) == pytest.approx([1, 1, 1, share, 1])
    figure = depth.DRAWING.figure(doubtful)
    bars = [
        line
        for line in figure.axes[0].get_lines()
        if len(np.asarray(line.get_xdata())) == 2 and line.get_marker() == "None"
    ]
    (bar,) = bars
    assert np.mean(bar.get_xdata()) == 3
    assert bar.get_ydata() == pytest.approx([share, share])
    assert "ceiling: share of units alive" in [text.get_text() for text in figure.legends[1].get_texts()]
    assert "Broken bars are ceilings" in depth.DRAWING.caption(doubtful)
    whole = make(layers=("a",))
    assert len(depth.DRAWING.figure(whole).legends) == 1
    assert "Broken" not in depth.DRAWING.caption(whole)


def test_a_layer_of_few_samples_is_not_called_the_highest(doubtful: DataTree) -> None:
    assert headline(doubtful) == (
        "At ε = 0.5, similarity rises from 0.40 in conv1 to 0.50 in logits, and in between is lowest in conv2 (0.10)."
    )
    few, dead, smallest, onset, *_ = details(doubtful)
    assert few == (
        "fc1 and fc2 have fewer than 10 samples a unit: part of their similarity is chance, and the highest similarity "
        "and the first match are sought among the other layers."
    )
    units = int(doubtful["similarity/units"][3])
    assert dead == (
        "Dead units are counted and never matched, so that similarity cannot exceed the share of units that are alive: "
        f"{(units - 7) / units:.2f} in fc2."
    )
    assert smallest.endswith("similarity is highest in logits (0.50).")
    assert "0.10" not in onset
    doubtful["similarity/similarity"][[0, 1, 4], :, 0] = 0
    assert details(doubtful)[2].endswith("is empty in 3 of 5 layers: in all that have enough samples.")
    doubtful["similarity/profile_x"][[0, 1, 4]] = np.inf
    doubtful["similarity/profile_y"][[0, 1, 4]] = np.inf
    assert "in layers of few samples only" in details(doubtful)[3]


def test_a_layer_of_few_samples_is_named_as_one(doubtful: DataTree) -> None:
    doubtful["similarity/samples"][4] = 10
    assert headline(doubtful).split(", and in between")[0].endswith("to 0.50 in logits [few samples]")
    assert "fc1, fc2 and logits have fewer" in details(doubtful)[0]
    doubtful["similarity/samples"][:] = 3
    assert headline(doubtful).endswith("is highest in fc2 [few samples] (0.90).")
    assert details(doubtful)[0].endswith("part of their similarity is chance.")
    one = doubtful.isel(layer=[2])
    assert caveats(one) == ["fc1 has fewer than 10 samples a unit: part of its similarity is chance."]


def test_sentences_of_the_groups_name_the_caveat(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a", "b"), epsilons=(0.5,)))
    results["similarity/samples"][:] = [3, 540]
    results["over_training/similarity"][0, 0] = 0.0
    results["over_training/similarity"][-1, 0] = 1.0
    text = " ".join(details(results))
    assert "changes most in a [few samples], from 0.00 to 1.00" in text
    assert "in a [few samples] (" in text.split("a mean correlation")[1]
    assert " in b [" not in text


def test_many_layers_are_counted(make: Callable[..., DataTree]) -> None:
    results = make(layers=tuple(f"l{i}" for i in range(9)))
    results["similarity/samples"][:] = [3] * 7 + [999] * 2
    assert caveats(results)[0].startswith("7 layers have fewer")
