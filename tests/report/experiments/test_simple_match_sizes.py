"""The sizes of simple matches: every one is a point, and a search that stopped says so."""

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from xarray import DataTree

from jaxrepsim.report.experiments.simple_match_sizes import simple_match_distribution
from jaxrepsim.report.style import Column
from tests.report.conftest import made
from tests.report.groups import add_groups, not_computed
from tests.report.test_figures import assert_drawn

SHAPES: dict[str, Column] = {
    "all groups, one layer, one pair": "double",
    "all groups, two networks": "single",
    "enumeration stopped": "single",
}


@pytest.mark.parametrize("case", SHAPES)
def test_every_shape_is_drawn_and_the_extremes_are_legible(case: str) -> None:
    figure = simple_match_distribution(made(case), SHAPES[case])
    assert_drawn(figure, SHAPES[case], case != "all groups, two networks")


def points(axes: Axes) -> list[tuple[float, float]]:
    """Of the matches, not the ticks of whole layers."""
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "None" and line.get_marker() != "_"]
    return [(float(x), float(y)) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_every_simple_match_is_a_point(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a", "b"), epsilons=(0.01, 0.3, 0.5)), slots=200)
    figure = simple_match_distribution(results)
    members = [(results[f"decomposition/simple_{side}"] == 1).sum("unit").values for side in "xy"]
    size = members[0] + members[1]
    shown = [epsilon for epsilon in range(3) if (size[:, :, epsilon] > 0).any()]
    assert [axes.get_title(loc="left").split(":")[0] for axes in figure.axes] == ["ε = 0.3", "ε = 0.5"]
    for axes, epsilon in zip(figure.axes, shown, strict=True):
        for layer in range(2):
            expected = sorted(s for s in size[layer, :, epsilon].ravel() if s > 0)
            assert sorted(y for x, y in points(axes) if round(x) == layer) == pytest.approx(expected)
        single = ((members[0] == 1) & (members[1] == 1))[:, :, epsilon].sum()
        assert sum(len(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == "D") == single
        ticks = {float(line.get_ydata()[0]) for line in axes.get_lines() if line.get_marker() == "_"}
        matched = sum(results[f"similarity/matched_{side}"] for side in "xy")[:, :, epsilon, 0].values
        held = (size[:, :, epsilon] > 0).any(-1)
        assert ticks >= {float(matched[layer][held[layer]].mean()) for layer in range(2) if held[layer].any()}


def test_a_search_that_stopped_says_so(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.5,), units=64), slots=7)
    title = simple_match_distribution(results).axes[0].get_title(loc="left")
    stopped = int((results["decomposition/simple_complete"] == 0).sum())
    assert title.endswith(f"{stopped} of 3 searches stopped")
    results["decomposition/simple_complete"][:] = 1
    for side in "xy":
        results[f"decomposition/simple_{side}"][0, 0] = -1
    results["decomposition/simple_complete"][0, 0] = 0
    title = simple_match_distribution(results).axes[0].get_title(loc="left")
    assert title.endswith("1 of 3 searches stopped")  # though it found nothing
    whole = add_groups(make(layers=("a",), epsilons=(0.5,)), slots=200)
    assert simple_match_distribution(whole).axes[0].get_title(loc="left").endswith("all there are")


def test_sizes_need_simple_matches(make: Callable[..., DataTree]) -> None:
    small = make(layers=("a",))
    for without in (small, not_computed(small)):
        with pytest.raises(ValueError, match="hold nothing that the figure 'simple_match_sizes'"):
            simple_match_distribution(without)
