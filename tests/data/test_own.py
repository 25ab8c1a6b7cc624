"""Data of one's own: files of arrays, functions, folders of images."""

import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from jaxrepsim.data import DataConfig, load
from jaxrepsim.errors import InputError

RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (12, 5, 4, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3
GOOD = {
    "train_images": BYTES,
    "train_labels": LABELS,
    "validation_images": BYTES[:6],
    "validation_labels": LABELS[:6].astype(np.uint8),
}


def saved(tmp_path, **arrays):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return str(path)


def test_bytes_come_as_they_are(tmp_path):
    dataset = load(DataConfig(saved(tmp_path, **GOOD)))
    np.testing.assert_array_equal(dataset.train.images, BYTES)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.validation.labels.dtype == np.int32
    assert dataset.validation.labels.tolist() == [0, 1, 2] * 2
    assert dataset.classes == 3
    np.testing.assert_allclose(dataset.mean, BYTES.mean((0, 1, 2)) / 255)
    by_its_name = load(DataConfig(saved(tmp_path, **GOOD), validation_split="validation[:50%]"))
    assert by_its_name.validation.labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int64, bool])
def test_other_numbers_become_float32_and_are_not_scaled(tmp_path, kind):
    images = (BYTES[..., 0] % 2).astype(kind)
    dataset = load(DataConfig(saved(tmp_path, images=images, labels=LABELS), None, None, "train[:9]", "train[-3:]"))
    assert dataset.train.images.dtype == np.float32
    np.testing.assert_array_equal(dataset.train.images, images[:9, :, :, None])
    np.testing.assert_array_equal(dataset.validation.labels, LABELS[9:])
    np.testing.assert_allclose(dataset.std, [images[:9].astype(float).std()])


def test_vectors_are_normalised_feature_by_feature(tmp_path):
    vectors = RANDOM.normal(3, 2, (12, 7))
    dataset = load(DataConfig(saved(tmp_path, images=vectors, labels=LABELS), None, None, "train", "train"))
    assert dataset.train.images.shape == (12, 7)
    np.testing.assert_allclose(dataset.mean, vectors.mean(0), rtol=1e-6)
    np.testing.assert_allclose(dataset.std, vectors.std(0), rtol=1e-5)


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "holds nothing: .*train_images, train_labels"),
        ({"x_train": BYTES, "y_train": LABELS}, "x_train, y_train; 'x_train' is no name.*train_images, train_labels"),
        (without("train_labels"), "train_images, validation_images, validation_labels; there is no train_labels"),
        (GOOD | {"images": BYTES, "labels": LABELS}, "must hold train_images"),
        (GOOD | {"train_labels": LABELS[:9]}, "train_images are 12, and train_labels are 9"),
        (GOOD | {"train_labels": np.eye(3)[LABELS]}, r"\(12, 3\) \(of one-hot rows: numpy.argmax"),
        (GOOD | {"train_labels": LABELS.astype(float)}, "train_labels must be integers; received float64"),
        (GOOD | {"train_labels": LABELS + 1, "validation_labels": LABELS[:6] + 1}, "from 1 to 3, and .* class 0"),
        (GOOD | {"train_labels": 2 * LABELS, "validation_labels": 2 * LABELS[:6]}, "no image is of class 1"),
        (GOOD | {"train_labels": LABELS - 1}, "from -1 to 2"),
        (GOOD | {"validation_labels": np.zeros(6, int)}, "all 6 images of the split 'test' are of class 0"),
        (GOOD | {"train_images": BYTES[0, 0, 0]}, r"\(N, H, W, C\).*received the shape \(3,\)"),
        (GOOD | {"train_images": np.full((12, 5, 4, 3), "a")}, "must be numbers, uint8 or floating"),
        (GOOD | {"train_images": np.where(np.arange(12) == 7, np.nan, BYTES.T).T}, "number 7 holds .* NaN or infinite"),
        (GOOD | {"train_images": np.zeros((12, 3, 32, 32))}, "channels first.*transpose"),
        (GOOD | {"validation_images": np.zeros((6, 8, 8, 3))}, "differ in size"),
        ({"images": BYTES, "labels": LABELS}, "one split, 'train', of 12 images.*data.train_split='train"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, words):
    with pytest.raises(InputError, match=words):
        load(DataConfig(saved(tmp_path, **arrays)))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="there is no data file"):
        load(DataConfig(str(tmp_path / "no.npz")))
    (tmp_path / "damaged.npz").write_bytes(b"PK, and no more")
    with pytest.raises(InputError, match=r"cannot be read as a \.npz file"):
        load(DataConfig(str(tmp_path / "damaged.npz")))
    # Objects would have to be unpickled, which runs code.
    with pytest.raises(InputError, match=r"cannot be read as a \.npz file"):
        load(DataConfig(saved(tmp_path, train_images=np.array([{}], object))))
    with pytest.raises(InputError, match=r"unknown split 'dev'.*train, validation"):
        load(DataConfig(saved(tmp_path, **GOOD), validation_split="dev"))
    with pytest.raises(InputError, match="image_size is for images on disk"):
        load(DataConfig(saved(tmp_path, **GOOD), image_size=8))


MODULE = """
import numpy as np

def make():
    labels = np.arange(6) % 2
    return {"train_images": np.ones((6, 2, 2)) * labels[:, None, None], "train_labels": labels,
            "validation_images": np.zeros((2, 2, 2)), "validation_labels": labels[:2]}

def nothing():
    return None

def wants(path):
    return make()

def fails():
    raise OSError("no such disk")

number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """In the current folder, under a name that no other test imports; the path is as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "arrays_of_test_own.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken_of_test_own.py").write_text("import numpie\n", encoding="utf-8")
    yield "arrays_of_test_own"
    sys.modules.pop("arrays_of_test_own", None)


def test_a_function_returns_arrays(module):
    dataset = load(DataConfig(f"{module}:make"))
    assert dataset.train.images.shape == (6, 2, 2, 1)
    assert dataset.train.images[:, 0, 0, 0].tolist() == [0, 1] * 3
    assert dataset.classes == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arrays_of_test_own:mke", "'mke'; did you mean 'make'"),
        ("array_of_test_own:make", "no module 'array_of_test_own'; did you mean 'arrays_of_test_own'"),
        ("broken_of_test_own:make", "importing 'broken_of_test_own' failed: No module named 'numpie'"),
        ("arrays_of_test_own:nothing", "returned a NoneType; (.|\n)*def make"),
        ("arrays_of_test_own:wants", "without arguments .*'path'(.|\n)*def make"),
        ("arrays_of_test_own:fails", "failed: OSError: no such disk"),
        ("arrays_of_test_own:number", "is no function(.|\n)*def make"),
    ],
)
def test_functions_that_do_not_fit(module, name, words):
    with pytest.raises(InputError, match=words):
        load(DataConfig(name))


@pytest.fixture
def folder(tmp_path):
    """Two classes, `ape` and `bee`, images of one size, and files that are none."""
    for split, count in (("train", 3), ("validation", 2)):
        for number, kind in enumerate(("bee", "ape")):
            place = tmp_path / "set" / split / kind
            place.mkdir(parents=True)
            for index in range(count):
                pixels = np.full((6, 5, 3), 100 * number + index, np.uint8)
                pixels[0, 0] = (1, 2, 3)
                Image.fromarray(pixels).save(place / f"{index}.png")
    for name in ("notes.txt", "._0.png"):
        (tmp_path / "set" / "train" / "ape" / name).write_text("no image")
    return tmp_path / "set"


def test_folders_of_images_by_class(folder):
    dataset = load(DataConfig(str(folder)))
    assert dataset.train.images.shape == (6, 6, 5, 3)
    # Class by class in turn: ape is class 0.
    assert dataset.train.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert dataset.train.images[:, 3, 3, 0].tolist() == [100, 0, 101, 1, 102, 2]
    assert dataset.train.images[0, 0, 0].tolist() == [1, 2, 3]
    assert dataset.validation.labels.tolist() == [0, 1, 0, 1]
    assert dataset.classes == 2


def test_folders_of_grey_images(folder):
    for path in folder.rglob("[0-9].png"):
        Image.open(path).convert("L").save(path)
    assert load(DataConfig(str(folder))).train.images.shape == (6, 6, 5, 1)


def test_folders_of_images_of_16_bits(folder):
    Image.fromarray(np.full((6, 5), 40_000, np.uint16)).save(folder / "train" / "ape" / "0.png")
    with pytest.raises(InputError, match=r"0\.png has more than 8 bits a pixel"):
        load(DataConfig(str(folder)))


def test_folders_of_images_that_stay_on_disk(folder):
    dataset = load(DataConfig(str(folder), image_size=4))
    images = dataset.train.images
    assert images.shape == (6, 4, 4, 3)
    assert images[np.array([2])][0, 3, 3, 0] == 101
    assert dataset.train.labels[:].tolist() == [0, 1, 0, 1, 0, 1]
    assert pickle.loads(pickle.dumps(images))[:1].shape == (1, 4, 4, 3)
    (pixels, labels), *_ = images.batches(np.arange(6), 0, 3)
    assert pixels.shape == (3, 4, 4, 3)
    assert labels.tolist() == [0, 1, 0]
    before = images.identity
    Image.fromarray(RANDOM.integers(0, 256, (60, 50, 3), dtype=np.uint8)).save(folder / "train" / "ape" / "0.png")
    assert load(DataConfig(str(folder), image_size=4)).train.images.identity != before


def test_folders_that_do_not_fit(folder):
    larger = folder / "train" / "bee" / "1.png"
    Image.fromarray(np.zeros((7, 5, 3), np.uint8)).save(larger)
    with pytest.raises(InputError, match=r"0\.png is 5 × 6 pixels, and .*1\.png is 5 × 7; set data.image_size"):
        load(DataConfig(str(folder)))
    larger.write_bytes(b"\x89PNG, and no more")
    with pytest.raises(InputError, match=r"1\.png is damaged, or no image"):
        load(DataConfig(str(folder)))
    larger.unlink()
    (folder / "validation" / "ape").rename(folder / "validation" / "cow")
    with pytest.raises(InputError, match="the class 'ape' is in one of 'train' and 'validation' and not in the other"):
        load(DataConfig(str(folder)))
    (folder / "more").mkdir()
    with pytest.raises(InputError, match=r"more holds no folder with images; expected FOLDER/train/CLASS"):
        load(DataConfig(str(folder)))
    with pytest.raises(InputError, match=r"of your own, a \.npz file, a folder that has folders of images"):
        load(DataConfig(str(folder / "nothing")))
