"""Values to point at, and in tables below figures: they are those of the results, where they are drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report.match_profiles import profile_similarity
from jaxrepsim.report.readings import Reading, readings
from jaxrepsim.report.svg import drawn
from tests.report.groups import add_groups
from tests.report.test_figures import DRAWINGS


def read(results: DataTree, name: str) -> list[Reading]:
    """The readings of a figure that has been laid out."""
    figure = DRAWINGS[name].figure(results)
    drawn(figure)
    return readings(figure)


@pytest.fixture(scope="module")
def small(make: Callable[..., DataTree]) -> DataTree:
    return add_groups(make(layers=("conv1", "a.b" * 20, "fc1"), epsilons=(0.2, 0.5), units=16), epochs=(0, 3))


def test_values_against_depth_are_means_over_pairs(small: DataTree) -> None:
    (found,) = read(small, "similarity-by-depth")
    mean = small["similarity/similarity"].mean(("pair", "redraw")).values
    assert found.table.index.tolist() == small["layer"].values.tolist()  # in full
    assert found.table.columns.tolist() == ["ε = 0.2", "ε = 0.5"]
    np.testing.assert_allclose(found.table.astype(float), mean, atol=5.1e-4)
    assert found.areas[0].text == f"conv1\nε = 0.2: {mean[0, 0]:.3f}\nε = 0.5: {mean[0, 1]:.3f}"


def test_areas_fill_the_axes_from_left_to_right(small: DataTree) -> None:
    figure = DRAWINGS["similarity-by-depth"].figure(small)
    drawn(figure)
    box = figure.axes[0].get_position()
    ((_, _, areas),) = readings(figure)
    assert [area.left for area in areas[1:]] == pytest.approx([area.left + area.width for area in areas[:-1]])
    assert areas[0].left == pytest.approx(box.x0)
    assert sum(area.width for area in areas) == pytest.approx(box.width)
    for area in areas:
        assert (area.top, area.height) == pytest.approx((1 - box.y1, box.height))


def test_profiles_are_read_at_each_twentieth(small: DataTree) -> None:
    (found,) = read(small, "match-profiles")
    assert found.table.shape == (21, 3)
    assert found.table.index[5] == "ε = 0.25"
    at = np.arange(0, 1.01, 0.05).round(2)
    expected = profile_similarity(small, at).mean(1).T
    np.testing.assert_allclose(found.table.astype(float), expected, atol=5.1e-4)


def test_maps_are_read_from_the_top(small: DataTree) -> None:
    found = read(small, "measures-of-networks")
    assert [each.title for each in found] == small["measures/measure"].values.tolist()
    table, areas = found[0].table, found[0].areas
    assert table.index.tolist() == ["2", "1", "0"]
    assert table.columns.tolist() == ["0", "1", "2"]
    first = small["measures/value"].sel(measure=found[0].title).mean("layer").values  # of 0-1, 0-2, 1-2
    assert float(table.loc["0", "1"]) == pytest.approx(first[0], abs=5.1e-4)
    assert table.loc["1", "1"] == "–"
    (of_first,) = [area for area in areas if area.text.startswith("0, 2: ")]
    (of_last,) = [area for area in areas if area.text.startswith("2, 0: ")]
    assert of_first.left > of_last.left
    assert of_first.top > of_last.top


def test_which_figures_have_values(small: DataTree) -> None:
    assert {name for name, drawing in DRAWINGS.items() if drawing.present(small) and read(small, name)} == {
        *("training", "similarity-by-depth", "match-profiles", "chance", "measures", "measures-of-networks", "joint"),
        *("dimensionality", "across-layers", "across-layers-measures", "over-training", "best-and-one-to-one"),
        *("information-and-correlation", "mixed-clusters"),
    }


def test_panels_of_the_same_layers_are_one_table(small: DataTree) -> None:
    (found,) = read(small, "chance")
    assert "ε = 0.5: observed" in found.table.columns
    assert "ε = 0.2: shuffled inputs" in found.table.columns
    assert len(found.table) == 3
    assert len(found.areas) == 6


def test_what_was_not_computed_is_empty(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a", "b"), epsilons=(0.5,)))
    results["chance/observed"][1] = np.nan
    (found,) = read(results, "chance")
    assert found.table.loc["b", "ε = 0.5: observed"] == ""
    assert "observed" not in found.areas[1].text


def test_very_many_values_are_not_told(make: Callable[..., DataTree], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jaxrepsim.report.readings._MOST", 3)
    assert not read(make(layers=("a", "b"), epsilons=(0.2, 0.5)), "similarity-by-depth")
