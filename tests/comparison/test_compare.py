"""Networks in memory, compared by one call: equal to what the functions give pair by pair."""

import warnings
from collections import OrderedDict

import jax
import matplotlib
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import Comparison, FewSamplesWarning, capture, capture_compressed, compare, match_profile, match_profiles
from jaxrepsim.activations import ActivationFile, layer_key, save
from jaxrepsim.chance import calibrate
from jaxrepsim.compression import compress
from jaxrepsim.errors import InputError
from jaxrepsim.measures import MEASURES, procrustes, pwcca

EPSILONS = (0.3, 0.6)
SAMPLES = 90


def activations(seed, *layers, samples=SAMPLES, units=4):
    """Layers of which each is half that of the other networks, and half its own."""
    shared, own = np.random.default_rng(0), np.random.default_rng(seed + 1)
    return {
        layer: np.hstack(
            (
                shared.normal(size=(samples, units // 2)) + 0.3 * own.normal(size=(samples, units // 2)),
                own.normal(size=(samples, units - units // 2)),
            )
        )
        for layer in layers
    }


@pytest.fixture(scope="module")
def networks():
    return {"a": activations(0, "in", "out"), "b": activations(1, "0", "1"), "c": activations(2, "in", "out")}


@pytest.fixture(scope="module")
def found(networks):
    return compare(networks, epsilons=EPSILONS, across_layers=True, progress=False)


def profile(x, y):
    with jax.enable_x64(True):
        return match_profile(x, y)


def test_similarity_is_that_of_every_pair(found, networks):
    assert (found.networks, found.layers) == (["a", "b", "c"], ["in", "out"])
    assert found.similarity.dims == ("layer", "pair", "epsilon")
    assert "largest" not in found.similarity.attrs.get("description", "")
    expected = profile(networks["b"]["1"], networks["c"]["out"])
    here = found.similarity.sel(layer="out", pair="b-c")
    np.testing.assert_allclose(here, [float(expected.similarity(e)) for e in EPSILONS])
    assert 0 < float(here[-1]) < 1


def test_the_long_table_names_layers_as_networks_do(found, networks):
    table = found.to_dataframe()
    assert table.columns.tolist() == ["network_x", "network_y", "layer_x", "layer_y", "measure", "epsilon", "value"]
    keys = ["network_x", "network_y", "layer_x", "layer_y", "measure", "epsilon"]
    assert not table.duplicated(keys).any()
    # Of each pair 2 × 2 layers at two ε and by three measures, and the area under two profiles.
    assert len(table) == 3 * (4 * (2 + 3) + 2)
    row = table[(table.layer_x == "in") & (table.layer_y == "1") & (table.epsilon == 0.6)].iloc[0]
    assert (row.network_x, row.network_y) == ("a", "b")
    assert row.value == pytest.approx(float(profile(networks["a"]["in"], networks["b"]["1"]).similarity(0.6)))
    auc = table[(table.measure == "match_auc") & (table.layer_x == "0")].iloc[0]
    with jax.enable_x64(True):
        assert auc.value == pytest.approx(float(match_profile(networks["b"]["0"], networks["c"]["in"]).auc()))


def test_distances(found):
    every = found.distances()
    assert every.dims == ("layer", "network", "other_network")
    np.testing.assert_array_equal(every, every.transpose("layer", "other_network", "network").values)
    assert (np.diagonal(every.values, axis1=1, axis2=2) == 0).all()
    here = found.distances("match_similarity", "out", 0.3)
    assert float(here.sel(network="c", other_network="b")) == 1 - float(
        found.similarity.sel(layer="out", pair="b-c", epsilon=0.3)
    )
    assert (found.distances("match_auc", "in").values[np.triu_indices(3, 1)] > 0).all()
    for arguments, message in (
        (("cka",), "unknown measure 'cka'"),
        (("match_auc", "conv"), "unknown layer 'conv'"),
        (("match_similarity", "in", 0.4), r"ε = 0.4 was not asked for; there are 0.3, 0.6"),
    ):
        with pytest.raises(InputError, match=message):
            found.distances(*arguments)


def test_what_is_saved_is_loaded(found, tmp_path):
    found.save(tmp_path / "found.nc")
    again = Comparison.load(tmp_path / "found.nc")
    assert again.to_dataframe().equals(found.to_dataframe())
    assert again.dataset["similarity/profile_x"].attrs["long_name"].startswith("critical ε")
    assert repr(again) == "Comparison(a, b, c: 2 layers; similarity, measures, joint, across_layers)"
    with pytest.raises(InputError, match="missing or damaged"):
        Comparison.load(tmp_path / "nothing.nc")


def test_figures_page_and_repr(found, tmp_path):
    backend = matplotlib.get_backend()
    assert len(found.plot.depth().axes[0].get_lines()) >= len(EPSILONS)
    assert len(found.plot.profiles().axes) >= 2
    assert found.plot.depth()._repr_png_().startswith(b"\x89PNG")
    assert found.plot.layers().axes[0].get_images()
    matrix = found.plot.networks("out", "match_auc")
    image = next(axes.get_images()[0] for axes in matrix.axes if axes.get_images())
    distances = found.distances("match_auc", "out").values
    order = ["abc".index(label.get_text()) for label in image.axes.get_yticklabels()]
    np.testing.assert_array_equal(image.get_array(), distances[np.ix_(order, order)])
    assert matplotlib.get_backend() == backend
    page = found.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Comparison of a, b, c" in page
    assert 'id="across_layers"' in page
    assert "<table" in found._repr_html_()
    assert "ε = 0.3" in found._repr_html_()


def test_points_on_the_plane_are_as_far_apart_as_the_networks(found):
    """Any three points lie on a plane."""
    points = np.transpose(found.plot.networks("out").axes[-1].get_lines()[0].get_data())
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    np.testing.assert_allclose(distances, found.distances(layer="out"), atol=1e-9)


def test_networks_of_other_depths_are_compared_across_layers():
    networks = {"a": activations(0, "p", "q", "r"), "b": activations(1, "s", "t")}
    found = compare(
        networks,
        layers={"end": ("r", "t")},
        epsilons=EPSILONS,
        across_layers=True,
        chance=3,
        minimal_units=2,
        progress=False,
    )
    group = found.dataset["across_layers"]
    assert found.layers == ["end"]
    here = group["similarity"].isel(pair=0).sel(layer_x=["p", "q", "r"], layer_y=["s", "t"])
    with jax.enable_x64(True):
        expected = match_profiles([*networks["a"].values(), *networks["b"].values()], [(0, 3), (1, 4), (2, 4)])
    for (i, j), each in zip([(0, 0), (1, 1), (2, 1)], expected, strict=True):
        np.testing.assert_allclose(here[i, j], [float(each.similarity(e)) for e in EPSILONS])
    assert group["similarity"].sel(layer_x="s").isnull().all()
    assert (group["samples"].sel(layer_x="p", layer_y="t") == SAMPLES).all()
    assert found.plot.layers().axes[0].get_images()[0].get_array().shape == (3, 2)
    chance = found.dataset["chance"]
    assert chance["untrained"].isnull().all()
    assert chance["p_shuffled"].notnull().all()
    measures = found.dataset["measures"].sel(measure="linear_cka").isel(pair=0)
    with jax.enable_x64(True):
        expected = calibrate(
            "linear_cka", networks["a"]["r"], networks["b"]["t"], jax.random.fold_in(layer_key(0, "end"), 0), 3
        )
    assert measures["p"].item() == float(expected.p)
    assert np.isnan(measures["calibrated"].item())  # of three draws none can tell
    assert found.dataset["minimal_matches"].sizes["sample"] == 2


def test_positions_are_pooled_where_maps_differ():
    """A layer of twice as many rows has two positions an input, and is compared with others by their mean."""
    maps = activations(0, "map", samples=2 * SAMPLES)["map"]
    networks = {"a": {"map": maps, "flat": maps[::2]}, "b": {"map": maps[:, ::-1], "flat": maps[1::2]}}
    group = (
        compare(networks, epsilons=EPSILONS, across_layers=True, progress=False).dataset["across_layers"].isel(pair=0)
    )
    assert group["pooled"].values.tolist() == [[0, 1], [1, 0]]
    assert group["samples"].values.tolist() == [[2 * SAMPLES, SAMPLES], [SAMPLES, SAMPLES]]
    expected = profile(maps.reshape(SAMPLES, 2, -1).mean(axis=1), maps[1::2])
    np.testing.assert_allclose(group["similarity"][0, 1], [float(expected.similarity(e)) for e in EPSILONS])


def test_compressed_activations_and_files(networks, tmp_path):
    raw = compare({"a": networks["a"], "c": networks["c"]}, epsilons=EPSILONS, progress=False)
    with jax.enable_x64(True):
        rows = {layer: compress(networks["a"][layer], networks["c"][layer]) for layer in ("in", "out")}
    for side, name in enumerate("ac"):
        small = {layer: np.asarray(both[side]) for layer, both in rows.items()}
        save(tmp_path / f"{name}.safetensors", small, samples=dict.fromkeys(rows, SAMPLES), basis="one")
    files = {name: tmp_path / f"{name}.safetensors" for name in "ac"}
    np.testing.assert_allclose(compare(files, epsilons=EPSILONS, progress=False).similarity, raw.similarity)
    with pytest.raises(InputError, match="across_layers needs raw activations"):
        compare(files, across_layers=True)
    with pytest.raises(InputError, match="chance needs raw activations"):
        compare(files, chance=3)


def test_a_key_is_a_seed(networks):
    two = {name: networks[name] for name in "ac"}
    units = [
        compare(two, minimal_units=3, key=key, epsilons=EPSILONS, progress=False).dataset[
            "minimal_matches/sampled_unit"
        ]
        for key in (jax.random.key(1), jax.random.key(1), 0)
    ]
    assert units[0].equals(units[1])
    assert not units[0].equals(units[2])


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({"a": activations(0, "x")}, "two networks or more, received 1"),
        ({"a": activations(0, "x"), "b": np.ones((5, 2))}, "b is given as ndarray: expected its activations"),
        ({"a": activations(0, "x"), "b": {"x": np.ones((5, 2, 2, 3))}}, r"b: layer 'x' has the shape \(5, 2, 2, 3\)"),
        ({"a": activations(0, "x"), "b": {}}, "b: there is no layer"),
        ({"a": activations(0, "x"), "b": {"x": np.full((SAMPLES, 2), np.nan)}}, "b: layer 'x', unit 0: 90 of 90"),
        ({"a": activations(0, "x"), "b": activations(0, "x", samples=80)}, "90 samples in a and 80 in b"),
        ({"a": activations(0, "x"), "b": activations(0, "x", "y")}, "a has 1 layers, and b has 2 layers"),
    ],
)
def test_what_cannot_be_compared(networks, message):
    with pytest.raises(InputError, match=message):
        compare(networks)


def test_layers_of_unequal_inputs_are_not_compared_across():
    networks = {"a": activations(0, "x"), "b": activations(1, "x") | {"y": np.ones((SAMPLES + 7, 2))}}
    with pytest.raises(InputError, match=r"rows of 90 inputs, and 'y' of b of 97.*the mean over the positions"):
        compare(networks, layers=["x"], across_layers=True, progress=False)


def test_few_samples_are_warned_of():
    networks = {name: activations(seed, "x", samples=30) for seed, name in enumerate("ab")}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compare(networks, progress=False)
    assert [each.category for each in caught] == [FewSamplesWarning]
    assert caught[0].filename == __file__


def test_a_file_object_is_taken_as_it_is(networks):
    files = {name: ActivationFile(networks[name], dict.fromkeys(networks[name], SAMPLES), {}) for name in "ac"}
    assert compare(files, progress=False).layers == ["in", "out"]


def test_names_of_the_package():
    assert {"compare", "Comparison"} <= set(dir(jaxrepsim))
    with pytest.raises(AttributeError, match="no attribute 'comparee'"):
        jaxrepsim.comparee  # noqa: B018


def test_captured_straight_into_compressions():
    """From two models to layers across, no activation stored: as from all activations."""
    inputs = np.random.default_rng(0).normal(size=(SAMPLES, 3)).astype(np.float32)

    def model(seed):
        weights = np.random.default_rng(seed).normal(size=(2, 3, 3)).astype(np.float32)
        return lambda batch: OrderedDict(first=np.tanh(batch @ weights[0]), second=np.tanh(batch @ weights[1]))

    models = {"a": model(1), "b": model(2)}
    small = compare(capture_compressed(models, inputs, across_layers=True), across_layers=True, progress=False)
    raw = compare({name: capture(each, inputs) for name, each in models.items()}, across_layers=True, progress=False)
    tables = [each.to_dataframe() for each in (small, raw)]
    np.testing.assert_allclose(tables[0].pop("value"), tables[1].pop("value"), atol=1e-6)
    assert tables[0].equals(tables[1])
    group = small.dataset["across_layers"]
    assert (group["samples"] == SAMPLES).all()


def test_measures_beside_the_match(networks):
    names = ["linear_cka", "procrustes", "pwcca", "soft_matching", "mutual_knn"]
    found = compare(networks, measures=names, across_layers=True, progress=False)
    rows = found.to_dataframe().query("measure in @names")  # the match has a row for each ε
    table = rows.set_index(["measure", "network_x", "network_y", "layer_x", "layer_y"])["value"]
    with jax.enable_x64(True):
        for name in names:
            function = MEASURES[name].function
            x, y, z = networks["a"]["in"], networks["b"]["0"], networks["c"]["in"]
            assert table[name, "a", "b", "in", "0"] == pytest.approx(float(function(x, y)), abs=1e-9)
            distance = found.distances(name, "in").sel(network="c", other_network="b").item()
            both = (float(function(y, z)) + float(function(z, y))) / 2
            expected = both if MEASURES[name].kind == "distance" else 1 - both
            assert distance == pytest.approx(expected, abs=1e-9)
        swapped = float(pwcca(networks["b"]["1"], networks["a"]["out"]))
        assert table["pwcca", "b", "a", "1", "out"] == pytest.approx(swapped, abs=1e-9)
        across = float(procrustes(networks["a"]["in"], networks["b"]["1"]))
        assert table["procrustes", "a", "b", "in", "1"] == pytest.approx(across, abs=1e-9)
    image = found.plot.layers("procrustes").axes[0].get_images()[0].get_array()
    group = found.dataset["across_layers/value"].sel(measure="procrustes").mean("pair")
    assert image.shape == (4, 4)
    np.testing.assert_allclose(image[0, 1], group.sel(layer_x="in", layer_y="out"))
    with pytest.raises(InputError, match="unknown measure 'cca'"):
        found.plot.layers("cca")
    with pytest.raises(InputError, match="unknown measure 'ckaa'"):
        compare(networks, measures=["ckaa"])


@pytest.mark.parametrize("measure", ["procrustes", "soft_matching", "angular_procrustes"])
def test_distances_that_are_metrics_keep_the_triangle_inequality(networks, measure):
    distances = compare(networks, measures=[measure], progress=False).distances(measure)
    for layer in distances.values:
        assert (layer[:, None] <= layer[:, :, None] + layer[None] + 1e-9).all()


def test_compressions_keep_what_measures_need(networks):
    inputs = np.random.default_rng(0).normal(size=(SAMPLES, 3)).astype(np.float32)
    models = {name: lambda batch, shift=shift: {"only": np.tanh(batch + shift)} for shift, name in enumerate("ab")}
    small = compare(capture_compressed(models, inputs), progress=False)
    raw = compare({name: capture(model, inputs) for name, model in models.items()}, progress=False)
    value = small.dataset["measures/value"]
    np.testing.assert_allclose(value, raw.dataset["measures/value"], atol=1e-6)
    assert value.notnull().all()


def test_compressed_layers_of_other_names():
    """Paired by order as they were compressed, with their means; and refused in any other way."""
    inputs = np.random.default_rng(0).normal(size=(SAMPLES, 3)).astype(np.float32)
    models = {
        "a": lambda batch: OrderedDict(one=np.tanh(batch), two=np.tanh(batch[:, :2])),
        "b": lambda batch: OrderedDict(three=np.sin(batch), four=np.cos(batch)),
    }
    small = capture_compressed(models, inputs)
    raw = {name: capture(model, inputs) for name, model in models.items()}
    found, expected = (compare(each, progress=False).to_dataframe() for each in (small, raw))
    np.testing.assert_allclose(found.pop("value"), expected.pop("value"), atol=1e-6)
    assert found.equals(expected)
    with pytest.raises(InputError, match="'x' of a and b was compressed in each with other layers"):
        compare(small, layers={"x": ("one", "four")})


def test_nearly_dependent_units_are_not_left_to_sums_of_products():
    """Units of which two are copies but for a ten-thousandth, in float32: as from float64."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 4))
    x[:, 1] = x[:, 0] + 1e-4 * x[:, 1]
    both = {"a": {"l": x.astype(np.float32)}, "b": {"l": (x @ rng.normal(size=(4, 4))).astype(np.float32)}}
    exactly = {name: {"l": layers["l"].astype(np.float64)} for name, layers in both.items()}
    found, expected = (
        compare(each, measures=["cca", "linear_regression"], progress=False).dataset["measures/value"]
        for each in (both, exactly)
    )
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_measures_are_calibrated(networks):
    two = {name: networks[name] for name in "ac"}
    found = compare(two, measures=["linear_cka"], chance=19, layers=["in"], epsilons=EPSILONS, progress=False)
    with jax.enable_x64(True):
        key = jax.random.fold_in(layer_key(0, "in"), 0)
        expected = calibrate("linear_cka", networks["a"]["in"], networks["c"]["in"], key, 19)
    group = found.dataset["measures"].isel(layer=0, pair=0, measure=0)
    assert group["p"].item() == float(expected.p)
    assert group["calibrated"].item() == pytest.approx(float(expected.calibrated))
    assert float(expected.calibrated) > 0
