"""The comparison of activation files: what is refused, what is warned of, what is computed."""

from collections import OrderedDict

import jax
import numpy as np
import pytest

from jaxrepsim import match_profile
from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.comparison import common_layers, compare, few_samples
from jaxrepsim.pipeline.config import MatchingConfig

CONFIG = MatchingConfig(epsilons=(0.3, 0.6), minimal_units=3)


def file(rng, samples=60, **layers):
    arrays = OrderedDict(
        (name, rng.normal(size=(samples, units) if isinstance(units, int) else units)) for name, units in layers.items()
    )
    return ActivationFile(arrays, {name: array.shape[-2] for name, array in arrays.items()}, {})


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_three_networks_of_different_widths_give_all_pairs(rng, tmp_path):
    networks = {"a": file(rng, conv=5, fc=2), "b": file(rng, conv=4, fc=2), "c": file(rng, conv=5, fc=2)}
    networks["c"].layers["conv"][:] = networks["a"].layers["conv"][:, ::-1] * 3
    networks["b"].layers["fc"][:, 1] = 0
    results = compare(networks, CONFIG, tmp_path)
    assert list(results.pair.values) == ["a-b", "a-c", "b-c"]
    assert list(results.layer.values) == ["conv", "fc"]
    assert results.similarity.sel(layer="conv", pair="a-c").values == pytest.approx(1.0)
    assert results.dead.sel(layer="fc").values.tolist() == [0, 1, 0]
    with jax.enable_x64(True):
        expected = match_profile(networks["a"].layers["conv"], networks["b"].layers["conv"])
        similarity = {epsilon: float(expected.similarity(epsilon)) for epsilon in CONFIG.epsilons}
    here = results.sel(layer="conv", pair="a-b", redraw=0)
    np.testing.assert_allclose(here.profile_x.values, expected.x, atol=1e-9)
    np.testing.assert_allclose(here.profile_y.values[:4], expected.y, atol=1e-9)
    assert np.isnan(here.profile_y.values[4])
    for epsilon, value in similarity.items():
        assert float(here.similarity.sel(epsilon=epsilon)) == pytest.approx(value)
    # Identical units, so a v-minimal match is v and its copy.
    copies = results.sel(layer="conv", pair="a-c")
    assert (copies.minimal_size_x == 1).all()
    assert (copies.minimal_size_y == 1).all()


def test_redraws_are_kept_apart_and_layers_without_them_are_padded(rng, tmp_path):
    networks = {name: file(rng, conv=(4, 50, 3), fc=2) for name in "ab"}
    results = compare(networks, CONFIG, tmp_path)
    assert results.sizes["redraw"] == 4
    assert np.isfinite(results.similarity.sel(layer="conv")).all()
    assert np.isfinite(results.similarity.sel(layer="fc").isel(redraw=0)).all()
    assert np.isnan(results.similarity.sel(layer="fc").isel(redraw=slice(1, None))).all()


def test_only_the_chosen_layers_are_compared(rng, tmp_path):
    networks = {"a": file(rng, conv=5, fc=2), "b": file(rng, fc=2, other=3)}
    results = compare(networks, MatchingConfig(layers=("fc",), minimal_units=0), tmp_path)
    assert list(results.layer.values) == ["fc"]
    assert results.sizes["sample"] == 0


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"conv": 5}, "b has no layer 'fc'; it has: conv"),
        ({"conv": 5, "fc": 2, "more": 2}, "a has no layer 'more', which b has"),
        ({"conv": (61, 5), "fc": 2}, "layer 'conv' has 60 samples in a and 61 in b"),
        ({"conv": (2, 60, 5), "fc": 2}, "'conv' of a and b differ in rows"),
    ],
)
def test_networks_that_do_not_fit_together(rng, other, message):
    with pytest.raises(InputError, match=message):
        common_layers({"a": file(rng, conv=5, fc=2), "b": file(rng, **other)}, MatchingConfig())


def test_one_network_is_no_comparison(rng, tmp_path):
    with pytest.raises(InputError, match="two networks or more, received 1"):
        compare({"a": file(rng, conv=5)}, CONFIG, tmp_path)


def test_few_samples_are_warned_of(rng):
    networks = {name: file(rng, conv=5, fc=7) for name in "ab"}
    warnings = few_samples(networks, ["conv", "fc"])
    assert len(warnings) == 1
    assert "layer 'fc': 60 samples for 7 units" in warnings[0]
