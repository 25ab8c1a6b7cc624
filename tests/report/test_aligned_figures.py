"""Figures of aligned units: they show the numbers they should, in every shape of results."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from matplotlib.axes import Axes
from xarray import DataTree

from jaxrepsim.report.sections import SECTIONS
from jaxrepsim.report.sections.mutual_information import unit_pairs
from jaxrepsim.report.sections.one_to_one.matrices import by_partner, matrices, shrunk
from jaxrepsim.report.sections.one_to_one.partners import ordered
from jaxrepsim.report.style import Column
from tests.report.conftest import LONG, by_default, make_results
from tests.report.groups import add_alignments
from tests.report.test_figures import assert_drawn
from tests.report.trees import with_padding

OF = ("one_to_one", "mutual_information", "exciting_images")
FIGURES = {drawing.name: drawing for section in SECTIONS if section.name in OF for drawing in section.figures}
ORDERED, MEANS = FIGURES["ordered-correlations"], FIGURES["best-and-one-to-one"]
MATRICES, INFORMATION = FIGURES["correlation-matrices"], FIGURES["information-and-correlation"]
SHAPES: dict[str, Callable[[], DataTree]] = {
    "usual": lambda: make_results(samples=0, redraws=1),
    "two units": lambda: make_results(layers=("a", "b"), units=2, samples=0),
    "one layer, one pair": lambda: make_results(layers=("conv1",), networks=("0", "1"), samples=0, redraws=1),
    "many layers": lambda: make_results(layers=LONG, networks=("0", "1"), samples=0, redraws=1),
    "wide": lambda: make_results(layers=("a", "b"), units=150, networks=("0", "1"), samples=0, redraws=1),
    "hostile names": lambda: make_results(layers=("$x_1$ & y", "層一", "line\nbreak", "a" * 90), samples=0),
}


@cache
def _made(shape: str) -> DataTree:
    return add_alignments(SHAPES[shape](), np.random.default_rng(3))


def made(shape: str) -> DataTree:
    """Results of a shape, which a test may change."""
    return _made(shape).copy(deep=True)


@pytest.fixture
def results() -> DataTree:
    """Ten layers, three pairs; one network has two units that never vary."""
    return made("usual")


def image(axes: Axes) -> np.ndarray:
    """What an image shows, NaN where nothing is drawn."""
    shown = np.ma.asarray(axes.get_images()[0].get_array())
    return np.ma.filled(shown.astype(float), np.nan)


@pytest.mark.parametrize("shape", by_default(SHAPES, "one layer, one pair", "two units", "hostile names"))
def test_every_shape_is_drawn_and_the_extremes_are_legible(shape: str) -> None:
    column: Column = "double" if shape in ("two units", "usual") else "single"
    for drawing in FIGURES.values():
        figure = drawing.figure(made(shape), column)
        assert_drawn(figure, column, shape in ("two units", "many layers", "hostile names"))
        assert figure.get_size_inches()[1] < 9
        text = drawing.caption(made(shape))
        assert text.endswith(".")
        assert "nan" not in text
        assert "  " not in text


@pytest.mark.parametrize("name", FIGURES)
def test_present_only_where_there_is_something(name: str, results: DataTree) -> None:
    assert FIGURES[name].present(results)
    without = with_padding(results, OF)
    assert not FIGURES[name].present(without)
    with pytest.raises(ValueError, match=name):
        FIGURES[name].figure(without)


def test_no_images_nothing_to_look_at(results: DataTree) -> None:
    assert not FIGURES["exciting-images"].present(results.isel(image=[], missing_dims="ignore"))


def test_information_needs_correlation(results: DataTree) -> None:
    assert not INFORMATION.present(results.drop_nodes("one_to_one"))


def test_curves_are_sorted_and_averaged_over_pairs(results: DataTree) -> None:
    panels = ORDERED.figure(results).axes
    for layer in (0, 4, 9):
        count = int(results["similarity/units"][layer])
        lines = {line.get_color(): line for line in panels[layer].get_lines()}
        for color, variable in (("#0072b2", "partner"), ("#d55e00", "best_x")):
            curves = []
            for pair in range(3):
                index = results[f"one_to_one/{variable}"].values[layer, pair, :count]
                values = results["one_to_one/correlation"].values[layer, pair, np.arange(count), index]
                curves.append(sorted(values, reverse=True))
            assert lines[color].get_ydata() == pytest.approx(np.mean(curves, axis=0))
            assert lines[color].get_xdata() == pytest.approx((np.arange(count) + 0.5) / count)
    assert panels[0].get_title() == "conv1"


def test_units_without_a_partner_end_the_curve() -> None:
    share, values = ordered(np.array([[0.1, np.nan, 0.5, 0.3]]), np.array([4]))
    np.testing.assert_allclose(share, [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(values.mean, [0.5, 0.3, 0.1, np.nan])
    share, values = ordered(np.linspace(1, 0, 400)[None], np.array([400]))
    assert len(share) == 100
    np.testing.assert_allclose(values.mean, 1 - (4 * np.arange(100) + 2) / 399)


def test_pairs_of_different_width_share_a_curve() -> None:
    values = np.array([[0.2, 0.8, np.nan, np.nan], [0.1, 0.3, 0.5, 0.7]])
    _, over = ordered(values, np.array([2, 4]))
    np.testing.assert_allclose(over.high, [0.8, 0.8, 0.3, 0.2])
    np.testing.assert_allclose(over.low, [0.7, 0.5, 0.2, 0.1])


def test_at_most_twelve_panels() -> None:
    many = made("many layers")
    assert len([axes for axes in ORDERED.figure(many).axes if axes.get_visible()]) == 12
    assert "12 of 60 layers are shown" in ORDERED.caption(many)


def test_a_layer_that_was_not_aligned_has_no_panel(results: DataTree) -> None:
    for name in ("partner", "best_x", "best_y"):
        results[f"one_to_one/{name}"][3] = -1
    titles = [axes.get_title() for axes in ORDERED.figure(results).axes if axes.get_visible()]
    assert titles == [name for name in results["layer"].values if name != "conv4"]
    above, _ = MEANS.figure(results).axes[:2]
    for line in above.get_lines():
        assert np.flatnonzero(np.isnan(np.asarray(line.get_ydata(), float))).tolist() == [3]


def test_means_against_depth(results: DataTree) -> None:
    above, below = MEANS.figure(results).axes[:2]
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in above.get_lines()}
    (same,) = below.get_lines()
    for layer in range(10):
        count = int(results["similarity/units"][layer])
        means = {"one to one": [], "best partner": []}
        agree = []
        for pair in range(3):
            matrix = results["one_to_one/correlation"].values[layer, pair, :count, :count]
            partner, best = (
                results[f"one_to_one/{name}"].values[layer, pair, :count] for name in ("partner", "best_x")
            )
            means["one to one"].append(np.mean([matrix[unit, partner[unit]] for unit in range(count)]))
            means["best partner"].append(np.mean(matrix.max(1)))
            agree.append(np.mean([partner[unit] == best[unit] for unit in range(count) if matrix[unit].any()]))
        for name, values in means.items():
            assert lines[name][layer] == pytest.approx(np.mean(values))
        assert np.asarray(same.get_ydata())[layer] == pytest.approx(np.mean(agree))


def test_matrices_have_partners_on_the_diagonal(results: DataTree) -> None:
    x, y, between, partnered = matrices(results, 4)
    count = int(results["similarity/units"][4])
    np.testing.assert_array_equal(x, results["one_to_one/correlation_within"].values[4, 0, :count, :count])
    np.testing.assert_array_equal(y, results["one_to_one/correlation_within"].values[4, 1, :count, :count])
    np.testing.assert_array_equal(between, results["one_to_one/correlation"].values[4, 0, :count, :count])
    partner = results["one_to_one/partner"].values[4, 0, :count]
    np.testing.assert_array_equal(np.diag(partnered), between[np.arange(count), partner])
    assert sorted(partnered.ravel()) == sorted(between.ravel())
    drawn = [axes for axes in MATRICES.figure(results).axes if axes.get_images()]
    assert len(drawn) == 3 * 4
    expected = [matrix for layer in (0, 4, 9) for matrix in matrices(results, layer)]
    for axes, matrix in zip(drawn, expected, strict=True):
        assert np.abs(image(axes) - matrix).max() <= 1 / 32 + 1e-12
    assert len([axes for axes in MATRICES.figure(results, "single").axes if axes.get_images()]) == 2 * 4


def test_units_without_a_partner_come_last() -> None:
    rows, columns = by_partner(np.array([-1, 4, -1, 0]), 5)
    assert rows.tolist() == [1, 3, 0, 2]
    assert columns.tolist() == [4, 0, 1, 2, 3]


def test_wide_matrices_keep_the_strongest_of_a_block() -> None:
    matrix = np.random.default_rng(0).uniform(-1, 1, (300, 257))
    small = shrunk(matrix)
    assert small.shape == (100, 86)
    for row, column in ((0, 0), (7, 80), (99, 85)):
        block = matrix[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        assert small[row, column] == block.ravel()[np.abs(block).argmax()]
    assert shrunk(matrix[:128, :128]).shape == (128, 128)
    assert "up to 2 × 2 units" in MATRICES.caption(made("wide"))
    assert "units" not in MATRICES.caption(made("usual")).split("first.")[1]


def test_density_counts_every_pair_of_units(results: DataTree) -> None:
    figure = INFORMATION.figure(results)
    panels = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_title() for axes in panels] == [str(results["layer"].values[i]) for i in (0, 2, 4, 5, 7, 9)]
    for axes, layer in zip(panels, (0, 2, 4, 5, 7, 9), strict=True):
        correlation, information = unit_pairs(results, layer)
        assert len(correlation) == 3 * int(results["similarity/units"][layer]) ** 2
        low, high = axes.get_ylim()
        density = image(axes)
        assert np.nansum(density) == pytest.approx(1)
        cell = (slice(20, 30), slice(0, 10))
        height = (high - low) / 40
        inside = (information >= low + 20 * height) & (information < low + 30 * height) & (correlation < 0.25)
        assert np.nansum(density[cell]) == pytest.approx(inside.mean())
        (line,) = axes.get_lines()
        share, value = (np.asarray(data) for data in line.get_data())
        assert value == pytest.approx(-0.5 * np.log(1 - share**2))


def test_same_partner_by_both(results: DataTree) -> None:
    results["mutual_information/partner"][:] = results["one_to_one/partner"].values
    results["mutual_information/partner"][4, 0] = (results["one_to_one/partner"][4, 0] + 1).values
    below = INFORMATION.figure(results).axes[-1]
    (line,) = below.get_lines()
    assert line.get_ydata() == pytest.approx([1, 1, 1, 1, 2 / 3, 1, 1, 1, 1, 1])
