"""Figures of one run for the experiments: layers by kind, and the sizes of simple matches."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from xarray import Dataset

from jaxrepsim.models import ModelConfig, build, layer_names
from jaxrepsim.models.build import MODELS
from jaxrepsim.report.kinds import both_kinds, kind_of, kind_rows, similarity_by_kind
from jaxrepsim.report.simple_sizes import simple_match_distribution
from jaxrepsim.report.style import Column
from tests.report.conftest import made
from tests.report.groups import add_groups, not_computed
from tests.report.test_figures import assert_drawn

FEW = ("conv1", "fc1", "logits")
SHAPES = ("one layer", "many epsilons", "hostile names")
WITH_GROUPS = ("all groups, one layer, one pair", "all groups, two networks", "enumeration stopped")


@pytest.mark.parametrize("case", [*SHAPES, *WITH_GROUPS])
def test_every_shape_is_drawn_and_the_extremes_are_legible(case: str) -> None:
    results = made(case)
    column: Column = "double" if case in ("one layer", "all groups, one layer, one pair") else "single"
    extreme = case in ("one layer", "hostile names", "all groups, one layer, one pair", "enumeration stopped")
    assert_drawn(similarity_by_kind(results, column), column, extreme)
    if case in WITH_GROUPS:
        assert_drawn(simple_match_distribution(results, column), column, extreme)


ONE_OF_EACH = {"vgg11", "resnet20", "resnet18", "plain20", "imagenet_vgg11", "imagenet_resnet18", "imagenet_resnet50"}


@pytest.mark.parametrize("name", sorted(ONE_OF_EACH & set(MODELS)))
def test_the_kinds_of_every_model(name: str) -> None:
    """By the rank of the activations: maps are convolutions, vectors are not."""
    layers = layer_names(build(ModelConfig(name, width=1 / 16), input_size=64, classes=3), (64, 64, 3))
    kinds = [kind_of(layer) for layer in layers]
    assert kinds[-1] == "output"
    vectors = [layer for layer, kind in zip(layers, kinds, strict=True) if kind != "convolutional"]
    assert vectors in (["fc1", "fc2", "logits"], ["pool", "logits"])


def test_names_of_other_packages_are_of_no_kind() -> None:
    assert {kind_of(name) for name in ("fc", "layer1.0.conv1", "avgpool", "features.0", "classifier.3")} == {"other"}
    kinds = [kind_of(name) for name in ("conv3", "conv2_14", "block1_1.conv2", "block1_1.sum", "stem")]
    assert kinds == ["convolutional"] * 5


def test_rows_by_kind(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(redraws=1))
    rows = {row.kind: row for row in kind_rows(results)}
    assert [*rows] == ["convolutional", "fully connected", "output"]
    assert [row.layers for row in rows.values()] == [8, 1, 1]
    by_layer = results["similarity"].mean(("pair", "redraw")).values
    convolutional = rows["convolutional"]
    assert convolutional.similarity.mean == pytest.approx(by_layer[:8].mean(0))
    assert convolutional.similarity.low == pytest.approx(by_layer[:8].min(0))
    assert rows["output"].similarity.high == pytest.approx(by_layer[9])
    shuffled = results["chance_shuffled"].mean(("pair", "draw")).values
    assert convolutional.shuffled == pytest.approx(shuffled[:8].mean(0))
    assert np.isnan(kind_rows(make())[0].shuffled).all()


def points(axes: Axes) -> list[tuple[float, float]]:
    """Of the pairs, not the bars of chance."""
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "None" and line.get_marker() != "_"]
    return [(float(x), float(y)) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_profiles_and_depth_by_kind(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(layers=FEW))
    results["samples"][1] = 3
    top, _, last = similarity_by_kind(results).axes
    assert last.get_title(loc="left") == "ε = 0.5"
    expected = sorted(results["similarity"][:, :, 4].mean("redraw").values.ravel())
    assert sorted(y for _, y in points(last)) == pytest.approx(expected)
    hollow = {round(float(line.get_xdata()[0])) for line in last.get_lines() if line.get_markerfacecolor() == "#ffffff"}
    assert hollow == {1}
    bars = next(line for line in last.get_lines() if line.get_marker() == "_")
    assert bars.get_ydata() == pytest.approx(results["chance_shuffled"][:, :, 4].mean(("pair", "draw")).values)
    curves = [line for line in top.get_lines() if len(np.asarray(line.get_xdata())) > 2]
    assert len(curves) == 3
    for layer, curve in enumerate(curves):
        both = np.concatenate([results[f"profile_{side}"].values[layer] for side in "xy"], axis=-1)
        known = both[~np.isnan(both)]
        at = np.asarray(curve.get_xdata())
        assert curve.get_ydata() == pytest.approx((known[None] <= at[:, None]).mean(1))


def test_both_kinds(make: Callable[..., Dataset]) -> None:
    assert both_kinds(make(layers=FEW))
    assert not both_kinds(make(layers=("conv1", "conv2")))
    assert not both_kinds(make(layers=("fc1", "logits")))


def test_every_simple_match_is_a_point(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(layers=("a", "b"), epsilons=(0.01, 0.3, 0.5)), slots=200)
    figure = simple_match_distribution(results)
    members = [(results[f"simple_{side}"] == 1).sum("unit").values for side in "xy"]
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
        matched = (results["matched_x"] + results["matched_y"])[:, :, epsilon, 0].values
        held = (size[:, :, epsilon] > 0).any(-1)
        assert ticks >= {float(matched[layer][held[layer]].mean()) for layer in range(2) if held[layer].any()}


def test_a_search_that_stopped_is_told(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.5,), units=64), slots=7)
    title = simple_match_distribution(results).axes[0].get_title(loc="left")
    stopped = int((results["simple_complete"] == 0).sum())
    assert title.endswith(f"{stopped} of 3 searches stopped")
    results["simple_complete"][:] = 1
    for side in "xy":
        results[f"simple_{side}"][0, 0] = -1
    results["simple_complete"][0, 0] = 0
    title = simple_match_distribution(results).axes[0].get_title(loc="left")
    assert title.endswith("1 of 3 searches stopped")  # though it found nothing
    whole = add_groups(make(layers=("a",), epsilons=(0.5,)), slots=200)
    assert simple_match_distribution(whole).axes[0].get_title(loc="left").endswith("all there are")


def test_sizes_need_simple_matches(make: Callable[..., Dataset]) -> None:
    small = make(layers=("a",))
    for without in (small, not_computed(small)):
        with pytest.raises(ValueError, match="no simple match was found"):
            simple_match_distribution(without)
