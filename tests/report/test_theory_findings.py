"""Sentences on the optional groups: what they say is counted, and they are silent on what was not computed."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import Dataset

from jaxrepsim.report import details
from jaxrepsim.report.findings_theory import theory_details
from tests.report.groups import add_groups, not_computed


@pytest.fixture
def small(make: Callable[..., Dataset]) -> Dataset:
    """Two layers, three networks, every group, at ε = 0.2 and 0.5."""
    return add_groups(make(layers=("a", "b"), epsilons=(0.2, 0.5)), slots=400)


def test_all_groups_have_a_sentence(full: Dataset, results: Dataset) -> None:
    sentences = theory_details(full)
    assert len(sentences) == 6
    before = len(details(results))
    assert details(full)[before : before + 6] == sentences


def test_every_shape_has_sentences(grouped_results: Dataset) -> None:
    for sentence in theory_details(grouped_results):
        assert sentence.endswith(".")
        assert "nan" not in sentence


def test_silent_on_what_is_not_there(make: Callable[..., Dataset]) -> None:
    assert theory_details(make(layers=("a", "b"))) == []
    assert theory_details(not_computed(make(layers=("a", "b")))) == []


def test_local_or_distributed(small: Dataset) -> None:
    sizes = [
        (int((small["simple_x"][at] == 1).sum()), int((small["simple_y"][at] == 1).sum()), small["units"].values[layer])
        for layer, pair, slot in np.ndindex(2, 3, 400)
        if (small["simple_x"].values[at := (layer, pair, 1, slot)] >= 0).any()
    ]
    single = sum(x == y == 1 for x, y, _ in sizes)
    median = np.median([x + y for x, y, _ in sizes])
    share = np.median([(x + y) / (2 * units) for x, y, units in sizes])
    assert theory_details(small)[0] == (
        f"At ε = 0.5, {single} of {len(sizes)} simple matches found are one unit to one ({single / len(sizes):.0%}); "
        f"the median one holds {median:g} units, {share:.0%} of both networks' units in the layer; all were found."
    )
    small["simple_complete"][0, 0, 1] = 0
    assert theory_details(small)[0].endswith("; 1 of 6 searches stopped early.")
    small["simple_x"][:, :, 1] = -1
    small["simple_y"][:, :, 1] = -1
    assert theory_details(small)[0].startswith("At ε = 0.2, ")
    small["simple_x"][:] = -1
    small["simple_y"][:] = -1
    assert theory_details(small)[0] == "No simple match was found at any ε."


def test_proven_minimum_matches(small: Dataset) -> None:
    minimum = int(small["certified_minimum"][:, :, 1].sum())
    total = int((small["matched_x"] + small["matched_y"])[:, :, 1, 0].sum())
    assert f"At ε = 0.5, {minimum} of {total} units in maximum matches have" in theory_details(small)[1]
    assert f"({minimum / total:.0%})" in theory_details(small)[1]


@pytest.mark.parametrize(("observed", "layers"), [((0.9, 0.9), 2), ((0.9, 0.3), 1), ((0.3, 0.3), 0)])
def test_above_chance(small: Dataset, observed: tuple[float, float], layers: int) -> None:
    small["chance_observed"][:] = np.reshape(observed, (2, 1, 1))
    small["chance_shuffled"][:] = 0.1
    small["chance_shuffled"][:, 2, 1, 7] = 0.3  # as high as observed, once, in one pair
    small["p_shuffled"][:] = 0.05
    small["p_shuffled"][:, 2, 1] = np.where(np.array(observed) > 0.3, 0.05, 0.1)
    sentence = next(s for s in theory_details(small) if "shuffled" in s)
    p = " (p ≤ 0.05 in each)" if layers else ""
    expected = f"similarity is above every one of 19 shuffled draws in every pair in {layers} of 2 layers{p}."
    assert sentence == f"At ε = 0.5, {expected}"


def test_all_networks_at_once(small: Dataset) -> None:
    small["similarity"][:, :, 1, 0] = np.reshape([0.8, 0.6], (2, 1))
    small["joint_similarity"][:, 1] = [0.5, 0.59]
    sentence = next(s for s in theory_details(small) if "at once" in s)
    assert sentence == (
        "At ε = 0.5, similarity of all 3 networks at once lies below that of pairs in 1 of 2 layers, most in a "
        "(0.50 against 0.80)."
    )
    small["joint_similarity"][:, 1] = [0.79, 0.6]
    assert "is about that of pairs in every layer" in " ".join(theory_details(small))


def test_two_networks_have_no_more_to_say_at_once(make: Callable[..., Dataset]) -> None:
    results = add_groups(make(layers=("a",), networks=("0", "1")))
    assert "at once" not in " ".join(theory_details(results))


def test_stability(small: Dataset) -> None:
    small["stable"][:] = -1
    none = next(s for s in theory_details(small) if "theorem" in s)
    assert none == (
        "In none of 12 cases (layer, pair and ε) is the theorem on unique decompositions proven to apply; in 0 it is "
        "proven not to, in 12 undecided."
    )
    small["stable"][0, :2, 0] = 1
    small["stable"][1, :, 1] = 0
    some = next(s for s in theory_details(small) if "theorem" in s)
    assert some == (
        "In 2 of 12 cases (layer, pair and ε) the theorem on unique decompositions is proven to apply, in 1 of 2 "
        "layers; in 3 it is proven not to, in 7 undecided."
    )


def test_over_training(small: Dataset) -> None:
    small["training_similarity"][:] = 0.5
    small["training_similarity"][0, :, :, 1] = np.reshape([0.1, 0.505], (2, 1))
    sentence = theory_details(small)[-1]
    assert sentence == (
        "At ε = 0.5, from epoch 0 to epoch 40 similarity rises in 1 and falls in 0 of 2 layers; averaged over layers "
        "it goes from 0.30 to 0.50, and changes most in a, from 0.10 to 0.50."
    )
    one = theory_details(small.isel(layer=[0], other_layer=[0]))[-1]
    assert one == "At ε = 0.5, from epoch 0 to epoch 40 similarity goes from 0.10 to 0.50 in a."
    assert "epoch" not in " ".join(theory_details(small.isel(checkpoint=[0])))
