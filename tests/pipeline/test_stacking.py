"""Layers stacked by width: the same results as one by one, in as few programs as there are shapes."""

import jax
import numpy as np
import pytest

from jaxrepsim import match_profile
from jaxrepsim.pipeline import stacking
from jaxrepsim.pipeline.comparison import compare
from jaxrepsim.pipeline.config import MatchingConfig
from tests.compilations import compilations
from tests.pipeline.test_comparison import file


@pytest.fixture
def layers():
    rng = np.random.default_rng(0)
    shapes = {"a": (60, 5), "wide": (60, 7), "b": (60, 5), "few": (4, 5), "drawn": (2, 60, 5)}
    found = {name: [rng.normal(size=shape) for _ in range(3)] for name, shape in shapes.items()}
    found["b"][1] = found["b"][1][:, :4]
    return found


def test_layers_of_one_shape_are_one_group(layers):
    with jax.enable_x64(True):
        groups = [sorted(group) for group in stacking.stacked(layers)]
    assert sorted(groups) == [["a", "b"], ["drawn"], ["few"], ["wide"]]


def test_groups_keep_to_their_memory(layers, monkeypatch):
    monkeypatch.setattr(stacking, "CHUNK_BYTES", 1)
    with jax.enable_x64(True):
        assert all(len(group) == 1 for group in stacking.stacked(layers))


def test_the_same_as_every_pair_alone(layers):
    with jax.enable_x64(True):
        found = {}
        for group in stacking.stacked(layers):
            found |= stacking.profiles(group)
        for layer, networks in layers.items():
            draws = [network if network.ndim == 3 else network[None] for network in networks]
            for index, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
                for redraw in range(len(draws[0])):
                    x, y = draws[a][redraw], draws[b][redraw]
                    alone = match_profile(x, y)
                    for side, expected in zip(found[layer], alone, strict=True):
                        here = side[index, redraw]
                        np.testing.assert_allclose(here[: len(expected)], expected, atol=1e-6)
                        assert np.isinf(here[len(expected) :]).all()


def test_a_second_comparison_of_the_same_shapes_compiles_nothing(tmp_path):
    config = MatchingConfig(epsilons=(0.3, 0.6), minimal_units=2)
    rng = np.random.default_rng(0)
    networks = [{name: file(rng, samples=40, a=4, b=4, c=4, d=3) for name in "xyz"} for _ in range(2)]
    with compilations() as first:
        compare(networks[0], config, tmp_path / "first")
    assert first
    with compilations() as second:
        compare(networks[1], config, tmp_path / "second")
    assert not second
