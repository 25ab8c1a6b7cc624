"""Sentences say what the numbers say, and no more."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report import SECTIONS
from jaxrepsim.report.sections.similarity.sentences import headline


def details(results: DataTree) -> list[str]:
    """What all sections say, in the order of the page."""
    return [sentence for section in SECTIONS if section.is_in(results) for sentence in section.sentences(results)]


def with_similarity(make: Callable[..., DataTree], values: list[float], **shape) -> DataTree:
    """Results whose layers have the given similarity, in every pair and at every ε."""
    results = make(layers=tuple(f"conv{i + 1}" for i in range(len(values))), **shape)
    results["similarity/similarity"][:] = np.reshape(values, (-1, 1, 1, 1))
    return results


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([0.83, 0.6, 0.41], "falls from 0.83 in conv1 to 0.41 in conv3."),
        ([0.41, 0.6, 0.83], "rises from 0.41 in conv1 to 0.83 in conv3."),
        ([0.8, 0.1, 0.4], "falls from 0.80 in conv1 to 0.40 in conv3, and in between is lowest in conv2 (0.10)."),
        ([0.8, 0.95, 0.4], "falls from 0.80 in conv1 to 0.40 in conv3, and in between is highest in conv2 (0.95)."),
        (
            [0.5, 0.1, 0.9, 0.51],
            "is about the same in the first and the last layer (0.50 in conv1, 0.51 in conv4), and in between is "
            "lowest in conv2 (0.10) and is highest in conv3 (0.90).",
        ),
        ([0.83], "is 0.83 in conv1."),
        ([0.002, 1.0], "rises from 0.002 in conv1 to 1.00 in conv2."),
    ],
)
def test_headline(make: Callable[..., DataTree], values: list[float], sentence: str) -> None:
    assert headline(with_similarity(make, values)) == f"At ε = 0.5, mean similarity over pairs {sentence}"
    one_pair = with_similarity(make, values, networks=("0", "1"))
    assert headline(one_pair) == f"At ε = 0.5, similarity {sentence}"


def test_headline_where_nothing_matches(make: Callable[..., DataTree]) -> None:
    assert headline(with_similarity(make, [0, 0])) == "At ε = 0.5, nothing matches: similarity is 0 in 2 layers."


@pytest.mark.parametrize(("epsilons", "chosen"), [((0.1, 0.5, 0.9), "0.5"), ((0.3, 0.2), "0.3"), ((0.8, 0.7), "0.7")])
def test_headline_is_at_the_largest_epsilon_up_to_a_half(make: Callable, epsilons: tuple, chosen: str) -> None:
    assert headline(make(epsilons=epsilons)).startswith(f"At ε = {chosen},")


def test_details_of_the_usual_case(results: DataTree) -> None:
    dead, smallest, onset, spread, minimal = details(results)
    assert dead.endswith("the share of units that are alive: 0.96 in conv2.")
    assert smallest.startswith("At ε = 0.15 the maximum match is empty in every pair in 8 of 10 layers")
    assert onset.endswith("(logits) and ε = 0.48 (fc1).")
    values = results["similarity/similarity"].mean("redraw")
    width = float((values.max("pair") - values.min("pair")).max())
    assert spread.startswith(f"The 3 pairs differ by up to {width:.2f} in similarity")
    assert minimal.startswith("Of 360 units sampled at ε = 0.5, all are in a match;")


def test_details_of_one_pair_claim_no_spread(make: Callable[..., DataTree]) -> None:
    assert "There is one pair" in " ".join(details(make(networks=("0", "1"))))


def test_details_without_sampled_units(make: Callable[..., DataTree]) -> None:
    assert "sampled" not in " ".join(details(make(samples=0)))


def test_details_where_nothing_matches(make: Callable[..., DataTree]) -> None:
    text = " ".join(details(make(epsilons=(0.001, 0.01))))
    assert "At ε = 0.001 nothing matches" in text
    assert "have the same similarity in every layer" in text
    assert "Of 360 units sampled at ε = 0.01, none is in a match." in text


def test_details_where_most_units_are_dead(make: Callable[..., DataTree]) -> None:
    results = make(layers=("a", "b"))
    for name in ("profile_x", "profile_y"):
        results[f"similarity/{name}"][:] = np.inf
    assert "In no layer is half of the units matched at any ε" in " ".join(details(results))


def test_every_shape_has_findings(any_results: DataTree) -> None:
    for sentence in [headline(any_results), *details(any_results)]:
        assert sentence.endswith(".")
        assert "nan" not in sentence
        assert "inf" not in sentence
