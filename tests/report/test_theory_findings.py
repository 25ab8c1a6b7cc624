"""Sentences on the theory: what they say is counted, and they are silent on what was not computed."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report.sections import across_layers, chance, decomposition, joint, over_training, stability
from jaxrepsim.report.sections.chance.nulls import calibrated
from tests.report.groups import add_groups, not_computed
from tests.report.test_findings import details

on_decomposition = decomposition.SECTION.sentences
SECTIONS = (chance, joint, decomposition, stability, across_layers, over_training)


def said(results: DataTree) -> list[str]:
    """The sentences of the sections of the theory that the results hold, in the order of the page."""
    return [
        sentence
        for module in SECTIONS
        if module.SECTION.is_in(results)
        for sentence in module.SECTION.sentences(results)
    ]


@pytest.fixture
def small(make: Callable[..., DataTree]) -> DataTree:
    """Two layers, three networks, every group, at ε = 0.2 and 0.5."""
    return add_groups(make(layers=("a", "b"), epsilons=(0.2, 0.5)), slots=400)


def test_every_section_has_its_sentences(full: DataTree) -> None:
    assert [len(module.SECTION.sentences(full)) for module in SECTIONS] == [1, 1, 2, 1, 0, 1]


def test_every_shape_has_sentences(grouped_results: DataTree) -> None:
    for sentence in said(grouped_results):
        assert sentence.endswith(".")
        assert "nan" not in sentence


def test_silent_on_what_is_not_there(make: Callable[..., DataTree]) -> None:
    assert said(make(layers=("a", "b"))) == []
    assert said(not_computed(make(layers=("a", "b")))) == []


def test_local_or_distributed(small: DataTree) -> None:
    x, y = (small[f"decomposition/simple_{side}"].values[:, :, 1] for side in "xy")
    sizes = [
        (int((x[at] == 1).sum()), int((y[at] == 1).sum()), small["similarity/units"].values[at[0]])
        for at in np.ndindex(2, 3, 400)
        if (x[at] >= 0).any()
    ]
    single = sum(x == y == 1 for x, y, _ in sizes)
    median = np.median([x + y for x, y, _ in sizes])
    share = np.median([(x + y) / (2 * units) for x, y, units in sizes])
    assert on_decomposition(small)[0] == (
        f"At ε = 0.5, {single} of {len(sizes)} simple matches found are one unit to one ({single / len(sizes):.0%}); "
        f"the median one holds {median:g} units, {share:.0%} of both networks' units in the layer; all were found."
    )
    small["decomposition/simple_complete"][0, 0, 1] = 0
    assert on_decomposition(small)[0].endswith("; 1 of 6 searches stopped early.")
    small["decomposition/simple_x"][:, :, 1] = -1
    small["decomposition/simple_y"][:, :, 1] = -1
    assert on_decomposition(small)[0].startswith("At ε = 0.2, ")
    small["decomposition/simple_x"][:] = -1
    small["decomposition/simple_y"][:] = -1
    assert on_decomposition(small)[0] == "No simple match was found at any ε."


def test_proven_minimum_matches(small: DataTree) -> None:
    minimum = int(small["decomposition/certified_minimum"][:, :, 1].sum())
    total = int((small["similarity/matched_x"] + small["similarity/matched_y"])[:, :, 1, 0].sum())
    assert f"At ε = 0.5, {minimum} of {total} units in maximum matches have" in on_decomposition(small)[1]
    assert f"({minimum / total:.0%})" in on_decomposition(small)[1]


@pytest.mark.parametrize(("observed", "layers"), [((0.9, 0.9), 2), ((0.9, 0.3), 1), ((0.3, 0.3), 0)])
def test_above_chance(small: DataTree, observed: tuple[float, float], layers: int) -> None:
    small["chance/observed"][:] = np.reshape(observed, (2, 1, 1))
    small["chance/shuffled"][:] = 0.1
    small["chance/shuffled"][:, 2, 1, 7] = 0.3  # as high as observed, once, in one pair
    small["chance/p_shuffled"][:] = 0.05
    small["chance/p_shuffled"][:, 2, 1] = np.where(np.array(observed) > 0.3, 0.05, 0.1)
    sentence = chance.SECTION.sentences(small)[0]
    p = " (p ≤ 0.05 in each)" if layers else ""
    expected = f"similarity is above every one of 19 shuffled draws in every pair in {layers} of 2 layers{p}."
    assert sentence == f"At ε = 0.5, {expected}"


def test_calibrated_similarity_is_above_chance_where_p_is_small(small: DataTree) -> None:
    rng = np.random.default_rng(0)
    observed, draws = rng.uniform(0, 1, small["chance/observed"].shape), small["chance/shuffled"]
    small["chance/observed"][:], draws[:] = observed, rng.uniform(0, 0.9, draws.shape)
    both = np.sort(np.concatenate([draws.values, observed[..., None]], -1))
    expected = np.maximum(0, (observed - both[..., -2]) / (1 - both[..., -2]))  # of 19 draws: ⌈0.95 · 20⌉ = 19th of 20
    found = calibrated(small)
    np.testing.assert_allclose(found, expected)
    p = (1 + (draws.values >= observed[..., None]).sum(-1)) / 20
    np.testing.assert_array_equal(found > 0, p <= 0.05)
    small["chance/shuffled"][:], small["chance/observed"][0] = 1.0, np.nan
    assert np.isnan(calibrated(small)[0]).all()
    assert (calibrated(small)[1] == 0).all()


def test_the_headline_is_followed_by_calibrated_values(small: DataTree, make: Callable[..., DataTree]) -> None:
    small["chance/observed"][:], small["chance/shuffled"][:] = 0.6, 0.2
    small["chance/shuffled"][1] = 0.6
    first = details(small)[0]
    assert first == (
        "These are raw values. At ε = 0.5, calibrated against shuffled inputs (0: as by chance), mean similarity over "
        "pairs is highest in a (0.50), and 0 in 1 of 2 layers."
    )
    small["chance/shuffled"][0] = 0.6
    assert details(small)[0].endswith("over pairs is 0 in 2 of 2 layers.")
    few = add_groups(make(layers=("a", "b"), epsilons=(0.2, 0.5)), draws=2)
    assert "calibrated" not in details(few)[0]


def test_all_networks_at_once(small: DataTree) -> None:
    small["similarity/similarity"][:, :, 1, 0] = np.reshape([0.8, 0.6], (2, 1))
    small["joint/similarity"][:, 1] = [0.5, 0.59]
    sentence = joint.SECTION.sentences(small)[0]
    assert sentence == (
        "At ε = 0.5, similarity of all 3 networks at once lies below that of pairs in 1 of 2 layers, most in a "
        "(0.50 against 0.80)."
    )
    small["joint/similarity"][:, 1] = [0.79, 0.6]
    assert "is about that of pairs in every layer" in joint.SECTION.sentences(small)[0]


def test_two_networks_have_no_more_to_say_at_once(make: Callable[..., DataTree]) -> None:
    results = add_groups(make(layers=("a",), networks=("0", "1")))
    assert joint.SECTION.sentences(results) == []


def test_stability(small: DataTree) -> None:
    small["stability/stable"][:] = -1
    none = stability.SECTION.sentences(small)[0]
    assert none == (
        "In none of 12 cases (layer, pair and ε) is the theorem on unique decompositions proven to apply; in 0 it is "
        "proven not to, in 12 undecided."
    )
    small["stability/stable"][0, :2, 0] = 1
    small["stability/stable"][1, :, 1] = 0
    some = stability.SECTION.sentences(small)[0]
    assert some == (
        "In 2 of 12 cases (layer, pair and ε) the theorem on unique decompositions is proven to apply, in 1 of 2 "
        "layers; in 3 it is proven not to, in 7 undecided."
    )


def test_over_training(small: DataTree) -> None:
    small["over_training/similarity"][:] = 0.5
    small["over_training/similarity"][0, :, :, 1] = np.reshape([0.1, 0.505], (2, 1))
    sentence = over_training.SECTION.sentences(small)[0]
    assert sentence == (
        "At ε = 0.5, from epoch 0 to epoch 40 similarity rises in 1 and falls in 0 of 2 layers; averaged over layers "
        "it goes from 0.30 to 0.50, and changes most in a, from 0.10 to 0.50."
    )
    one = over_training.SECTION.sentences(small.isel(layer=[0]))[0]
    assert one == "At ε = 0.5, from epoch 0 to epoch 40 similarity goes from 0.10 to 0.50 in a."
    assert over_training.SECTION.sentences(small.isel(checkpoint=[0], missing_dims="ignore")) == []
