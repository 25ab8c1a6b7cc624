"""Figures and tables of clusters, against a second way to count."""

from collections import Counter
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch
from xarray import Dataset, DataTree

from jaxrepsim.report.sections.clusters import VARIABLES, cluster_rows
from jaxrepsim.report.sections.clusters.blocks import DRAWING as BLOCKS
from jaxrepsim.report.sections.clusters.blocks import by_cluster, joint_correlation, pooled
from jaxrepsim.report.sections.clusters.mixing import CLUSTERINGS, clustered, mixing
from jaxrepsim.report.sections.clusters.mixing import DRAWING as SHARES
from jaxrepsim.report.style import save
from tests.report.conftest import by_default
from tests.report.groups_alignment import add_alignment, planted_correlations, unaligned
from tests.report.test_figures import assert_drawn
from tests.report.test_sparse import COLUMNS, EXTREMES, LAYERS, SHAPES, shaped
from tests.report.trees import as_flat


@pytest.fixture
def results(make: Callable[..., DataTree]) -> DataTree:
    return add_alignment(make(layers=LAYERS))


def labels(results: DataTree, kind: str, layer: int, pair: int) -> list[tuple[int, str, int]]:
    """(label, side, unit) of all units of a pair."""
    count = int(results["similarity/units"][layer])
    places = [(side, unit) for side in "xy" for unit in range(count)]
    return [(int(results[f"clusters/{kind}_{side}"][layer, pair, unit]), side, unit) for side, unit in places]


@pytest.mark.parametrize("shape", by_default(SHAPES, "one layer", "hostile names"))
def test_every_shape_is_drawn_and_the_extremes_are_legible(shape: str) -> None:
    results, column = shaped(shape), COLUMNS[shape]
    for drawing in (BLOCKS, SHARES):
        assert_drawn(drawing.figure(results, column), column, shape in EXTREMES)
        assert drawing.caption(results).endswith(".")
        assert "nan" not in drawing.caption(results)


def test_images_hold_the_correlations_in_the_order_of_clusters(results: DataTree) -> None:
    panels = [axes for axes in BLOCKS.figure(results).axes if axes.get_title()]
    assert [axes.get_title().split("\n")[1] for axes in panels] == ["spectral", "tree"] * 3
    for layer in range(3):
        spectral = labels(results, "cluster", layer, 0)
        sizes = Counter(label for label, _, _ in spectral)
        ordered = sorted(spectral, key=lambda unit: (unit[0] < 0, -sizes[unit[0]], unit))
        leaf = sorted(labels(results, "leaf", layer, 0))
        for axes, units in ((panels[2 * layer], ordered), (panels[2 * layer + 1], leaf)):
            drawn = np.ma.getdata(axes.get_images()[0].get_array())
            assert drawn.shape == (len(units), len(units))
            for (i, (_, s, u)), (j, (_, t, v)) in [(a, b) for a in enumerate(units) for b in enumerate(units)][::37]:
                if s == t:
                    expected = results["one_to_one/correlation_within"].values[layer, "xy".index(s), u, v]
                else:
                    x, y = (u, v) if s == "x" else (v, u)
                    expected = results["one_to_one/correlation"].values[layer, 0, x, y]
                assert drawn[i, j] == pytest.approx(expected)
            strip = np.ma.getdata(axes.child_axes[0].get_images()[0].get_array())
            assert strip[:, 0].tolist() == [float(side == "y") for _, side, _ in units]


def test_squares_frame_the_clusters(results: DataTree) -> None:
    panels = [axes for axes in BLOCKS.figure(results).axes if axes.get_title()]
    for layer in range(3):
        sizes = Counter(label for label, _, _ in labels(results, "cluster", layer, 0))
        alone = sizes.pop(-1, 0)
        expected = sorted(sizes.values(), reverse=True) + [alone] * (alone > 0)
        patch = next(patch for patch in panels[2 * layer].patches if isinstance(patch, PathPatch))
        corners = patch.get_path().vertices.reshape(-1, 5, 2)
        assert (corners[:, 2] - corners[:, 0]).tolist() == [[size, size] for size in expected]
        assert corners[0, 0].tolist() == [0, 0]
        np.testing.assert_array_equal(corners[1:, 0], corners[:-1, 2])
        tree = [label for _, label in sorted((leaf[0], label[0]) for leaf, label in zip(
            labels(results, "leaf", layer, 0), labels(results, "tree", layer, 0), strict=True
        ))]  # fmt: skip
        patch = next(patch for patch in panels[2 * layer + 1].patches if isinstance(patch, PathPatch))
        runs = 1 + sum(a != b for a, b in pairwise(tree))
        assert len(patch.get_path().vertices) == 5 * runs == 5 * len(set(tree))


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=30), st.integers(0, 30))
def test_order_by_cluster(values: list[int], split: int) -> None:
    x, y = np.array(values[:split], int), np.array(values[split:], int)
    order, ends = by_cluster(x, y)
    sizes = Counter(values)
    expected = sorted(range(len(values)), key=lambda unit: (values[unit] < 0, -sizes[values[unit]], values[unit], unit))
    assert order.tolist() == expected
    assert ends[-1] == len(values)
    assert len(ends) == len(sizes)


@given(st.integers(1, 40), st.integers(1, 12))
def test_pooled_is_the_mean_of_blocks(size: int, step: int) -> None:
    values = np.arange(size * size, dtype=float).reshape(size, size) ** 1.5
    small = pooled(values, step)
    assert len(small) == -(-size // step)
    for i, j in np.ndindex(*small.shape):
        block = values[i * step : (i + 1) * step, j * step : (j + 1) * step]
        assert small[i, j] == pytest.approx(block.mean())


def test_a_thousand_units_make_a_small_file(make: Callable[..., DataTree]) -> None:
    results = make(layers=("wide",), networks=("0", "1"), units=2048, redraws=1, samples=1)
    count, rng = int(results["similarity/units"][0]), np.random.default_rng(0)
    assert count == 1024
    width = results["similarity"].sizes["unit"]
    matrix = (("layer", "pair", "unit", "other_unit"), 0.3 * rng.standard_normal((1, 1, width, width)))
    within = (("layer", "network", "unit", "other_unit"), 0.3 * rng.standard_normal((1, 2, width, width)))
    results["one_to_one"] = DataTree(Dataset({"correlation": matrix, "correlation_within": within}))
    data = {"count": (("layer",), np.array([40]))}
    places = rng.permutation(2 * width).reshape(2, 1, 1, width)
    for side, place in zip("xy", places, strict=True):
        data[f"cluster_{side}"] = (("layer", "pair", "unit"), rng.integers(0, 40, (1, 1, width)))
        data |= {
            f"{kind}_{side}": (("layer", "pair", "unit"), place // cut) for kind, cut in (("leaf", 1), ("tree", 52))
        }
    results["clusters"] = DataTree(Dataset(data))
    figure = BLOCKS.figure(results)
    file = BytesIO()
    save(figure, file, "svg")
    assert file.tell() < 200_000


def test_mixing_counts_clusters_of_both_networks(results: DataTree) -> None:
    results["clusters/cluster_x"][2, 1, 0] = -1
    for kind in CLUSTERINGS:
        counts = mixing(results, kind)
        for layer, pair in np.ndindex(3, 3):
            found: dict[int, set[str]] = {}
            units = labels(results, kind, layer, pair)
            for label, side, _ in units:
                if label >= 0:
                    found.setdefault(label, set()).add(side)
            mixed = {label for label, sides in found.items() if len(sides) == 2}
            at = (layer, pair)
            assert counts.clusters[at] == len(found)
            assert counts.mixed[at] == len(mixed)
            assert counts.share[at] == pytest.approx(len(mixed) / len(found))
            inside = sum(label in mixed for label, _, _ in units)
            assert counts.unit_share[at] == pytest.approx(inside / len(units))
            assert counts.unclustered[at] == sum(label < 0 for label, _, _ in units)
    assert mixing(results, "cluster").unclustered[2, 1] == 1


def test_shares_are_drawn_with_their_spread(results: DataTree) -> None:
    upper, lower = SHARES.figure(results).axes
    for index, kind in enumerate(CLUSTERINGS):
        counts = mixing(results, kind)
        for axes, values in ((upper, counts.share), (lower, counts.unit_share)):
            assert axes.get_lines()[index].get_ydata() == pytest.approx(values.mean(1))
            bars = np.array([segment[:, 1] for segment in axes.collections[index].get_segments()])
            np.testing.assert_allclose(bars, np.stack([values.min(1), values.max(1)], axis=1))
        chance = results[f"clusters/mixed_by_chance_{kind}"].values.mean(1)
        assert upper.get_lines()[len(CLUSTERINGS) + index].get_ydata() == pytest.approx(chance)


def test_rows(results: DataTree) -> None:
    rows = cluster_rows(results)
    assert [row.layer for row in rows] == list(LAYERS)
    spectral, tree = mixing(results, "cluster"), mixing(results, "tree")
    for layer, row in enumerate(rows):
        assert row.asked == int(results["clusters/count"][layer])
        for cell, values in (
            (row.cluster.found, spectral.clusters),
            (row.cluster.mixed, spectral.share),
            (row.cluster.by_chance, results["clusters/mixed_by_chance_cluster"].values),
            (row.cluster.units, spectral.unit_share),
            (row.tree.found, tree.clusters),
            (row.tree.mixed, tree.share),
            (row.tree.by_chance, results["clusters/mixed_by_chance_tree"].values),
            (row.tree.units, tree.unit_share),
            (row.cluster.unclustered, spectral.unclustered),
        ):
            assert cell == pytest.approx((values[layer].mean(), values[layer].min(), values[layer].max()))
    assert rows[1].cluster.unclustered.high > 0  # the dead units of the made-up results


def test_a_layer_that_was_not_clustered(results: DataTree) -> None:
    for name in VARIABLES:
        values = results[f"clusters/{name}"]
        values[1] = np.nan if values.dtype.kind == "f" else -1
    assert [row.layer for row in cluster_rows(results)] == ["conv1", "logits"]
    titles = {axes.get_title().split("\n")[0] for axes in BLOCKS.figure(results).axes if axes.get_title()}
    assert titles == {"conv1", "logits"}
    assert np.isnan(SHARES.figure(results).axes[0].get_lines()[0].get_ydata()).tolist() == [False, True, False]
    assert "A layer without points was not computed." in SHARES.caption(results)


def test_one_of_the_orders_alone(results: DataTree) -> None:
    for side in "xy":
        results[f"clusters/leaf_{side}"][:] = -1
    titles = [axes.get_title().split("\n")[1] for axes in BLOCKS.figure(results).axes if axes.get_title()]
    assert titles == ["spectral"] * 3


def test_nothing_to_show(make: Callable[..., DataTree]) -> None:
    small = make(layers=LAYERS)
    assert not clustered(small)
    results = unaligned(small)
    assert not clustered(results)
    assert cluster_rows(results) == []
    for drawing in (BLOCKS, SHARES):
        with pytest.raises(ValueError, match=drawing.name):
            drawing.figure(results)
    # Without correlations there is no matrix to draw, but clusters can be counted.
    uncorrelated = add_alignment(small).drop_nodes("one_to_one")
    assert clustered(uncorrelated)
    assert not BLOCKS.present(uncorrelated)
    assert len(cluster_rows(uncorrelated)) == 3


def test_joint_correlation_is_symmetric_and_of_both(results: DataTree) -> None:
    for layer, pair in np.ndindex(3, 3):
        joint = joint_correlation(results, layer, pair)
        count = int(results["similarity/units"][layer])
        assert joint.shape == (2 * count, 2 * count)
        np.testing.assert_allclose(joint, joint.T, atol=1e-12)
        first, second = [(0, 1), (0, 2), (1, 2)][pair]
        np.testing.assert_array_equal(
            joint[:count, :count], results["one_to_one/correlation_within"][layer, first, :count, :count]
        )
        np.testing.assert_array_equal(
            joint[count:, count:], results["one_to_one/correlation_within"][layer, second, :count, :count]
        )


def test_made_up_correlations_are_correlations(make: Callable[..., DataTree]) -> None:
    results = make(layers=LAYERS)
    within, between = planted_correlations(as_flat(results), np.random.default_rng(7))
    for layer in range(3):
        count = int(results["similarity/units"][layer])
        joint = np.block([
            [within[layer, 0, :count, :count], between[layer, 0, :count, :count]],
            [between[layer, 0, :count, :count].T, within[layer, 1, :count, :count]],
        ])  # fmt: skip
        assert np.linalg.eigvalsh(joint).min() > -1e-9
        assert set(np.round(np.diag(joint), 9)) <= {0.0, 1.0}
