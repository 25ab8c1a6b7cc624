"""The loop over the parts, on activation files: what is refused, warned of, computed, kept, and computed anew."""

import json
from collections import OrderedDict
from dataclasses import dataclass, replace

import jax
import numpy as np
import pytest
import xarray as xr

from jaxrepsim import match_profile
from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import AnalysisConfig, MatchingConfig
from jaxrepsim.pipeline.analysis import analyse, asked_layers, check, up_to_date
from jaxrepsim.pipeline.correspondence import common_layers, few_samples
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.matching_stage import match
from jaxrepsim.pipeline.part import Inputs, LayerPart, Switch
from jaxrepsim.pipeline.parts import Chance, Clusters, Decomposition, Joint, MinimalMatches
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.results_files import read_netcdf
from tests.compilations import compilations

CONFIG = AnalysisConfig(matching=MatchingConfig(epsilons=(0.3, 0.6)), minimal_matches=MinimalMatches(units=3))


def file(rng, samples=60, **layers):
    arrays = OrderedDict(
        (name, rng.normal(size=(samples, units) if isinstance(units, int) else units)) for name, units in layers.items()
    )
    return ActivationFile(arrays, {name: array.shape[-2] for name, array in arrays.items()}, {})


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def analysed(networks, config, folder, progress=silent):
    layers = common_layers(networks, config.matching)
    return analyse(Inputs(networks, layers, config.matching, progress), config, RunFolder(folder))


def test_three_networks_of_different_widths_give_all_pairs(rng, tmp_path):
    networks = {"a": file(rng, conv=5, fc=2), "b": file(rng, conv=4, fc=2), "c": file(rng, conv=5, fc=2)}
    networks["c"].layers["conv"][:] = networks["a"].layers["conv"][:, ::-1] * 3
    networks["b"].layers["fc"][:, 1] = 0
    groups = analysed(networks, CONFIG, tmp_path)
    assert list(groups) == ["similarity", "measures", "minimal_matches"]
    results = groups["similarity"]
    assert list(results.pair.values) == ["a-b", "a-c", "b-c"]
    assert list(results.layer.values) == ["conv", "fc"]
    assert results.similarity.sel(layer="conv", pair="a-c").values == pytest.approx(1.0)
    assert results.dead.sel(layer="fc").values.tolist() == [0, 1, 0]
    epsilons = CONFIG.matching.epsilons
    with jax.enable_x64(True):
        expected = match_profile(networks["a"].layers["conv"], networks["b"].layers["conv"])
        similarity = {epsilon: float(expected.similarity(epsilon)) for epsilon in epsilons}
    here = results.sel(layer="conv", pair="a-b", redraw=0)
    np.testing.assert_allclose(here.profile_x.values, expected.x, atol=1e-9)
    np.testing.assert_allclose(here.profile_y.values[:4], expected.y, atol=1e-9)
    assert np.isnan(here.profile_y.values[4])
    for epsilon, value in similarity.items():
        assert float(here.similarity.sel(epsilon=epsilon)) == pytest.approx(value)
    # Identical units, so a v-minimal match is v and its copy.
    copies = groups["minimal_matches"].sel(layer="conv", pair="a-c")
    assert (copies.size_x == 1).all()
    assert (copies.size_y == 1).all()


def test_redraws_are_kept_apart_and_layers_without_them_are_padded(rng, tmp_path):
    networks = {name: file(rng, conv=(4, 50, 3), fc=2) for name in "ab"}
    results = analysed(networks, CONFIG, tmp_path)["similarity"]
    assert results.sizes["redraw"] == 4
    assert np.isfinite(results.similarity.sel(layer="conv")).all()
    assert np.isfinite(results.similarity.sel(layer="fc").isel(redraw=0)).all()
    assert np.isnan(results.similarity.sel(layer="fc").isel(redraw=slice(1, None))).all()


def test_only_the_chosen_layers_are_compared(rng, tmp_path):
    networks = {"a": file(rng, conv=5, fc=2), "b": file(rng, fc=2, other=3)}
    config = AnalysisConfig(matching=MatchingConfig(layers=("fc",)), minimal_matches=MinimalMatches(units=0))
    groups = analysed(networks, config, tmp_path)
    assert list(groups) == ["similarity", "measures"]
    assert list(groups["similarity"].layer.values) == ["fc"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"conv": 5}, "b has no layer 'fc', which a has"),
        ({"conv": 5, "fc": 2, "more": 2}, "a has no layer 'more', which b has"),
        ({"conv": (61, 5), "fc": 2}, "layer 'conv' has 60 samples in a and 61 in b"),
        ({"conv": (2, 60, 5), "fc": 2}, "'conv' of a and b differ in rows"),
    ],
)
def test_networks_that_do_not_fit_together(rng, other, message):
    with pytest.raises(InputError, match=message):
        common_layers({"a": file(rng, conv=5, fc=2), "b": file(rng, **other)}, MatchingConfig())


def test_one_network_is_no_comparison(rng):
    with pytest.raises(InputError, match="two networks or more, received 1"):
        common_layers({"a": file(rng, conv=5)}, CONFIG.matching)


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
    config = replace(CONFIG, minimal_matches=MinimalMatches(units=2))
    layers = {f"layer{index}": 2 for index in range(60)}
    networks = {name: file(rng, samples=30, **layers) for name in "ab"}
    networks["b"].layers["layer7"][:] = networks["a"].layers["layer7"]
    calls = []
    with compilations() as seen:
        whole = analysed(networks, config, tmp_path / "whole", lambda *call: calls.append(call))
    assert len(seen) < 30
    files = sorted((tmp_path / "whole").rglob("*.nc"))
    assert len(files) < 40
    assert max(len(call[3]) for call in calls if len(call) > 3) < 60
    similarity = whole["similarity"]
    assert list(similarity.layer.values) == list(layers)
    assert (similarity.similarity.sel(layer="layer7") == 1).all()
    chosen = ("layer7", "layer50")
    few = analysed(networks, replace(config, matching=replace(config.matching, layers=chosen)), tmp_path / "few")
    for name, group in few.items():
        xr.testing.assert_allclose(whole[name].sel(layer=list(chosen)), group)
    lost, *left = files[::-1]
    lost.unlink()
    times = {path: path.stat().st_mtime_ns for path in left}
    again = analysed(networks, config, tmp_path / "whole")
    for name, group in again.items():
        xr.testing.assert_equal(group, whole[name])
    assert {path: path.stat().st_mtime_ns for path in left} == times


@dataclass(frozen=True)
class Norms(Switch, LayerPart):
    """A toy: how long the activation vectors of each network are, times a factor."""

    uses = ("similarity",)

    factor: float = 1.0

    def compute(self, inputs, layers):
        for layer in layers:
            assert layer in inputs.groups["similarity"].layer
            lengths = [np.linalg.norm(rows) * self.factor for rows in inputs.rows(layer)]
            assert jax.numpy.ones(1).dtype == np.float64
            yield xr.Dataset({"norm": (("network",), lengths)})


@dataclass(frozen=True)
class WithNorms(AnalysisConfig):
    """The settings with one part more, as who adds one from outside the package has them."""

    norms: Norms = Norms(on=True)


def test_a_part_from_outside_the_package(rng, tmp_path):
    networks = {name: file(rng, conv=5, fc=2) for name in "abc"}
    folder, config = RunFolder(tmp_path), WithNorms(matching=CONFIG.matching, minimal_matches=MinimalMatches(units=0))
    calls = []

    def done(config):
        inputs = Inputs(networks, ["conv", "fc"], config.matching, lambda *call: calls.append(call))
        match(inputs, config, folder, print, {"title": "with a toy"})
        return read_netcdf(folder.results)

    results = done(config)
    assert {"similarity", "measures", "norms"} == results.children.keys()
    for layer in ("conv", "fc"):
        for name, network in networks.items():
            found = results["norms/norm"].sel(layer=layer, network=name)
            assert float(found) == pytest.approx(np.linalg.norm(network.layers[layer]))
    assert ("norms", 0, 2, "conv") in calls
    assert "norms" in folder.timings
    assert json.loads(results.attrs["config"])["norms"] == {"layers": [], "on": True, "factor": 1.0}
    assert up_to_date(results, config)
    changed = replace(config, norms=Norms(on=True, layers=("fc",), factor=2.0))
    assert not up_to_date(results, changed)
    (similarity,) = folder.parts.glob("similarity_*/*.nc")
    time = similarity.stat().st_mtime_ns
    again = done(changed)["norms/norm"]
    np.testing.assert_allclose(again.sel(layer="fc"), 2 * results["norms/norm"].sel(layer="fc"))
    assert np.isnan(again.sel(layer="conv")).all()
    assert similarity.stat().st_mtime_ns == time
    assert "norms" not in done(replace(changed, norms=Norms())).children


def test_what_a_part_uses_is_computed_where_the_part_is_asked_for():
    config = AnalysisConfig(clusters=Clusters(count=3, layers=("fc",)), joint=Joint(on=True))
    assert asked_layers(config, ["conv", "fc"]) == {
        "similarity": ["conv", "fc"],
        "measures": ["conv", "fc"],
        "minimal_matches": ["conv", "fc"],
        "joint": ["conv", "fc"],
        "one_to_one": ["fc"],
        "clusters": ["fc"],
    }


def test_parts_that_cannot_be_computed_here_and_layers_that_are_not_compared():
    with pytest.raises(InputError, match="chance needs a run"):
        check(AnalysisConfig(chance=Chance(draws=3)), ["conv"], {"rows": "needs a run"})
    with pytest.raises(InputError, match="unknown layer 'fc'"):
        check(AnalysisConfig(decomposition=Decomposition(layers=("fc",))), ["conv"], {})
