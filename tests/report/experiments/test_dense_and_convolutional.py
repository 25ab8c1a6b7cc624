"""Layers by type: the types of their names, the table, and the figure."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from xarray import DataTree

from jaxrepsim.models import ModelConfig, build, layer_names
from jaxrepsim.models.families import MODELS
from jaxrepsim.report.experiments.dense_and_convolutional import both_types, similarity_by_type, type_of, type_table
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.style import Column
from tests.report.conftest import made
from tests.report.groups import add_groups
from tests.report.test_figures import assert_drawn

FEW = ("conv1", "fc1", "logits")
SHAPES = ("one layer", "many epsilons", "hostile names")
WITH_GROUPS = ("all groups, one layer, one pair", "all groups, two networks", "enumeration stopped")


@pytest.mark.parametrize("case", [*SHAPES, *WITH_GROUPS])
def test_every_shape_is_drawn_and_the_extremes_are_legible(case: str) -> None:
    results = made(case)
    column: Column = "double" if case in ("one layer", "all groups, one layer, one pair") else "single"
    extreme = case in ("one layer", "hostile names", "all groups, one layer, one pair", "enumeration stopped")
    assert_drawn(similarity_by_type(results, column), column, extreme)


ONE_OF_EACH = {"vgg11", "resnet20", "resnet18", "plain20", "imagenet_vgg11", "imagenet_resnet18", "imagenet_resnet50"}


@pytest.mark.parametrize("name", sorted(ONE_OF_EACH & set(MODELS)))
def test_the_types_of_every_model(name: str) -> None:
    """By the rank of the activations: maps are convolutions, vectors are not."""
    layers = layer_names(build(ModelConfig(name, width=1 / 16), input_size=64, classes=3), (64, 64, 3))
    types = [type_of(layer) for layer in layers]
    assert types[-1] == "output"
    vectors = [layer for layer, layer_type in zip(layers, types, strict=True) if layer_type != "convolutional"]
    assert vectors in (["fc1", "fc2", "logits"], ["pool", "logits"])


def test_names_of_other_packages_are_of_no_type() -> None:
    assert {type_of(name) for name in ("fc", "layer1.0.conv1", "avgpool", "features.0", "classifier.3")} == {"other"}
    types = [type_of(name) for name in ("conv3", "conv2_14", "block1_1.conv2", "block1_1.sum", "stem")]
    assert types == ["convolutional"] * 5


def test_the_table_by_type(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(redraws=1))
    table = type_table(results)
    rows = dict(iter(table.groupby("kind", sort=False)))
    assert [*rows] == ["convolutional", "fully connected", "output"]
    assert [row["layers"].unique().tolist() for row in rows.values()] == [[8], [1], [1]]
    assert (table["of few samples"] == 0).all()
    auc = profile_auc(results).mean(1)
    by_layer = np.column_stack([auc, results["similarity/similarity"].mean(("pair", "redraw")).values])
    convolutional = rows["convolutional"]
    assert convolutional["ε"].tolist() == ["mean over ε ≤ 0.5", "0.15", "0.2", "0.25", "0.3", "0.5"]
    assert convolutional["similarity"].tolist() == pytest.approx(by_layer[:8].mean(0))
    assert convolutional["lowest layer"].tolist() == pytest.approx(by_layer[:8].min(0))
    assert rows["output"]["highest layer"].tolist() == pytest.approx(by_layer[9])
    shuffled = results["chance/shuffled"].mean(("pair", "draw")).values
    assert convolutional["shuffled"].tolist()[1:] == pytest.approx(shuffled[:8].mean(0))
    assert np.isnan(table["shuffled"][0])
    assert type_table(make())["shuffled"].isna().all()


def points(axes: Axes) -> list[tuple[float, float]]:
    """Of the pairs, not the bars of chance."""
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "None" and line.get_marker() != "_"]
    return [(float(x), float(y)) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_profiles_and_depth_by_type(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=FEW))
    results["similarity/samples"][1] = 3
    top, _, last = similarity_by_type(results).axes
    assert last.get_title(loc="left") == "ε = 0.5"
    expected = sorted(results["similarity/similarity"][:, :, 4].mean("redraw").values.ravel())
    assert sorted(y for _, y in points(last)) == pytest.approx(expected)
    hollow = {round(float(line.get_xdata()[0])) for line in last.get_lines() if line.get_markerfacecolor() == "#ffffff"}
    assert hollow == {1}
    bars = next(line for line in last.get_lines() if line.get_marker() == "_")
    assert bars.get_ydata() == pytest.approx(results["chance/shuffled"][:, :, 4].mean(("pair", "draw")).values)
    curves = [line for line in top.get_lines() if len(np.asarray(line.get_xdata())) > 2]
    assert len(curves) == 3
    for layer, curve in enumerate(curves):
        both = np.concatenate([results[f"similarity/profile_{side}"].values[layer] for side in "xy"], axis=-1)
        known = both[~np.isnan(both)]
        at = np.asarray(curve.get_xdata())
        assert curve.get_ydata() == pytest.approx((known[None] <= at[:, None]).mean(1))


def test_both_types(make: Callable[..., DataTree]) -> None:
    assert both_types(make(layers=FEW))
    assert not both_types(make(layers=("conv1", "conv2")))
    assert not both_types(make(layers=("fc1", "logits")))
