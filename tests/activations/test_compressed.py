import numpy as np
import pytest

from jaxrepsim import InputError, capture, capture_compressed
from jaxrepsim.activations import load, save

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(50, 2, 2, 3)).astype(np.float32)
WEIGHTS = {name: RNG.normal(size=(3, units)).astype(np.float32) for name, units in (("a", 4), ("b", 5))}


def _network(name):
    def model(images):
        hidden = np.tanh(images @ WEIGHTS[name])
        return {"map": hidden, "mean": hidden.mean((1, 2))}

    return model


NETWORKS = {name: _network(name) for name in WEIGHTS}


def _check_products(found, layers, dtype=np.float32):
    """All inner products of raw activations, in float64, between all that is compressed together."""
    raw = {name: capture(model, IMAGES.astype(dtype)) for name, model in NETWORKS.items()}
    for one, layer in layers:
        for other, second in layers:
            expected = raw[one][layer].astype(float).T @ raw[other][second].astype(float)
            rows = found[one].layers[layer].T @ found[other].layers[second]
            np.testing.assert_allclose(rows, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_size", [7, 50])
def test_counterparts(batch_size):
    found = capture_compressed(NETWORKS, IMAGES, batch_size=batch_size)
    assert [list(each.layers) for each in found.values()] == [["map", "mean"]] * 2
    assert found["a"].samples == {"map": 200, "mean": 50}
    assert found["a"].layers["map"].shape == (12, 4)
    assert found["a"].basis == found["b"].basis != ""
    assert found["a"].inputs == found["b"].inputs != ""
    for layer in ("map", "mean"):
        _check_products(found, [("a", layer), ("b", layer)])


def test_across_layers():
    def deep(name):
        return lambda images: {
            **NETWORKS[name](images),
            "squared": NETWORKS[name](images)["mean"] ** 2,
        }

    found = capture_compressed({name: deep(name) for name in NETWORKS}, IMAGES, across_layers=True)
    assert found["a"].layers["mean"].shape == (21, 4)
    assert found["a"].layers["map"].shape == (12, 4)
    raw = {name: capture(deep(name), IMAGES) for name in NETWORKS}
    expected = raw["a"]["mean"].astype(float).T @ raw["b"]["squared"].astype(float)
    np.testing.assert_allclose(found["a"].layers["mean"].T @ found["b"].layers["squared"], expected, atol=1e-9)
    assert found["a"].metadata["one_basis"] is True


def test_float64_goes_through_qr():
    found = capture_compressed(NETWORKS, IMAGES.astype(np.float64), batch_size=20)
    _check_products(found, [("a", "map"), ("b", "map")], np.float64)


def test_dependent_units_are_compressed_once_more_by_qr():
    calls = []

    def doubled(images):
        calls.append(len(images))
        hidden = images.reshape(len(images), -1)
        return {"hidden": np.concatenate([hidden, hidden], axis=1)}

    found = capture_compressed({"a": doubled, "b": doubled}, IMAGES)["a"].layers["hidden"]
    assert len(calls) > 4
    once = IMAGES.reshape(50, -1).astype(float)
    np.testing.assert_allclose(found[:, :12].T @ found[:, 12:], once.T @ once, rtol=1e-9, atol=1e-9)


def test_other_names_by_order_and_inputs_of_their_own():
    first = {"a": IMAGES, "b": np.moveaxis(IMAGES, -1, 1)}
    networks = {
        "a": NETWORKS["a"],
        "b": lambda images: {
            "one": np.moveaxis(NETWORKS["b"](np.moveaxis(images, 1, -1))["map"], -1, 1),
            "two": NETWORKS["b"](np.moveaxis(images, 1, -1))["mean"],
        },
    }
    found = capture_compressed(networks, first, channels={"a": None, "b": 1})
    plain = capture_compressed(NETWORKS, IMAGES)
    np.testing.assert_allclose(found["b"].layers["one"], plain["b"].layers["map"], rtol=1e-6)
    one = capture_compressed(networks, first, channels={"a": None, "b": 1}, layers={"a": "mean", "b": "two"})
    assert [list(each.layers) for each in one.values()] == [["mean"], ["two"]]


def test_saved(tmp_path):
    found = capture_compressed(NETWORKS, IMAGES)["a"]
    place, note = tmp_path / "a.safetensors", (found.metadata, found.samples, None, found.basis, found.inputs)
    save(place, found.layers, *note, found.squares)
    again = load(place)
    np.testing.assert_array_equal(again.layers["map"], found.layers["map"])
    np.testing.assert_array_equal(again.squares["map"], found.squares["map"])
    assert again[1:5] == found[1:5]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": {"a": "*", "b": "map"}}, r"'a' has 2 layers and 'b' 1: choose as many .* of map, mean and map"),
        ({"layers": {"a": "map", "b": "mean"}}, "4 in layer 'map' of 'a' and 1 in layer 'mean' of 'b'.*pool"),
        ({"layers": "maps"}, "network 'a': unknown layer 'maps'"),
        ({"inputs": {"a": IMAGES, "b": IMAGES[:9]}}, r"the same inputs, received \{'a': 50, 'b': 9\}"),
        ({"inputs": np.where(np.arange(50)[:, None, None, None] == 31, np.nan, IMAGES), "batch_size": 20},
         r"network 'a', inputs 20 to 39: layer 'map', unit 0: 4 of 80 .* at sample 44"),
        ({"networks": {}}, "received no networks"),
    ],
)  # fmt: skip
def test_bad_input(options, words):
    with pytest.raises(InputError, match=words):
        capture_compressed(**{"networks": NETWORKS, "inputs": IMAGES, **options})
