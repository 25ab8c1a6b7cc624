"""The comparison of activation files: what is refused, what is warned of, what is computed."""

from collections import OrderedDict
from dataclasses import replace

import jax
import numpy as np
import pytest
import xarray as xr

from jaxrepsim import match_profile
from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.comparison import compare
from jaxrepsim.pipeline.config import MatchingConfig
from jaxrepsim.pipeline.correspondence import common_layers, few_samples
from tests.compilations import compilations

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


def test_of_many_layers_with_few_samples_some_are_named_and_the_rest_counted(rng):
    layers = {f"layer{index}": 7 for index in range(500)}
    warnings = few_samples({name: file(rng, **layers) for name in "ab"}, list(layers))
    assert len(warnings) == 11
    assert "'layer9'" in warnings[9]
    assert warnings[10] == "490 other layers have fewer than 10 samples a unit, too"


def test_many_small_layers_share_files_and_programs(rng, tmp_path):
    config = MatchingConfig(epsilons=(0.3, 0.6), minimal_units=2)
    layers = {f"layer{index}": 2 for index in range(120)}
    networks = {name: file(rng, samples=30, **layers) for name in "ab"}
    networks["b"].layers["layer7"][:] = networks["a"].layers["layer7"]
    told = []
    with compilations() as seen:
        whole = compare(networks, config, tmp_path / "whole", lambda *call: told.append(call))
    assert len(seen) < 30
    files = sorted((tmp_path / "whole").glob("*.nc"))
    assert len(files) < 20
    assert max(len(call[3]) for call in told if len(call) > 3) < 60
    assert list(whole.layer.values) == list(layers)
    assert (whole.similarity.sel(layer="layer7") == 1).all()
    chosen = ("layer7", "layer100")
    alone = compare(networks, replace(config, layers=chosen), tmp_path / "alone")
    xr.testing.assert_allclose(whole.sel(layer=list(chosen)), alone)
    lost, *kept = files[::-1]
    lost.unlink()
    times = {path: path.stat().st_mtime_ns for path in kept}
    xr.testing.assert_equal(compare(networks, config, tmp_path / "whole"), whole)
    assert {path: path.stat().st_mtime_ns for path in kept} == times
