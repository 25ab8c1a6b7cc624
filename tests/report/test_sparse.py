"""Figures and tables of sparse prediction, against a second way to count."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.patches import Rectangle
from xarray import DataTree

from jaxrepsim.report import build
from jaxrepsim.report.sections.clusters import cluster_rows
from jaxrepsim.report.sections.sparse_prediction import SECTION, prediction_rows
from jaxrepsim.report.sections.sparse_prediction.figures import CURVES, bin_labels, predictor_shares
from jaxrepsim.report.sections.sparse_prediction.figures import PREDICTORS as BARS
from jaxrepsim.report.sections.sparse_prediction.prediction import (
    best_penalties,
    best_prediction,
    penalty_labels,
    predicted,
    single_mean,
    single_r2,
    tradeoff,
)
from jaxrepsim.report.style import Column
from tests.report.conftest import LONG, by_default, make_results
from tests.report.groups_alignment import PENALTIES, THRESHOLDS, add_alignment, unaligned
from tests.report.test_figures import assert_drawn

LAYERS = ("conv1", "conv2", "logits")
SHAPES = {
    "usual": {},
    "one layer": {"layers": ("conv1",), "networks": ("0", "1")},
    "small": {"layers": ("a", "b"), "networks": ("0", "1"), "units": 8},
    "many layers": {"layers": LONG[:40], "networks": ("0", "1"), "redraws": 1},
    "hostile names": {"layers": ("<b>$x$</b>", "層", "line\nbreak")},
}

COLUMNS: dict[str, Column] = {shape: "double" if shape in ("usual", "small") else "single" for shape in SHAPES}
EXTREMES = ("small", "many layers", "hostile names")


@cache
def shaped(name: str) -> DataTree:
    """Results of a shape, which no test may change."""
    return add_alignment(make_results(**SHAPES[name]))


@pytest.fixture
def predictions(make: Callable[..., DataTree]) -> DataTree:
    return add_alignment(make(layers=LAYERS))


def units(results: DataTree, name: str, layer: int, pair: int, **at: int) -> np.ndarray:
    """Values of all units of both networks, in no order."""
    sides = [results[f"sparse_prediction/{name}_{side}"].isel(layer=layer, pair=pair, **at).values for side in "xy"]
    both = np.concatenate(sides).astype(float)
    count = int(results["similarity/units"][layer])
    return both[np.concatenate([np.arange(len(sides[0])) < count] * 2)]


@pytest.mark.parametrize("shape", by_default(SHAPES, "usual", "one layer", "hostile names"))
def test_every_shape_is_drawn_and_the_extremes_are_legible(shape: str) -> None:
    results, column = shaped(shape), COLUMNS[shape]
    for drawing in (CURVES, BARS):
        assert_drawn(drawing.figure(results, column), column, shape in EXTREMES)
        assert drawing.caption(results).endswith(".")
        assert "nan" not in drawing.caption(results)


def test_curves_are_means_over_units_and_pairs(predictions: DataTree) -> None:
    figure = CURVES.figure(predictions)
    for layer in range(3):
        axes = figure.axes[layer]
        fitted, held_out, best, level = axes.get_lines()
        expected = {
            name: np.array([
                [units(predictions, name, layer, pair, penalty=place).mean() for place in range(len(PENALTIES))]
                for pair in range(3)
            ])
            for name in ("fitted_r2", "held_out_r2")
        }  # fmt: skip
        count = [
            np.mean([units(predictions, "predictors", layer, pair, penalty=place, threshold=0) for pair in range(3)])
            for place in range(len(PENALTIES))
        ]
        assert fitted.get_xdata() == pytest.approx(count)
        assert held_out.get_xdata() == pytest.approx(count)
        assert fitted.get_ydata() == pytest.approx(expected["fitted_r2"].mean(0))
        mean = expected["held_out_r2"].mean(0)
        assert held_out.get_ydata() == pytest.approx(mean)
        assert best.get_ydata() == pytest.approx([mean.max()])
        assert best.get_xdata() == pytest.approx([count[int(mean.argmax())]])
        wide = int(predictions["similarity/units"][layer])
        squares = predictions["one_to_one/correlation"].values[layer, :, :wide, :wide] ** 2
        single = [np.mean([square.max(axis).mean() for axis in (0, 1)]) for square in squares]
        assert np.mean(level.get_ydata()) == pytest.approx(np.mean(single))
        bands = [part for part in axes.collections if isinstance(part, FillBetweenPolyCollection)]
        heights = np.concatenate([path.vertices[:, 1] for path in bands[0].get_paths()])
        assert heights.min() == pytest.approx(expected["held_out_r2"].min())
        assert heights.max() == pytest.approx(expected["held_out_r2"].max())


def test_the_order_of_penalties_and_thresholds_does_not_matter(predictions: DataTree) -> None:
    shuffled = predictions.isel(penalty=[3, 0, 5, 1, 4, 2], threshold=[2, 0, 1], missing_dims="ignore")
    assert penalty_labels(shuffled) == ["0.1", "0.01", "0.001", "0.0001", "0.00001", "0"]
    assert prediction_rows(shuffled) == prediction_rows(predictions)
    one, other = (CURVES.figure(results).axes[0].get_lines() for results in (predictions, shuffled))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.get_xydata(), second.get_xydata())
    np.testing.assert_array_equal(predictor_shares(predictions)[2], predictor_shares(shuffled)[2])


def test_one_pair_has_no_band_and_no_level_without_correlations(make: Callable[..., DataTree]) -> None:
    results = add_alignment(make(layers=LAYERS, networks=("0", "1"))).drop_nodes("one_to_one")
    assert np.isnan(single_mean(results)).all()
    axes = CURVES.figure(results).axes[0]
    assert len(axes.get_lines()) == 3
    assert len(axes.collections) == 0
    assert "Dotted" not in CURVES.caption(results)
    assert "band" not in CURVES.caption(results)


def test_a_held_out_r2_far_below_zero_is_cut_off_and_said(predictions: DataTree) -> None:
    assert "not shown" not in CURVES.caption(predictions)
    assert CURVES.figure(predictions).axes[0].get_ylim()[0] == pytest.approx(-0.03)
    for side in "xy":
        predictions[f"sparse_prediction/held_out_r2_{side}"][:, :, 5] = -7.0
    assert CURVES.figure(predictions).axes[0].get_ylim()[0] == pytest.approx(-0.5)
    assert "A held-out R² below −0.5 is not shown." in CURVES.caption(predictions)


def test_twelve_of_many_layers_have_a_panel() -> None:
    results = shaped("many layers")
    axes = [axes for axes in CURVES.figure(results).axes if axes.get_visible()]
    assert len(axes) == 12
    assert "12 of 40 layers are shown." in CURVES.caption(results)


def test_single_units_explain_no_more_than_all(predictions: DataTree) -> None:
    for layer in range(3):
        squares = single_r2(predictions, layer)
        count = int(predictions["similarity/units"][layer])
        for pair in range(3):
            r = predictions["one_to_one/correlation"].values[layer, pair, :count, :count]
            assert squares[pair, :count] == pytest.approx((r**2).max(1))
            assert squares[pair, 32 : 32 + count] == pytest.approx((r**2).max(0))
            least = units(predictions, "fitted_r2", layer, pair, penalty=5)
            assert (squares[pair][~np.isnan(squares[pair])] <= least + 1e-9).all()


def test_best_penalty() -> None:
    held_out = np.array([[[0.1, 0.5, 0.4], [0.1, 0.1, 0.4]], [[0.2, 0.2, np.nan]] * 2, [[np.nan] * 3] * 2])
    assert best_penalties(held_out).tolist() == [2, 0, -1]


def test_best_prediction_is_read_at_the_best_penalty(predictions: DataTree) -> None:
    curves, best = tradeoff(predictions), best_prediction(predictions)
    for layer, place in enumerate(best_penalties(curves.held_out)):
        assert place >= 0
        assert curves.held_out[layer].mean(0)[place] == curves.held_out[layer].mean(0).max()
        np.testing.assert_array_equal(best.held_out[layer], curves.held_out[layer, :, place])
        np.testing.assert_array_equal(best.predictors[layer], curves.predictors[layer, :, place])


def test_predictors_are_counted_at_the_best_penalty(predictions: DataTree) -> None:
    # A unit that cannot be predicted, as it never varies, counts nowhere.
    for name in ("fitted_r2_x", "held_out_r2_x"):
        predictions[f"sparse_prediction/{name}"][0, 0, :, 3] = np.nan
    predictions["sparse_prediction/predictors_x"][0, 0, :, :, 3] = 0
    thresholds, starts, shares = predictor_shares(predictions)
    assert thresholds == ["coefficient other than 0", "coefficient beyond ±0.01", "coefficient beyond ±0.1"]
    best = best_penalties(tradeoff(predictions).held_out)
    axes = BARS.figure(predictions).axes
    heights = [[bar.get_height() for bar in a.patches if isinstance(bar, Rectangle)] for a in axes]
    for layer, place in enumerate(best):
        assert place >= 0
        for threshold in range(len(THRESHOLDS)):
            counts = [units(predictions, "predictors", layer, p, penalty=place, threshold=threshold) for p in range(3)]
            every = np.concatenate(counts)
            if layer == 0:
                every = np.delete(every, 3)
            stops = [*starts[1:], np.inf]
            expected = [np.mean((every >= a) & (every < b)) for a, b in zip(starts, stops, strict=True)]
            assert shares[threshold, layer] == pytest.approx(expected)
            drawn = np.reshape(heights[threshold], (len(starts), 3))[:, layer]
            assert drawn == pytest.approx(expected)
    assert axes[2].get_title(loc="left") == "coefficient beyond ±0.1"


def test_bins_of_many_predictors_end_open() -> None:
    assert bin_labels([0, 1, 2, 4, 8, 16, 32, 64])[-2:] == ["32–63", "64 or more"]


def test_a_layer_that_was_not_predicted(predictions: DataTree) -> None:
    for name in ("fitted_r2", "held_out_r2", "predictors"):
        for side in "xy":
            predictions[f"sparse_prediction/{name}_{side}"][1] = -1 if name == "predictors" else np.nan
    titles = [axes.get_title() for axes in CURVES.figure(predictions).axes if axes.get_visible()]
    assert titles == ["conv1", "logits"]
    assert {row.layer for row in prediction_rows(predictions)} == {"conv1", "logits"}
    assert "A layer without a bar was not computed." in BARS.caption(predictions)
    heights = [bar.get_height() for bar in BARS.figure(predictions).axes[0].patches if isinstance(bar, Rectangle)]
    assert np.reshape(heights, (-1, 3)).sum(0) == pytest.approx([1, 0, 1])


def test_nothing_to_show(make: Callable[..., DataTree]) -> None:
    assert not predicted(make(layers=LAYERS))
    results = unaligned(make(layers=LAYERS))
    assert not predicted(results)
    assert prediction_rows(results) == []
    for drawing in (CURVES, BARS):
        with pytest.raises(ValueError, match=drawing.name):
            drawing.figure(results)


def test_rows(predictions: DataTree) -> None:
    rows = prediction_rows(predictions)
    assert [(row.layer, row.penalty) for row in rows[:2]] == [("conv1", "0.1"), ("conv1", "0.01")]
    assert len(rows) == 3 * len(PENALTIES)
    for index, row in enumerate(rows):
        layer, place = divmod(index, len(PENALTIES))
        for cell, name in ((row.fitted, "fitted_r2"), (row.held_out, "held_out_r2")):
            means = [units(predictions, name, layer, pair, penalty=place).mean() for pair in range(3)]
            assert cell == pytest.approx((np.mean(means), min(means), max(means)))
        for threshold, part in enumerate(row.predictors):
            means = [
                units(predictions, "predictors", layer, pair, penalty=place, threshold=threshold).mean()
                for pair in range(3)
            ]
            assert part == pytest.approx((np.mean(means), min(means), max(means)))
    counted = SECTION.context(predictions)["counted"]
    assert counted == ["coefficient other than 0", "coefficient beyond ±0.01", "coefficient beyond ±0.1"]
    for layer in LAYERS:
        of_layer = [row for row in rows if row.layer == layer]
        best = [row for row in of_layer if row.best]
        assert len(best) == 1
        assert best[0].held_out.mean == max(row.held_out.mean for row in of_layer)


@pytest.mark.usefixtures("without_drawings")
def test_sections_of_the_page(make: Callable[..., DataTree], tmp_path: Path) -> None:
    plain = make(layers=("conv1",), networks=("0", "1"), redraws=1, samples=0, epochs=None, accuracy=False)
    results = add_alignment(plain)
    build(results, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    sections = {
        name: page.split(f'<section id="{name}">')[1].split("</section>")[0]
        for name in ("sparse_prediction", "clusters")
    }
    best = next(row for row in prediction_rows(results) if row.best)
    assert sections["sparse_prediction"].count("<b>") == 3  # the captions of the figures, and the best penalty
    assert f"<b>{best.held_out.mean:.2f}</b>" in sections["sparse_prediction"].replace("\n", "")
    mixed = cluster_rows(results)[0]
    assert f"<td>{100 * mixed.cluster.mixed.mean:.0f}%</td>" in sections["clusters"].replace("\n", "")
    for name, figures in (("sparse_prediction", 2), ("clusters", 2)):
        assert sections[name].count("<figure") == figures
    build(unaligned(plain), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No unit was predicted from units of another network." in page
    assert "No units were clustered." in page
