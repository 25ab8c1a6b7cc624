"""The parts of the theory in a tiny run: their results are those of the functions that they are made of."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import jax
import numpy as np
import pytest
import xarray as xr

import jaxrepsim as jrs
from jaxrepsim import activations, chance, decomposition, measures, report, training
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import AnalysisConfig, MatchingConfig, RunConfig, SamplingConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.folder import RunFolder, claim, load
from jaxrepsim.pipeline.matches import match_files
from jaxrepsim.pipeline.part import Inputs
from jaxrepsim.pipeline.parts import (
    AcrossLayers,
    Chance,
    Decomposition,
    Joint,
    MinimalMatches,
    OverTraining,
    Similarity,
    Stability,
)
from jaxrepsim.pipeline.parts.over_training import similarities
from jaxrepsim.pipeline.passes.sampled import Sampled, sample
from jaxrepsim.pipeline.run import Run
from jaxrepsim.report.sections import SECTIONS
from tests.pipeline.conftest import blank_figures, jaxrepsim
from tests.report.test_schema import assert_documented

LAYERS = ("fc1", "stem")  # not in the order of the network
certificates = jrs.certificates
decompose = jrs.decompose
match_profile = jrs.match_profile
residuals = jrs.residuals
independence = decomposition.independence
against_chance = chance.similarity_against_chance
held_out = chance.cross_validated_residuals
joint_profile = jrs.joint_profile
joint_match = jrs.joint_match
DRAWS = 4


@pytest.fixture(scope="module")
def folder(analysed):
    return RunFolder(analysed)


@pytest.fixture(scope="module")
def results(folder):
    return xr.load_datatree(folder.results, engine="h5netcdf")


@pytest.fixture(scope="module")
def rows(folder):
    """[layer][seed], the compressed activations."""
    files = [activations.load(folder.activations(seed)) for seed in (0, 1, 2)]
    return {layer: [np.asarray(file.layers[layer], np.float64) for file in files] for layer in LAYERS}


@pytest.fixture(scope="module")
def run(folder):
    return Run(load(folder.path), folder)


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


def silent(*told):
    pass


def cells(results):
    """Every analysed layer, pair and ε: where it stands, and its names."""
    for layer in LAYERS:
        for pair in map(str, results["pair"].values):
            for epsilon in results["epsilon"].values:
                at = {"layer": layer, "pair": pair, "epsilon": epsilon}
                yield at, layer, [*map(int, pair.split("-"))], epsilon


def group(results, name):
    return results[name].to_dataset()


def test_every_group_is_there_and_on_the_page(folder, results, tmp_path):
    assert results.children.keys() == {section.name for section in SECTIONS if section.variables}
    with blank_figures():
        report.build(results, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for section in SECTIONS:
        assert f'<section id="{section.name}"' in page
    for table in (table for section in SECTIONS for table in section.tables):
        assert len((folder.tables / f"{table}.csv").read_text().splitlines()) > 1
    for file in folder.results.parent.rglob("*.nc"):
        assert_documented(xr.load_datatree(file, engine="h5netcdf"))


def test_decomposition(results, rows):
    matched = 0
    found_by_part, sampled = group(results, "decomposition"), group(results, "minimal_matches")
    for at, layer, (a, b), epsilon in cells(results):
        here, x, y = found_by_part.sel(at), rows[layer][a], rows[layer][b]
        iterator = jrs.simple_matches(x, y, epsilon, 12)
        found = [simple.match for simple in iterator]
        assert int(here.simple_complete) == iterator.complete
        for slot in range(12):
            masks = here.simple_x.values[slot], here.simple_y.values[slot]
            if slot < len(found):
                np.testing.assert_array_equal(masks[0][: x.shape[1]], found[slot].x)
                np.testing.assert_array_equal(masks[1][: y.shape[1]], found[slot].y)
                assert not masks[0][x.shape[1] :].any()
            else:
                assert all((mask == -1).all() for mask in masks)
        assert {tuple(edge) for edge in np.argwhere(here.simple_below.values == 1)} == set(
            decomposition.containment(found).edges
        )
        certified = certificates(x, y, epsilon)
        assert int(here.certified_minimum) == certified.minimum.sum()
        assert int(here.certified_several) == certified.several.sum()
        assert int(here.parts) == decompose(x, y, epsilon).chosen.sum()
        for unit, size, bound in zip(
            sampled.sampled_unit.sel(at).values, here.smallest_size.values, here.smallest_bound.values, strict=True
        ):
            smallest = jrs.smallest_match(x, y, epsilon, int(unit), rounds=2)
            assert (size, bound) == (int(smallest.match.size), smallest.bound)
        matched += len(found)
    assert matched > 10


def test_stability(results, rows):
    for layer in LAYERS:
        key = activations.layer_key(0, layer)
        found = [independence(network, key) for network in rows[layer]]
        here = group(results, "stability").sel(layer=layer)
        np.testing.assert_allclose(here.theta_lower, [float(one.lower) for one in found], rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(here.theta_upper, [float(one.upper) for one in found], rtol=1e-6, atol=1e-12)
    for at, layer, (a, b), epsilon in cells(results):
        factor = max(float(independence(rows[layer][i], key).factor) for i in (a, b))
        decided = decomposition.is_stable(rows[layer][a], rows[layer][b], epsilon, factor)
        assert decided is None or int(results["stability/stable"].sel(at)) == decided


def test_joint(results, rows):
    for layer in LAYERS:
        profile = joint_profile(rows[layer])
        here = group(results, "joint").sel(layer=layer)
        for network, critical in enumerate(profile.networks):
            stored = here.profile.values[network, : len(critical)]
            np.testing.assert_allclose(stored, critical, atol=1e-9)
        for epsilon in here.epsilon.values:
            assert float(here.similarity.sel(epsilon=epsilon)) == pytest.approx(
                float(joint_match(rows[layer], epsilon).similarity)
            )


def sampled_at(run, epoch):
    config = run.config.training
    networks = [
        training.networks_over_training(run.model, run.dataset, config, seed, run.folder.checkpoints)
        for seed in (0, 1, 2)
    ]
    at = config.keep.index(epoch)
    return [sample(run.model, network[at], run.dataset, run.config.matching, 200, 400) for network in networks]


@pytest.fixture(scope="module")
def sampled(run):
    networks = training.train_networks(run.model, run.dataset, run.config.training, run.folder.checkpoints)
    return [sample(run.model, net, run.dataset, run.config.matching, 200, 400) for net in networks]


def test_chance(results, run, sampled):
    for layer in LAYERS:
        for pair, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
            x, y = (np.asarray(sampled[i].positions[layer], np.float64) for i in (a, b))
            keys = jax.random.split(jax.random.fold_in(activations.layer_key(0, layer), pair))
            size = sampled[0].group_size[layer]
            found = against_chance(x, y, results["epsilon"].values, keys[0], DRAWS, size)
            here = group(results, "chance").sel(layer=layer).isel(pair=pair)
            np.testing.assert_allclose(here.observed, found.observed)
            np.testing.assert_allclose(here.shuffled, found.shuffled)
            np.testing.assert_allclose(here.random, found.random)
            np.testing.assert_allclose(here.p_shuffled, found.p_shuffled)
            np.testing.assert_allclose(here.p_random, found.p_random)
            held = held_out(x, y, keys[1], size)
            np.testing.assert_allclose(here.held_out_x.values[: len(held)], held, rtol=1e-6)
            np.testing.assert_allclose(here.residual_x.values[: len(held)], residuals(x, y), atol=1e-9)
            assert int(here.samples) == len(x)


def test_untrained_and_over_training(results, run):
    untrained = sampled_at(run, 0)
    later = sampled_at(run, 1)
    for layer in LAYERS:
        followed = results["over_training/similarity"].sel(layer=layer)
        for pair, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
            for networks, stored in (
                (untrained, results["chance/untrained"].sel(layer=layer)[pair]),
                (untrained, followed.sel(checkpoint=0)[pair]),
                (later, followed.sel(checkpoint=1)[pair]),
            ):
                x, y = (np.asarray(networks[i].positions[layer], np.float64) for i in (a, b))
                profile = match_profile(x, y)
                expected = [float(profile.similarity(epsilon)) for epsilon in results["epsilon"].values]
                np.testing.assert_allclose(stored, expected)
    accuracy = results["over_training/accuracy"].sel(checkpoint=1)
    np.testing.assert_allclose(accuracy, results["networks/validation_accuracy"].sel(epoch=1))


def test_across_layers(results, sampled):
    found = group(results, "across_layers")
    for first in LAYERS:
        for second in LAYERS:
            alike = sampled[0].maps[first] == sampled[0].maps[second]
            cell = {"pair": "0-2", "layer_x": first, "layer_y": second}
            assert int(found.pooled.sel(cell)) == (not alike)
            x, y = (net.positions if alike else net.pooled for net in (sampled[0], sampled[2]))
            x, y = x[first], y[second]
            profile = match_profile(np.asarray(x, np.float64), np.asarray(y, np.float64))
            here = found.similarity.sel(cell)
            np.testing.assert_allclose(here, [float(profile.similarity(e)) for e in found.epsilon.values])
            assert int(found.samples.sel(cell)) == len(x)


def test_what_is_done_is_not_done_again(folder, results, tmp_path):
    """After an interruption only what is missing is computed, and gives the same."""
    again = tmp_path / "run"
    shutil.copytree(folder.path, again)
    copy = RunFolder(again)
    copy.results.unlink()
    files = sorted(copy.parts.rglob("*.nc"))
    parts = {file.parent.name.rpartition("_")[0] for file in files}
    assert parts == results.children.keys() - {"networks"}  # that is of their training
    gone = [file for file in files if file.parent.name.startswith(("joint", "dimensionality", "one_to_one"))]
    assert len(gone) >= 3
    for file in gone:
        file.unlink()
    times = {file: file.stat().st_mtime_ns for file in files if file not in gone}
    done = jaxrepsim("match", again)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {file: file.stat().st_mtime_ns for file in times} == times
    xr.testing.assert_equal(xr.load_datatree(copy.results, engine="h5netcdf"), results)


def test_a_finished_run_can_be_given_more(folder, results, tmp_path):
    """Nothing is trained again; results of the format from before groups are refused by the report, and made anew."""
    old = RunFolder(tmp_path / "old")
    shutil.copytree(folder.path, old.path, ignore=shutil.ignore_patterns("parts"))
    record = json.loads(old.record.read_text())
    parts = {name: settings for name, settings in to_plain(AnalysisConfig()).items() if name != "matching"}
    parts["joint"] = {"on": True}
    parts["stability"] |= {"layers": ["fc1"], "simple_matches": 12}
    record["config"] |= {**parts, "minimal_matches": {"units": 2}}
    record["config"]["training"]["keep"] = []
    old.record.write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"config.training.keep: \[\] there, \[0, 1\] here"):
        claim(old, {"config": to_plain(load(folder.path))})
    record["config"]["training"]["keep"] = [0, 1]
    old.record.write_text(json.dumps(record))
    flat = results["similarity"].to_dataset()
    flat.to_netcdf(old.results, engine="h5netcdf")
    refused = jaxrepsim("report", old.path)
    assert refused.returncode == 2
    assert "`jaxrepsim run CONFIG --out NEW` makes " in refused.stderr
    times = {file: file.stat().st_mtime_ns for file in (old.path / "checkpoints").rglob("*") if file.is_file()}
    done = jaxrepsim("match", old.path, "--stability.on")
    assert done.returncode == 0, done.stdout + done.stderr
    again = xr.load_datatree(old.results, engine="h5netcdf")
    assert again.children.keys() == {"similarity", "measures", "minimal_matches", "stability", "joint", "networks"}
    for name in ("similarity", "joint"):
        xr.testing.assert_equal(again[name].to_dataset(), results[name].to_dataset())
    assert np.isnan(again["stability/theta_lower"].sel(layer="stem")).all()
    assert {file: file.stat().st_mtime_ns for file in times} == times
    files = {file: file.stat().st_mtime_ns for file in old.parts.rglob("*.nc")}
    done = jaxrepsim("match", old.path, "--joint.no-on")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "joint" not in xr.load_datatree(old.results, engine="h5netcdf").children
    assert {file: file.stat().st_mtime_ns for file in old.parts.rglob("*.nc")} == files


def test_dimensionality(results, rows):
    for layer in LAYERS:
        found = results["dimensionality"].to_dataset().sel(layer=layer)
        for network, rows_of in enumerate(rows[layer]):
            expected = measures.dimensionality(rows_of)
            for name, value in expected._asdict().items():
                np.testing.assert_allclose(found[name][network], value, rtol=1e-5)


def test_files_are_decomposed_too_and_what_needs_networks_is_refused(folder, results, tmp_path):
    paths = [folder.activations(seed) for seed in (0, 1, 2)]
    config = AnalysisConfig(
        matching=MatchingConfig(epsilons=(0.4,), layers=("fc1",)),
        minimal_matches=MinimalMatches(units=0),
        decomposition=Decomposition(on=True, simple_matches=12),
        joint=Joint(on=True),
    )
    with pytest.raises(InputError, match="chance needs raw activations"):
        match_files(
            paths, dataclasses.replace(config, chance=Chance(draws=5)), RunFolder(tmp_path / "no"), print, print
        )
    assert not (tmp_path / "no").exists()
    found = match_files(paths, config, RunFolder(tmp_path / "out"), silent, silent)
    assert "minimal_matches" not in found.children
    here = {"layer": ["fc1"], "epsilon": [0.4]}
    for name in ("joint/similarity", "decomposition/simple_complete"):
        np.testing.assert_array_equal(found[name], results[name].sel(here))
    assert found["decomposition/smallest_size"].sizes["sample"] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (lambda: Chance(draws=-1), "draws must be at least 0; received -1"),
        (lambda: Decomposition(simple_matches=0), "simple_matches must be at least 1"),
        (lambda: Decomposition(smallest_rounds=-1), "smallest_rounds must be at least 0"),
        (lambda: Stability(seconds=0), "seconds must be above 0"),
        (lambda: SamplingConfig(rows=0), "rows must be at least 1"),
        (lambda: MinimalMatches(units=-1), "units must be at least 0"),
        (lambda: RunConfig(over_training=OverTraining(on=True)), r"name them in training\.keep"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(InputError, match=message):
        settings()


def test_a_layer_that_is_not_compared_is_told_before_any_work(run):
    config = dataclasses.replace(run.config, stability=Stability(layers=("conv1",), on=True))
    with pytest.raises(InputError, match=r"conv1.*stem, fc1, logits"):
        dataclasses.replace(run, config=config).check()


def degenerate(kind):
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 8)))[0]
    return {
        "dead": [np.zeros((12, 4)), basis[:, :4]],
        "identical": [basis[:, :4], basis[:, :4]],
        "disjoint": [basis[:, :4], basis[:, 4:]],
        "one unit": [basis[:, :1], basis[:, :1]],
    }[kind]


def inputs_of_degenerate(kind):
    files = {
        name: activations.ActivationFile({"a": rows}, {"a": 12}, {})
        for name, rows in zip("xy", degenerate(kind), strict=True)
    }
    return Inputs(files, ["a"], MatchingConfig(epsilons=(0.2,)))


@pytest.mark.parametrize("kind", ["dead", "identical", "disjoint", "one unit"])
def test_parts_on_degenerate_layers(kind):
    whole = float(kind in ("identical", "one unit"))
    sampled = {
        name: Sampled({"a": rows, "b": rows}, {"a": rows[::2], "b": rows[::2]}, {"a": 2, "b": 1}, {"a": (2,), "b": ()})
        for name, rows in zip("xy", degenerate(kind), strict=True)
    }
    networks_at = SimpleNamespace(compared=sampled, sampled=lambda epoch: sampled)
    inputs = dataclasses.replace(inputs_of_degenerate(kind), networks_at=networks_at)

    def computed(part):
        return next(part.compute(inputs, ["a"]))

    across = computed(AcrossLayers())
    np.testing.assert_array_equal(np.diagonal(across.similarity[0, :, :, 0]), whole)
    assert across.pooled[0].values.tolist() == [[0, 1], [1, 0]]
    assert across.samples[0].values.tolist() == [[12, 6], [6, 12]]
    for found in similarities(list(sampled.values()), inputs.epsilons).values():
        np.testing.assert_array_equal(found, whole)
    assert float(computed(Joint()).similarity[0]) == whole
    chance_of = computed(Chance(draws=3))
    assert float(chance_of.observed[0, 0]) == float(chance_of.untrained[0, 0]) == whole
    assert ((chance_of.p_shuffled >= 0.25) & (chance_of.p_shuffled <= 1)).all()
    if not whole:  # nothing is as much as nothing
        assert (chance_of.p_shuffled == 1).all()
    inputs.groups["similarity"] = computed(Similarity()).expand_dims(layer=["a"])
    stable = computed(Stability())
    assert (stable.theta_lower <= stable.theta_upper).all()
    assert stable.stable.values.ravel().tolist() == [1]  # orthogonal units, so λ = 3, and all residuals are 0 or 1


@pytest.mark.parametrize("kind", ["dead", "identical", "disjoint", "one unit"])
def test_degenerate_layers(kind):
    inputs = inputs_of_degenerate(kind)
    sampled = xr.Dataset({"sampled_unit": (("layer", "pair", "epsilon", "sample"), [[[[0, -1]]]])}, {"layer": ["a"]})
    inputs.groups["minimal_matches"] = sampled
    found = Decomposition(simple_matches=6).of_layer(inputs, "a")
    count = {"dead": 0, "identical": 4, "disjoint": 0, "one unit": 1}[kind]
    assert (found.simple_x.values[0, 0] >= 0).all(axis=1).sum() == count
    assert found.simple_complete.item() == 1
    assert found.certified_minimum.item() == 2 * count
    assert found.certified_several.item() == 0
    assert found.parts.item() == count
    assert found.smallest_size.values.ravel().tolist() == [2 if count else 0, 0]
