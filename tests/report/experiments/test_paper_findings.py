"""The paper's three findings: their numbers against a second way to count, and their figures."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from xarray import DataTree

from jaxrepsim.report.experiments.local_and_distributed import (
    drawn_thresholds,
    local_and_distributed,
    local_rows,
    units_needed,
)
from jaxrepsim.report.experiments.reliable_features import (
    Cycles,
    closing_shares,
    cycles,
    reliable_features,
    reliable_rows,
)
from jaxrepsim.report.experiments.shared_subspaces import Subspaces, shared_subspaces, subspaces
from jaxrepsim.report.sections.one_to_one.aligned import alignment
from jaxrepsim.report.sections.sparse_prediction.prediction import best_penalties, tradeoff
from tests.report.conftest import by_default
from tests.report.groups_alignment import add_alignment, unaligned
from tests.report.test_figures import assert_drawn
from tests.report.test_sparse import COLUMNS, EXTREMES, LAYERS, SHAPES, shaped, units

DRAWN = (reliable_features, shared_subspaces, local_and_distributed)


@pytest.fixture
def results(make: Callable[..., DataTree]) -> DataTree:
    return add_alignment(make(layers=LAYERS))


def partners(results: DataTree, layer: int) -> dict[tuple[int, int], dict[int, tuple[int, float]]]:
    """Of each two networks, in both directions: the partner of each unit, and the correlation with it."""
    found: dict[tuple[int, int], dict[int, tuple[int, float]]] = {}
    for pair, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
        for x, y in enumerate(results["one_to_one/partner"].values[layer, pair].tolist()):
            if y >= 0:
                r = float(results["one_to_one/correlation"][layer, pair, x, y])
                found.setdefault((a, b), {})[x] = (y, r)
                found.setdefault((b, a), {})[y] = (x, r)
    return found


@pytest.mark.parametrize("shape", by_default(SHAPES, "one layer", "hostile names"))
def test_every_shape_is_drawn_and_the_extremes_are_legible(shape: str) -> None:
    for draw in DRAWN:
        assert_drawn(draw(shaped(shape), COLUMNS[shape]), COLUMNS[shape], shape in EXTREMES)


@pytest.mark.parametrize("draw", DRAWN)
def test_nothing_to_show(make: Callable[..., DataTree], draw: Callable[[DataTree], object]) -> None:
    for without in (make(layers=LAYERS), unaligned(make(layers=LAYERS))):
        with pytest.raises(ValueError, match="hold nothing that the figure"):
            draw(without)


def test_reliable_rows(results: DataTree) -> None:
    results["one_to_one/partner"][2, 1, 0] = -1
    rows = reliable_rows(results)
    assert [row.layer for row in rows] == list(LAYERS)
    for layer, row in enumerate(rows):
        known = [
            (float(results["one_to_one/correlation"][layer, pair, x, y]), name, x, y)
            for pair, name in enumerate(["0-1", "0-2", "1-2"])
            for x, y in enumerate(results["one_to_one/partner"].values[layer, pair].tolist())
            if y >= 0
        ]
        values = np.array([r for r, *_ in known])
        assert row.matched == len(values)
        assert row.mean == pytest.approx(values.mean())
        assert row.high == pytest.approx(np.mean(values >= 0.7))
        assert row.low == pytest.approx(np.mean(values < 0.3))
        for found, extreme in ((row.best, max(values)), (row.worst, min(values))):
            assert found.correlation == extreme
            assert (found.correlation, found.pair, found.x, found.y) in known


def test_cycles_are_followed(results: DataTree) -> None:
    results["one_to_one/partner"][1, 2, [0, 3]] = -1
    for layer in range(3):
        to = partners(results, layer)
        expected = []
        for a, b, c in permutations(range(3)):
            for unit, (second, r) in to[a, b].items():
                if b < c and unit in to[a, c]:
                    third, s = to[a, c][unit]
                    onward = to[b, c].get(second, (None, 0))[0]
                    expected.append((min(r, s), onward == third))
        found = cycles(results, layer)
        assert sorted(zip(found.correlation.tolist(), found.closed.astype(bool).tolist(), strict=True)) == sorted(
            expected
        )
        assert found.chance == pytest.approx(1 / int(results["similarity/units"][layer]))
        assert reliable_rows(results)[layer].closed == pytest.approx(np.mean([closed for _, closed in expected]))


def test_cycles_of_permuted_copies_all_close(results: DataTree) -> None:
    rng = np.random.default_rng(0)
    count = int(results["similarity/units"][0])
    orders = [rng.permutation(count) for _ in range(3)]  # unit i of network n is feature orders[n][i]
    for pair, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
        results["one_to_one/partner"][0, pair, :count] = np.argsort(orders[b])[orders[a]]
    assert cycles(results, 0).closed.tolist() == [1.0] * (3 * count)


def test_closing_shares_by_correlation() -> None:
    rng = np.random.default_rng(0)
    correlation, closed = rng.uniform(-0.2, 1, 400), rng.integers(0, 2, 400).astype(float)
    correlation[:2] = 1, 0.3
    found = Cycles(correlation, closed, np.full(400, 0.05))
    middles, shares, chance = closing_shares(found)
    for middle, share, level in zip(middles, shares, chance, strict=True):
        low = -1 if middle < 0.1 else middle - 0.05
        inside = (correlation >= low - 1e-12) & (correlation < middle + 0.05 + (middle > 0.9))
        assert share == pytest.approx(closed[inside].mean())
        assert level == pytest.approx(0.05)
    few = closing_shares(Cycles(*(part[:9] for part in found)))
    assert np.isnan(few[1]).all()


def test_the_distribution_and_the_cycles_are_drawn(results: DataTree) -> None:
    upper, lower = reliable_features(results).axes
    bars = [bar for bar in upper.patches if isinstance(bar, Rectangle)]
    for layer, bar in enumerate(bars):
        values = alignment(results).partner[layer]
        first, third = np.nanquantile(values, (0.25, 0.75))
        assert (bar.get_y(), bar.get_y() + bar.get_height()) == pytest.approx((first, third))
    found = [cycles(results, layer) for layer in range(3)]
    both = Cycles(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    _, closed, chance = closing_shares(both)
    np.testing.assert_allclose(lower.get_lines()[0].get_ydata(), closed)
    np.testing.assert_allclose(lower.get_lines()[1].get_ydata(), chance)


def test_two_networks_have_no_cycles(make: Callable[..., DataTree]) -> None:
    results = add_alignment(make(layers=LAYERS, networks=("0", "1")))
    assert len(reliable_features(results).axes) == 1
    assert all(np.isnan(row.closed) for row in reliable_rows(results))


def test_subspaces(results: DataTree) -> None:
    found = subspaces(results)
    best = best_penalties(tradeoff(results).held_out)
    for layer, row in enumerate(Subspaces(*values) for values in zip(*found, strict=True)):
        count, place = int(results["similarity/units"][layer]), best[layer]
        assert place >= 0
        squares = results["one_to_one/correlation"].values[layer, :, :count, :count] ** 2
        assert row.single == pytest.approx(np.mean([squares.max(2), squares.max(1)]))
        for value, name, at in (
            (row.sparse, "held_out_r2", {"penalty": place}),
            (row.every, "held_out_r2", {"penalty": 5}),
            (row.predictors, "predictors", {"penalty": place, "threshold": 0}),
        ):
            assert value == pytest.approx(np.mean([units(results, name, layer, pair, **at) for pair in range(3)]))
        assert row.similarity == pytest.approx(float(results["similarity/similarity"][layer, :, 4].mean()))
        assert row.gap == row.sparse - row.single
    lines = shared_subspaces(results).axes[0].get_lines()
    for line, name in zip(lines, ("every", "sparse", "single", "similarity"), strict=True):
        assert line.get_ydata() == pytest.approx(getattr(found, name))


def test_units_whose_prediction_was_not_measured_do_not_count_for_single_units(results: DataTree) -> None:
    whole = subspaces(results).single[0]
    best = results["one_to_one/correlation"].values[0] ** 2
    strongest = int(np.nan_to_num(best[0]).max(1).argmax())
    results["sparse_prediction/held_out_r2_x"][0, 0, :, strongest] = np.nan
    assert subspaces(results).single[0] < whole


def test_a_mean_far_below_zero_is_left_out(results: DataTree) -> None:
    for side in "xy":
        results[f"sparse_prediction/held_out_r2_{side}"][1, :, 5] = -7.0
    axes = shared_subspaces(results).axes[0]
    assert np.isnan(axes.get_lines()[0].get_ydata()).tolist() == [False, True, False]
    assert axes.get_ylim() == (0, 1)
    assert subspaces(results).every[1] == -7


def test_units_needed_is_the_fewest_that_reach_nine_tenths() -> None:
    rng = np.random.default_rng(0)
    predictors = rng.integers(0, 40, (6, 50)).astype(float)
    held_out = rng.uniform(-0.5, 1, (6, 50))
    held_out[:, 0] = np.nan
    held_out[2, 1] = np.nan
    held_out[:, 2] = 0.05
    needed = units_needed(predictors, held_out)
    for unit in range(50):
        known = [(r, n) for r, n in zip(held_out[:, unit], predictors[:, unit], strict=True) if r == r]
        if not known:
            assert np.isnan(needed[unit])
        elif max(known)[0] < 0.1:
            assert np.isinf(needed[unit])
        else:
            assert needed[unit] == min(n for r, n in known if r >= 0.9 * max(known)[0])


def test_local_rows(results: DataTree) -> None:
    kinds = ((0, 0), (1, 1), (2, 4), (5, 16), (17, 1000), (np.inf, np.inf))
    shown = drawn_thresholds(results)
    assert shown == [0, 2]
    axes = local_and_distributed(results).axes
    for threshold, drawn in zip(shown, axes, strict=True):
        rows = local_rows(results, threshold)
        heights = [bar.get_height() for bar in drawn.patches if isinstance(bar, Rectangle)]
        for layer, row in enumerate(rows):
            needed = np.concatenate([
                units_needed(
                    *(
                        np.stack([units(results, name, layer, pair, penalty=place, **at) for place in range(6)])
                        for name, at in (("predictors", {"threshold": threshold}), ("held_out_r2", {}))
                    )
                )
                for pair in range(3)
            ])  # fmt: skip
            assert row.units == len(needed)
            expected = [np.mean((needed >= low) & (needed <= high)) for low, high in kinds]
            assert row.shares == pytest.approx(expected)
            assert sum(row.shares) == pytest.approx(1)
            assert np.reshape(heights, (6, 3))[:, layer] == pytest.approx(expected)
