"""The ways in which layers are seen: what they keep, and what measures make of it."""

import numpy as np
import pytest

from jaxrepsim.measures import MEASURES
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.validity import study, views
from jaxrepsim.pipeline.validity.networks import pooled
from tests.pipeline.validity.made_up import IMAGES, made_up

NETWORKS = [made_up(seed) for seed in range(2)]


@pytest.mark.parametrize("name", ["linear_cka", "procrustes"])
def test_flattened_maps_give_what_all_columns_give(name):
    x, y = (network.maps["early"] for network in NETWORKS)  # 64 columns, 48 rows
    few = [views.flattened({"early": maps})["early"][:, 0, 0] for maps in (x, y)]
    assert few[0].shape == (IMAGES, IMAGES)
    function = MEASURES[name].function
    every = [maps.reshape(IMAGES, -1) for maps in (x, y)]
    assert float(function(*few)) == pytest.approx(float(function(*every)), abs=1e-4)


def test_on_one_grid_every_layer_has_the_same_rows(tmp_path):
    found = views.on_one_grid(NETWORKS[0].maps)
    assert {maps.shape[:3] for maps in found.values()} == {(IMAGES, 4, 4)}
    np.testing.assert_array_equal(found["middle"][:, 1::2, 0::2], NETWORKS[0].maps["middle"])
    seen = [network._replace(maps=views.on_one_grid(network.maps)) for network in NETWORKS]
    identified = study.between(seen, "positions", ("match_auc", "linear_cka"), tmp_path, silent)
    for values in identified.values():
        np.testing.assert_array_equal(values[0, 1].argmax(axis=1), [0, 1, 2])


def test_a_grid_of_many_positions_has_fewer_images(monkeypatch):
    monkeypatch.setattr(views, "GRID_ROWS", 5 * 16 + 3)
    assert views.on_one_grid(NETWORKS[0].maps)["late"].shape == (5, 4, 4, 4)


def test_means_and_centred_means():
    maps = NETWORKS[0].maps
    np.testing.assert_array_equal(views.averaged(maps)["early"][:, 0, 0], pooled(maps["early"]))
    np.testing.assert_allclose(views.centred(maps)["early"].mean(axis=0), 0, atol=1e-12)
    assert views.as_they_are(maps) is maps


def test_a_measure_that_is_not_symmetric_is_identified_by_both_directions(tmp_path):
    values = study.between(NETWORKS, "pooled", ("linear_regression",), tmp_path, silent)["linear_regression"]
    tipped = values.copy()
    tipped[0, 1, 0] = [0.9, 1.0, 0.0]  # of the first network's first layer alone, in one direction
    tipped[1, 0, :, 0] = [1.0, 0.5, 0.5]
    found = study.identification({"linear_regression": tipped})
    assert found.value == pytest.approx(5 / 6)
    assert found.symmetrised == 1


def test_layers_that_are_far_apart_are_identified_by_themselves():
    alike = np.eye(7) + 0.1
    alike[2] = alike[3] = alike[4]  # the first, third, fifth and seventh are looked at, and the third is the fifth
    found = study.identification({"linear_cka": np.broadcast_to(alike, (2, 2, 7, 7))})
    assert found.apart == pytest.approx(3 / 4)
