import json
import sys
from collections import OrderedDict

import h5py
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from jaxrepsim.activations import load, save
from jaxrepsim.activations.formats import npy
from jaxrepsim.errors import InputError


def _layers():
    rng = np.random.default_rng(0)
    return OrderedDict(
        conv2=rng.normal(size=(6, 3)).astype(np.float32),
        conv10=rng.normal(size=(2, 5, 4)),
        conv1=rng.normal(size=(6, 3)).astype(np.float32).T,  # not contiguous
    )


DRAWS = {"conv10": "RNC"}


def test_round_trip(tmp_path):
    path = tmp_path / "deep" / "er" / "a.safetensors"
    metadata = {"model": "vgg11", "seed": 3, "epochs": [1, 2]}
    save(path, _layers(), metadata, {"conv10": 10_000}, DRAWS, basis="joint", inputs="images")
    file = load(path)
    assert list(file.layers) == ["conv2", "conv10", "conv1"]
    for layer, expected in _layers().items():
        np.testing.assert_array_equal(file.layers[layer], expected)
        assert file.layers[layer].dtype == expected.dtype
    assert file.samples == {"conv2": 6, "conv10": 10_000, "conv1": 3}
    assert file.metadata == metadata
    assert (file.basis, file.inputs) == ("joint", "images")
    assert [entry.name for entry in path.parent.iterdir()] == ["a.safetensors"]


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5, unique=True))
def test_any_layer_names(tmp_path_factory, names):
    path = tmp_path_factory.getbasetemp() / "names.safetensors"
    save(path, {name: np.full((1, 1), index, np.float32) for index, name in enumerate(names)})
    assert [(name, int(units[0, 0])) for name, units in load(path).layers.items()] == [
        (name, index) for index, name in enumerate(names)
    ]


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    save(path, _layers(), layouts=DRAWS)
    before = path.read_bytes()

    def full_disk(tensors, filename, metadata):
        filename.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("safetensors.numpy.save_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save(path, {"other": np.ones((1, 1))})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


def test_files_of_other_frameworks(tmp_path):
    """Convolutions as maps, half precision, foreign metadata, no stated order."""
    maps = np.arange(48, dtype=np.float32).reshape(2, 2, 4, 3)
    half = np.ones((4, 2), np.float16)
    arrays = {"conv10": maps, "conv9": half, "block2.conv1": half.astype(ml_dtypes.bfloat16)}
    save_file(arrays, tmp_path / "a.safetensors", metadata={"format": "pt", "layout": '{"conv10": "NHWC"}'})
    file = load(tmp_path / "a.safetensors")
    assert list(file.layers) == ["block2.conv1", "conv9", "conv10"]
    np.testing.assert_array_equal(file.layers["conv10"], maps.reshape(16, 3))
    assert {units.dtype for units in file.layers.values()} == {np.dtype(np.float32)}
    assert file.samples == {"conv10": 16, "conv9": 4, "block2.conv1": 4}
    assert file.metadata == {"format": "pt"}

    stated = {"layers": json.dumps(["conv9", "block2.conv1", "conv10"]), "samples": json.dumps({"conv9": 70})}
    save_file(arrays, tmp_path / "b.safetensors", metadata=stated)
    file = load(tmp_path / "b.safetensors", ["NHWC"])
    assert list(file.layers) == ["conv9", "block2.conv1", "conv10"]
    assert file.samples["conv9"] == 70


def test_npz(tmp_path):
    arrays = _layers()
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez_compressed(tmp_path / "b.npz", **arrays)
    for name in ("a.npz", "b.npz"):
        file = load(tmp_path / name, ["RNC"])
        assert list(file.layers) == list(arrays)
        np.testing.assert_array_equal(file.layers["conv10"], arrays["conv10"])
        assert file.metadata == {}


def test_one_array_is_a_layer_of_the_files_name(tmp_path):
    rows = np.arange(6.0).reshape(3, 2)
    np.save(tmp_path / "conv1.npy", rows)
    file = load(tmp_path / "conv1.npy")
    assert list(file.layers) == ["conv1"]
    np.testing.assert_array_equal(file.layers["conv1"], rows)


def test_a_folder_of_arrays_is_a_layer_each(tmp_path):
    arrays = _layers()
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "notes.txt").write_text("not one of them")
    file = load(tmp_path, ["RNC"])
    assert list(file.layers) == ["conv1", "conv2", "conv10"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(file.layers[name], array)


def test_a_large_array_stays_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(npy, "_MAPPED", 100)
    rows = np.arange(60.0).reshape(20, 3)
    np.save(tmp_path / "fc.npy", rows)
    layer = load(tmp_path / "fc.npy").layers["fc"]
    assert isinstance(layer, np.memmap)
    np.testing.assert_array_equal(layer, rows)


@pytest.mark.parametrize("suffix", ["h5", "hdf5"])
def test_hdf5(tmp_path, suffix):
    arrays = _layers()
    with h5py.File(tmp_path / f"a.{suffix}", "w") as file:
        for name, array in arrays.items():
            file[f"block/{name}"] = array
        file["other"] = h5py.ExternalLink("elsewhere.h5", "/secret")
    found = load(tmp_path / f"a.{suffix}", ["RNC"]).layers
    assert list(found) == ["block/conv1", "block/conv2", "block/conv10"]
    np.testing.assert_array_equal(found["block/conv2"], arrays["conv2"])


def test_without_h5py(tmp_path, monkeypatch):
    (tmp_path / "a.h5").touch()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r'needs h5py, which is not installed: pip install "jaxrepsim\[plots\]"'):
        load(tmp_path / "a.h5")


BAD_LAYERS = [
    ({}, "holds no layer"),
    ({"conv1": np.ones((3, 2), np.complex64)}, "layer 'conv1' holds complex64"),
    ({"conv1": np.ones(3)}, r"layer 'conv1' has shape \(3,\)"),
    ({"conv1": np.ones((1, 1, 1, 1, 1))}, r"layer 'conv1' has shape \(1, 1, 1, 1, 1\)"),
    ({"conv1": np.ones((0, 2))}, r"layer 'conv1' is empty: its shape is \(0, 2\)"),
    ({"conv1": np.ones((2, 0))}, r"layer 'conv1' is empty"),
    ({"ok": np.ones((1, 1)), "conv1": np.diag([1, 2, np.nan])}, r"layer 'conv1', unit 2: 1 of 3 .*\(nan\) at sample 2"),
    ({"conv1": np.array([[1e39]])[:, [0, 0]] * np.float32(np.inf)}, r"layer 'conv1', unit 0: .*\(inf\)"),
]


@pytest.mark.parametrize(("layers", "words"), BAD_LAYERS)
@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_bad_layers(tmp_path, layers, words, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, **layers)
    else:
        try:
            save_file(layers, path)
        except KeyError:
            pytest.skip("safetensors has no such type")
        if layers == {} or "conv1" not in layers or layers["conv1"].ndim in (2, 3):
            with pytest.raises(InputError, match=words):
                save(tmp_path / "b.safetensors", layers)
            assert not (tmp_path / "b.safetensors").exists()
    with pytest.raises(InputError, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.safetensors", b"", "truncated or not a .safetensors file"),
        ("a.safetensors", b"not at all" * 9, "truncated or not a .safetensors file"),
        ("a.npz", b"", "truncated or not an .npz file"),
        ("a.npz", b"not at all" * 9, "truncated or not an .npz file"),
        ("a.h5", b"", "truncated or not an HDF5 file"),
        ("a.h5", b"\x89HDF\r\n\x1a\n and then nothing", "truncated or not an HDF5 file"),
        ("a.npy", b"", "a.npy is truncated or damaged"),
        ("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order'", "a.npy is truncated or damaged"),
        ("a.csv", b"", "must end in .safetensors, .npz, .npy, .h5, .hdf5$"),
        ("a.pkl", b"", "not opened, for it may be a pickle, which can run any code"),
    ],
)
def test_not_such_a_file(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        load(tmp_path / name)


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.99])
def test_truncated(tmp_path, suffix, part):
    path = tmp_path / f"a.{suffix}"
    if suffix == "safetensors":
        save(path, _layers(), layouts=DRAWS)
    else:
        np.savez(path, **_layers())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InputError, match="truncated"):
        load(path)


def test_damaged_inside(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, conv1=np.ones((50, 50)))
    data = bytearray(path.read_bytes())
    data[5000] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match="is truncated or damaged"):
        load(path)


def test_pickles_are_not_read(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (pytest.fail, ("code of the file was run",))

    np.savez(tmp_path / "a.npz", conv1=np.array([Harmful()], dtype=object))
    np.save(tmp_path / "b.npy", np.array([Harmful()], dtype=object))
    for name in ("a.npz", "b.npy"):
        with pytest.raises(InputError, match="holds pickled objects"):
            load(tmp_path / name)


def test_missing(tmp_path):
    with pytest.raises(InputError, match=r"a\.npz is missing"):
        load(tmp_path / "a.npz")
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(InputError, match=r"a\.npz is a folder that is no run .*, and holds no \.npy files"):
        load(tmp_path / "a.npz")


def test_no_such_layout(tmp_path):
    np.savez(tmp_path / "a.npz", fc=np.ones((3, 2)))
    with pytest.raises(InputError, match="unknown layout 'NHCW'; did you mean 'NHWC'"):
        load(tmp_path / "a.npz", ["NHCW"])


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"layers": '["conv2"]'}, r"name the layers \['conv2'\], its arrays are \['conv1'\]"),
        ({"layers": "conv1"}, "'layers' is not JSON"),
        ({"layers": "{}"}, "'layers' must be a JSON list"),
        ({"samples": '{"conv2": 3}'}, "unknown layer 'conv2'; did you mean 'conv1'"),
        ({"samples": '{"conv1": 0}'}, "'conv1' is said to stand for 0 samples"),
        ({"samples": '{"conv1": "3"}'}, "'conv1' is said to stand for '3' samples"),
        ({"metadata": "[]"}, "'metadata' must be a JSON dict"),
        ({"layout": '{"conv2": "NC"}'}, "unknown layer 'conv2'; did you mean 'conv1'"),
        ({"layout": '{"conv1": "NHWC"}'}, r"shape \(3, 2\), and its layout is said to be 'NHWC'; there are NC \("),
        ({"basis": "3"}, "'basis' must be a JSON str"),
    ],
)
def test_bad_metadata(tmp_path, metadata, words):
    path = tmp_path / "a.safetensors"
    save_file({"conv1": np.ones((3, 2))}, path, metadata=metadata)
    with pytest.raises(InputError, match=words):
        load(path)


def test_bad_arguments_of_save(tmp_path):
    with pytest.raises(InputError, match=r"must end in \.safetensors"):
        save(tmp_path / "a.npz", _layers())
    with pytest.raises(InputError, match=r"layer 'map' has shape .* nothing states its layout: NHWC"):
        save(tmp_path / "a.safetensors", {"map": np.ones((2, 2, 2, 2))})
    with pytest.raises(InputError, match="unknown layer"):
        save(tmp_path / "a.safetensors", _layers(), samples={"conv3": 1}, layouts=DRAWS)
    assert list(tmp_path.iterdir()) == []


def test_without_safetensors(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(InputError, match=r'needs safetensors, .*pip install "jaxrepsim\[plots\]"'):
        save(tmp_path / "a.safetensors", _layers(), layouts=DRAWS)


MAPS = np.arange(96, dtype=np.float32).reshape(2, 3, 4, 4)
TOKENS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("array", "layout", "units"),
    [
        (MAPS, "NCHW", MAPS.transpose(0, 2, 3, 1).reshape(32, 3)),
        (MAPS, "NHWC", MAPS.reshape(24, 4)),
        (TOKENS, "NLC", TOKENS.reshape(6, 4)),
        (TOKENS, "NCL", TOKENS.transpose(0, 2, 1).reshape(8, 3)),
        (TOKENS, "RNC", TOKENS),
    ],
)
def test_maps_and_tokens_are_read_as_their_layout_says_and_not_guessed(tmp_path, array, layout, units):
    np.savez(tmp_path / "a.npz", layer=array)
    with pytest.raises(InputError, match=rf"a\.npz: layer 'layer' has shape .*, and nothing states .*{layout} \("):
        load(tmp_path / "a.npz")
    np.testing.assert_array_equal(load(tmp_path / "a.npz", [layout]).layers["layer"], units)
    save_file({"layer": array}, tmp_path / "b.safetensors", metadata={"layout": json.dumps({"layer": layout})})
    np.testing.assert_array_equal(load(tmp_path / "b.safetensors").layers["layer"], units)
    with pytest.raises(InputError, match="nothing states its layout"):
        save(tmp_path / "c.safetensors", {"layer": array})
    save(tmp_path / "c.safetensors", {"layer": array}, layouts={"layer": layout})
    np.testing.assert_array_equal(load(tmp_path / "c.safetensors").layers["layer"], units)


def test_two_layouts_of_as_many_axes_are_not_chosen_between(tmp_path):
    np.savez(tmp_path / "a.npz", layer=MAPS)
    with pytest.raises(InputError, match="said to be 'NHWC' and 'NCHW'"):
        load(tmp_path / "a.npz", ["NHWC", "NCHW"])


def test_draws_of_a_file_from_before_layouts_were_stated(tmp_path):
    header = {"layers": '["layer"]', "samples": '{"layer": 90}', "metadata": "{}"}
    save_file({"layer": TOKENS}, tmp_path / "a.safetensors", metadata=header)
    assert load(tmp_path / "a.safetensors").layers["layer"].shape == (2, 3, 4)


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
@pytest.mark.parametrize(
    ("stored", "dtype"),
    [
        (bool, np.float32),
        (np.uint8, np.float32),
        (np.int16, np.float32),
        (np.int32, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float32),
    ],
)
def test_other_numbers_are_converted(tmp_path, suffix, stored, dtype):
    rows = np.array([[0, 1], [1, 1], [1, 0]], stored)
    path = tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, fc=rows)
    else:
        save_file({"fc": rows}, path)
    found = load(path).layers["fc"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, rows)


def test_bfloat16_in_an_npz_is_distinguished_from_damage(tmp_path):
    np.savez(tmp_path / "a.npz", fc=np.ones((3, 2), ml_dtypes.bfloat16))
    with pytest.raises(InputError, match=r"'fc' holds bytes of the type \|V2.*bfloat16. Save float32"):
        load(tmp_path / "a.npz")
