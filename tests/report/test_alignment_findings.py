"""Sentences on aligned units: what they say is counted, and they are silent on what was not computed."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report.sections import clusters, mutual_information, one_to_one, sparse_prediction
from tests.report.groups import add_alignments
from tests.report.trees import with_padding

SECTIONS = tuple(part.SECTION for part in (one_to_one, mutual_information, sparse_prediction, clusters))


def sentences(results: DataTree) -> list[str]:
    """What the sections that align units say."""
    return [sentence for section in SECTIONS if section.is_in(results) for sentence in section.sentences(results)]


def planted(make: Callable[..., DataTree], layers: tuple[str, ...] = ("a", "b")) -> DataTree:
    """Two networks of up to four units, each of which is like one of the other network, its partner by all measures."""
    results = add_alignments(
        make(layers=layers, networks=("0", "1"), units=4, epsilons=(0.5,), samples=0), np.random.default_rng(0)
    )
    units = np.arange(results["one_to_one"].sizes["unit"])
    known = units < results["similarity/units"].values[:, None]
    for group in ("one_to_one", "mutual_information"):
        for name in ("partner", "best_x"):
            results[f"{group}/{name}"][:, 0] = np.where(known, units, -1)
    alike = 0.1 + 0.7 * np.eye(len(units))
    results["one_to_one/correlation"][:, 0] = np.where(known[:, :, None] & known[:, None], alike, np.nan)
    return results


@pytest.fixture
def results(make: Callable[..., DataTree]) -> DataTree:
    """Layers a and b of two and four units."""
    made = planted(make)
    assert made["similarity/units"].values.tolist() == [2, 4]
    return made


def test_highest_and_lowest(results: DataTree) -> None:
    results["one_to_one/correlation"][1, 0, 1, 1] = 0.2
    results["one_to_one/correlation"][1, 0, 1, 0] = 0.6
    results["one_to_one/best_x"][1, 0, 1] = 0
    results["mutual_information/partner"][1, 0, 2:] = [3, 2]
    partners, same, information = sentences(results)[:3]
    assert partners == (
        "Units and their partners one to one have a mean correlation of 0.80 in a (0.80 with the unit they correlate "
        "most with), the highest, and of 0.65 in b (0.75 with the unit they correlate most with), the lowest."
    )
    assert same == (
        "For 5 of 6 units that vary, the partner one to one is also the unit they correlate most with (83%; from 75% "
        "in b to 100% in a)."
    )
    assert information == (
        "For 4 of 6 units that vary, the partner one to one is the same by correlation and by mutual information (67%; "
        "from 50% in b to 100% in a)."
    )


def test_units_that_never_vary_do_not_count(results: DataTree) -> None:
    results["one_to_one/correlation"][1, 0, 2] = 0
    assert sentences(results)[1].startswith("For 5 of 5 units that vary, ")
    assert sentences(results)[1].endswith("(100%).")


def test_one_layer(make: Callable[..., DataTree]) -> None:
    partners = sentences(planted(make, ("a",)))[0]
    assert partners == (
        "Units and their partners one to one have a mean correlation of 0.80 in a (0.80 with the unit they correlate "
        "most with)."
    )


def test_several_pairs(make: Callable[..., DataTree]) -> None:
    results = add_alignments(make(layers=("a", "b"), samples=0), np.random.default_rng(0))
    partners, same, information, sparse, _ = sentences(results)
    assert "a mean correlation, averaged over pairs, of " in partners
    assert same.startswith("Over all pairs, for ")
    assert information.startswith("Over all pairs, for ")
    assert "a mean R² on held-out images, averaged over pairs, of " in sparse


def test_sparse_prediction(results: DataTree) -> None:
    for side in "xy":
        results[f"sparse_prediction/held_out_r2_{side}"][0] = [[[0.1], [0.7], [0.2], [0.2], [0.2], [-3.0]]]
        results[f"sparse_prediction/held_out_r2_{side}"][1] = [[[-0.5], [-0.4], [0.3], [0.2], [0.2], [0.1]]]
        results[f"sparse_prediction/predictors_{side}"][0, 0, 1, 0] = 2
        results[f"sparse_prediction/predictors_{side}"][1, 0, 2, 0] = [3, 3, 3, 4]
    sentence = next(s for s in sentences(results) if s.startswith("Predicted"))
    assert sentence == (
        "Predicted from units of the other network, at the best penalty of each layer, units have a mean R² on "
        "held-out images of 0.70 in a (from 2 units; squared correlation with the best one: 0.64), the highest, and of "
        "0.30 in b (from 3.25 units; squared correlation with the best one: 0.64), the lowest."
    )
    (sentence,) = sparse_prediction.SECTION.sentences(results.drop_nodes("one_to_one"))
    assert "0.70 in a (from 2 units), the highest" in sentence


def test_mixed_clusters(results: DataTree) -> None:
    results["clusters/count"][:] = [2, 3]
    results["clusters/cluster_x"][:, 0] = [[0, 1, -1, -1], [0, 1, 2, 2]]
    results["clusters/cluster_y"][:, 0] = [[1, 0, -1, -1], [0, 0, 0, -1]]
    assert sentences(results)[-1] == (
        "3 of 5 spectral clusters hold units of both networks (60%; from 33% in b to 100% in a)."
    )
    results["clusters/cluster_y"][:] = -1
    assert sentences(results)[-1] == "0 of 5 spectral clusters hold units of both networks (0%)."


def test_silent_on_what_is_not_there(results: DataTree) -> None:
    groups = [section.name for section in SECTIONS]
    assert sentences(with_padding(results, groups)) == []
    assert sentences(results.drop_nodes(groups)) == []
    assert len(sentences(results)) == 5


def test_every_shape_has_sentences(grouped_results: DataTree) -> None:
    for sentence in sentences(grouped_results):
        assert sentence.endswith(".")
        assert "nan" not in sentence
