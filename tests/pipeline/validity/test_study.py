"""The tests of measures on made-up networks, of which the right answers are known."""

import numpy as np
import pytest

from jaxrepsim import validity
from jaxrepsim.errors import InputError
from jaxrepsim.measures import MEASURES
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.validity import layers_across, study
from jaxrepsim.pipeline.validity.deletions import SHARES, deletions
from jaxrepsim.pipeline.validity.layers_across import across, kept
from jaxrepsim.pipeline.validity.maximised import maximised
from jaxrepsim.pipeline.validity.networks import Studied, pooled, reduced
from jaxrepsim.pipeline.validity.outliers import outliers
from tests.pipeline.validity.made_up import IMAGES, LABELS, made_up

NAMES = ("match_auc", "linear_cka", "linear_regression", "procrustes")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(study, "DRAWS", 20)
    monkeypatch.setattr(study, "ORDERS", 20)


NETWORKS = [made_up(seed) for seed in range(3)]
STUDIED = Studied(NETWORKS, LABELS)


@pytest.mark.parametrize("rows", ["pooled", "positions"])
def test_layers_of_rotated_networks_are_identified(rows, tmp_path):
    found = study.identification(study.between(NETWORKS, rows, NAMES, tmp_path, silent))
    np.testing.assert_array_equal(found.value, 1)
    assert found.draws.shape == (len(NAMES), 20)


def test_values_are_those_of_the_measures(tmp_path):
    x, y = NETWORKS[0].maps, NETWORKS[1].maps
    by_means = across(x, y, "pooled", NAMES, tmp_path)
    by_position = across(x, y, "positions", NAMES, tmp_path)
    for name in NAMES:
        function = MEASURES[name].function
        forth = function(pooled(x["early"]), pooled(y["late"]))
        back = function(pooled(y["late"]), pooled(x["early"]))
        np.testing.assert_allclose(by_means[name][:, 0, 2], [forth, back], atol=1e-4)
        np.testing.assert_allclose(by_position[name][:, 0, 2], [forth, back], atol=1e-4)  # a map of one position
        small = function(reduced(x["early"], 2), y["middle"].reshape(-1, 4))
        np.testing.assert_allclose(by_position[name][0, 0, 1], small, atol=1e-4)


def test_a_map_that_cannot_be_averaged_is_refused():
    with pytest.raises(InputError, match="4 × 4 positions cannot be averaged to 3 × 3: use pooled maps"):
        reduced(np.zeros((1, 4, 4, 1)), 3)


def test_what_is_kept_is_not_computed_again(tmp_path):
    asked = []

    def compute(names):
        asked.append(tuple(names))
        return {name: np.array([float(len(name))]) for name in names}

    x = np.arange(4.0)
    assert kept([x], ["a", "bb"], compute, tmp_path) == {"a": [1], "bb": [2]}
    assert kept([x], ["bb", "ccc"], compute, tmp_path) == {"bb": [2], "ccc": [3]}
    kept([x + 1], ["a"], compute, tmp_path)
    assert asked == [("a", "bb"), ("ccc",), ("a",)]


def test_rows_are_drawn_for_measures_of_all_pairs_of_rows(monkeypatch):
    monkeypatch.setattr(layers_across, "SAMPLE", 30)
    arrays = [network.last for network in NETWORKS[:2]]
    found = layers_across.both_ways(arrays, [(0, 1)], ["mutual_knn", "linear_cka"])
    chosen = np.sort(np.random.default_rng(0).permutation(IMAGES)[:30])
    expected = MEASURES["mutual_knn"].function(*(rows[chosen] for rows in arrays))
    assert found["mutual_knn"][0] == pytest.approx(float(expected))
    assert found["linear_cka"][0] == pytest.approx(float(MEASURES["linear_cka"].function(*arrays)), abs=1e-4)


def test_groups_of_made_up_networks_are_told_apart(tmp_path):
    groups = {f"group {group}": [made_up(10 * group + seed, group) for seed in range(3)] for group in range(2)}
    found = study.grouping(groups, NAMES, tmp_path)
    np.testing.assert_array_equal(found.auprc, 1)
    np.testing.assert_array_equal(found.violations, 0)
    mixed = study.grouping(
        {"a": groups["group 0"][:2] + groups["group 1"][:1], "b": groups["group 1"][1:]}, NAMES, tmp_path
    )
    assert (mixed.auprc < 1).all()


def test_monotonicity_and_outputs_are_those_of_the_statistics(tmp_path):
    values = study.between(NETWORKS, "pooled", NAMES, tmp_path, silent)
    found = study.monotonicity(values)
    assert found.violations.sel(measure="linear_cka")[1] == validity.monotonicity(values["linear_cka"][1, 1]).violations
    outputs = study.output_correlation(STUDIED, NAMES, tmp_path)
    distances = validity.output_distances(np.array([one.logits for one in NETWORKS]), LABELS)
    last = study.of_last_layers(NETWORKS, NAMES, tmp_path)["procrustes"]
    expected = validity.mantel(-last, distances.divergence, 20, 0)
    cell = outputs.sel(measure="procrustes", output="divergence")
    np.testing.assert_allclose([cell.correlation, cell.p], expected)


def test_components_left_out(tmp_path):
    found = deletions(STUDIED, STUDIED, NAMES, tmp_path, silent)
    assert found.probe.shape == (3, 3, len(SHARES))
    assert (found.probe.sel(layer="early", share=1.0) > 0.9).all()  # the classes are in the signal
    assert (found.detection >= 0.02).all()  # a single component is further away than two rotations
    assert found.rho.sel(measure="linear_cka").mean() > 0.5


def test_rows_moved(tmp_path):
    found = outliers(STUDIED, NAMES, tmp_path).value
    cka = found.sel(measure="linear_cka", moved="one row")
    assert (cka.diff("distance") < 0).all()
    assert cka.sel(distance=100.0) < 0.2  # one row of 48 is nearly all variance


def test_only_measures_with_gradients_are_maximised(monkeypatch):
    monkeypatch.setattr("jaxrepsim.pipeline.validity.maximised.STEPS", (0, 200))
    found = maximised(STUDIED._replace(answers=NETWORKS[:1]), ("match_auc", "linear_cka"), silent)
    assert found.learned_at.sel(measure="match_auc").isnull().all()
    assert found.learned_at.sel(measure="linear_cka")[0] > 0.5
