"""Figures of the theory: they show the numbers they should, and what is beyond their limits is marked."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch, Rectangle
from xarray import DataTree

from jaxrepsim.report.results import thinned
from jaxrepsim.report.sections import across_layers, chance, decomposition, joint, over_training
from jaxrepsim.report.sections.chance import held_out, nulls
from jaxrepsim.report.sections.decomposition import certificates, simple_matches
from jaxrepsim.report.sections.decomposition.simple_matches import any_simple, places
from jaxrepsim.report.style import Column
from tests.report.conftest import GROUP_CASES, by_default, made
from tests.report.groups import add_groups, covers, not_computed
from tests.report.test_figures import assert_drawn

SECTIONS = (chance, joint, decomposition, across_layers, over_training)
DRAWINGS = {drawing.name: drawing for module in SECTIONS for drawing in module.SECTION.figures}
EXTREMES = ("all groups, one layer, one pair", "all groups, many layers", "many simple matches")


@pytest.mark.parametrize(
    "case",
    by_default(
        GROUP_CASES, "all groups, one layer, one pair", "all groups, two networks", "all groups, nothing matches"
    ),
)
def test_every_shape_is_drawn_and_the_extremes_are_legible(case: str) -> None:
    results = made(case)
    column: Column = "double" if case in ("all groups", "all groups, one layer, one pair") else "single"
    for drawing in DRAWINGS.values():
        if drawing.present(results):
            assert_drawn(drawing.figure(results, column), column, case in EXTREMES)
            assert drawing.caption(results).endswith(".")
            assert "nan" not in drawing.caption(results)


@pytest.mark.parametrize("name", DRAWINGS)
def test_present_only_where_there_is_something(name: str, make: Callable[..., DataTree], full: DataTree) -> None:
    drawing = DRAWINGS[name]
    assert drawing.present(full)
    without = not_computed(make(layers=("a", "b")))
    assert not drawing.present(without)
    with pytest.raises(ValueError, match=f"nothing that the figure '{name}' could show"):
        drawing.figure(without)


@pytest.mark.parametrize("module", SECTIONS)
def test_sections_are_there_where_their_group_is(module: ModuleType, full: DataTree, results: DataTree) -> None:
    assert module.SECTION.is_in(full)
    assert not module.SECTION.is_in(results)


@pytest.mark.parametrize("known", [nulls.DRAWING.present, any_simple, over_training.DRAWING.present])
def test_what_was_computed_can_be_asked_of_any_results(
    known: Callable[[DataTree], bool], full: DataTree, results: DataTree
) -> None:
    assert known(full)
    assert not known(results)
    assert not known(not_computed(results))


def test_certificates_are_means_over_pairs(full: DataTree) -> None:
    full["decomposition/certified_minimum"][2, 1, 4] = -1
    axes = certificates.DRAWING.figure(full).axes[4]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    heights = np.reshape([bar.get_height() for bar in bars], (3, 10))
    units = 2 * full["similarity/units"].values
    for layer in range(10):
        pairs = [0, 2] if layer == 2 else [0, 1, 2]
        for row, name in enumerate(("certified_minimum", "certified_several")):
            counts = [int(full[f"decomposition/{name}"][layer, pair, 4]) for pair in pairs]
            assert heights[row, layer] == pytest.approx(sum(counts) / len(counts) / units[layer])
    np.testing.assert_allclose(heights.sum(0), 1)


def test_no_row_where_nothing_matches(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a", "b"), epsilons=(0.01, 0.5)))
    assert [axes.get_title(loc="left") for axes in certificates.DRAWING.figure(results).axes] == ["ε = 0.5"]
    for drawing in (certificates.DRAWING, over_training.DRAWING):
        assert "no panel for ε = 0.01" in drawing.caption(results)


def test_order_shows_every_match_and_every_cover(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.2, 0.25)), slots=200)
    axes = simple_matches.DRAWING.figure(results).axes[0]
    masks = np.concatenate([results[f"decomposition/simple_{side}"].values[0, 0] for side in "xy"], axis=-1)
    distinct = [len({int(mask.sum()) for mask in masks[e] if (mask >= 0).any()}) for e in range(2)]
    epsilon = int(np.argmax(distinct))
    used = [mask == 1 for mask in masks[epsilon] if (mask >= 0).any()]
    heights = sorted(y for line in axes.get_lines() for y in np.asarray(line.get_ydata()))
    assert heights == sorted(int(mask.sum()) for mask in used)
    assert len(axes.collections[0].get_segments()) == covers(np.array(used)).sum()
    assert axes.get_title().endswith(f"{len(used)} found, all there are")
    singles = [len(np.asarray(line.get_ydata())) for line in axes.get_lines() if line.get_marker() == "D"]
    width = len(masks[0, 0]) // 2
    assert singles == [sum(bool(m[:width].sum() == 1 == m[width:].sum()) for m in used)]


def test_order_of_many_layers_shows_six(full: DataTree) -> None:
    titles = [axes.get_title().split(",")[0] for axes in simple_matches.DRAWING.figure(full).axes]
    assert len(titles) == 6
    assert (titles[0], titles[-1]) == ("conv1", "logits")
    assert "search stopped" in simple_matches.DRAWING.figure(full).axes[0].get_title()


@given(st.lists(st.integers(2, 9), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_matches_of_one_size_stand_apart(sizes: list[int], seed: int) -> None:
    size = np.array(sizes)
    below = (np.random.default_rng(seed).random((len(size), len(size))) < 0.2) & (size[:, None] > size)
    place = places(size, below)
    assert ((place >= 0) & (place <= 1)).all()
    for value in np.unique(size):
        row = np.sort(place[size == value])
        np.testing.assert_allclose(np.diff(row), 1 / len(row))


def test_chance_draws_means_over_draws_and_pairs(full: DataTree) -> None:
    lines = {line.get_marker(): line for line in nulls.DRAWING.figure(full).axes[-1].get_lines()}
    assert lines["o"].get_ydata() == pytest.approx(full["chance/observed"][:, :, 4].mean("pair").values)
    assert lines["s"].get_ydata() == pytest.approx(full["chance/shuffled"][:, :, 4].mean(("pair", "draw")).values)
    assert lines["^"].get_ydata() == pytest.approx(full["chance/random"][:, :, 4].mean(("pair", "draw")).values)
    assert lines["x"].get_ydata() == pytest.approx(full["chance/untrained"][:, :, 4].mean("pair").values)
    assert lines.keys() == set("os^x")


def test_chance_has_at_most_five_panels(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a",), epsilons=tuple(np.linspace(0.1, 0.5, 9).round(2))))
    assert len(nulls.DRAWING.figure(results).axes) == 5
    assert "5 of " in nulls.DRAWING.caption(results)


def test_thinned_keeps_both_ends() -> None:
    assert thinned(range(3), 5) == [0, 1, 2]
    for count in range(6, 40):
        kept = thinned(range(count), 5)
        assert len(set(kept)) == 5
        assert (kept[0], kept[-1]) == (0, count - 1)


def test_held_out_residuals_beyond_the_axis_are_marked(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a", "b", "c"), networks=("0", "1")), huge=True)
    for name in ("held_out_x", "held_out_y"):
        results[f"chance/{name}"][2] = np.where(np.arange(32) % 3, 0.5, 7.0)
    axes = held_out.DRAWING.figure(results).axes[0]
    assert axes.get_ylim() == (0, 2)
    marks = {line.get_fillstyle(): line.get_xdata() for line in axes.get_lines() if line.get_marker() == "^"}
    beyond = [line for line in axes.get_lines() if line.get_marker() == "^" and len(np.asarray(line.get_xdata()))]
    places = {(line.get_fillstyle(), round(float(x))) for line in beyond for x in np.asarray(line.get_xdata())}
    assert places == {("full", 1), ("none", 2)}
    assert set(marks) == {"full", "none"}
    assert "axis ends at 2" in held_out.DRAWING.caption(results)


def test_held_out_residuals_within_the_axis(full: DataTree) -> None:
    axes = held_out.DRAWING.figure(full).axes[0]
    medians = {line.get_marker(): np.asarray(line.get_ydata()) for line in axes.get_lines() if line.get_marker() != "^"}
    for marker, name in (("o", "residual"), ("s", "held_out")):
        for layer in range(10):
            units = np.concatenate([full[f"chance/{name}_{side}"].values[layer].ravel() for side in "xy"])
            assert medians[marker][layer] == pytest.approx(np.nanmedian(units))


def test_joint_is_drawn_beside_the_mean_of_the_first_redraw(full: DataTree) -> None:
    dashed, solid = joint.DRAWING.figure(full).axes[0].get_lines()[:2]
    assert solid.get_ydata() == pytest.approx(full["joint/similarity"][:, 0].values)
    assert dashed.get_ydata() == pytest.approx(full["similarity/similarity"][:, :, 0, 0].mean("pair").values)
    assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")


def test_across_marks_pooled_and_undersampled_cells(full: DataTree) -> None:
    full["across_layers/similarity"][:, 3, 4] = np.nan
    full["across_layers/samples"][:, 3, 4] = -1
    figure = across_layers.DRAWING.figure(full)
    left, right = figure.axes[:2]
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("ε = 0.3", "ε = 0.5")
    shown = np.ma.filled(np.ma.asarray(right.get_images()[0].get_array()), np.nan)
    np.testing.assert_allclose(shown, full["across_layers/similarity"][..., 4].mean("pair").values)
    assert np.isnan(shown[3, 4])
    hatched, dots = (patch.get_path() for patch in right.patches if isinstance(patch, PathPatch))
    units = full["similarity/units"].values
    few, pooled = 0, 0
    for i, j in np.ndindex(10, 10):
        samples = int(full["across_layers/samples"][0, i, j])
        is_few, is_pooled = 0 <= samples < 10 * max(units[i], units[j]), bool(full["across_layers/pooled"][0, i, j])
        few, pooled = few + is_few, pooled + is_pooled
        assert hatched.contains_point((j + 0.3, i + 0.3)) == is_few
        assert dots.contains_point((j, i)) == is_pooled
    assert few > 0
    assert pooled > 0
    assert len(across_layers.DRAWING.figure(full, "single").axes) == 2  # one map and its bar
    assert figure.axes[-1].get_ylabel() == "similarity"


def test_over_training_draws_means_over_pairs(full: DataTree) -> None:
    axes = over_training.DRAWING.figure(full).axes
    for layer, line in enumerate(axes[4].get_lines()):
        assert line.get_xdata() == pytest.approx([0, 1, 2, 5, 10, 20, 40])
        assert line.get_ydata() == pytest.approx(full["over_training/similarity"][:, layer, :, 4].mean("pair").values)
    *networks, mean = axes[5].get_lines()
    assert len(networks) == 3
    assert mean.get_ydata() == pytest.approx(100 * full["over_training/accuracy"].mean("network").values)
    full["over_training/accuracy"][:] = np.nan
    assert [a.get_title(loc="left") for a in over_training.DRAWING.figure(full).axes if a.get_visible()][
        -1
    ] == "ε = 0.5"
