import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, load
from jaxrepsim.errors import InputError

from .conftest import encode, prepare


def _config(directory: Path, **settings: Any) -> DataConfig:
    return DataConfig(**{"name": "blots", "directory": directory, **settings})


def test_loads_whole_splits(prepared):
    directory, truth = prepared
    dataset = load(_config(directory))
    assert dataset.classes == 3
    assert dataset.name == "blots"
    for split, expected in ((dataset.train, truth["train"]), (dataset.validation, truth["test"])):
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert {image.tobytes(): label for image, label in zip(*split, strict=True)} == expected


def test_order_and_slices(prepared):
    """Slices are those of the whole split, in its order."""
    directory, _ = prepared
    whole = load(_config(directory))
    sliced = load(_config(directory, train_split="train[25%:50%]+test[:2]", validation_split="test[-5:]"))
    np.testing.assert_array_equal(
        sliced.train.images, np.concatenate([whole.train.images[10:20], whole.validation.images[:2]])
    )
    np.testing.assert_array_equal(sliced.validation.labels, whole.validation.labels[-5:])


def test_statistics(prepared):
    directory, _ = prepared
    dataset = load(_config(directory))
    pixels = dataset.train.images / 255
    np.testing.assert_allclose(dataset.mean, pixels.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(dataset.std, pixels.std(axis=(0, 1, 2)), rtol=1e-12)


def test_progress(prepared, monkeypatch):
    directory, _ = prepared
    monkeypatch.setattr("jaxrepsim.data.tfds.patient", lambda progress: progress)
    calls = []
    load(_config(directory), lambda *call: calls.append(call))
    assert calls == [("loading blots train", 40, 40), ("loading blots test", 12, 12)]


def test_needs_no_tensorflow(prepared):
    """Loading imports no TensorFlow (nor says that it is not there), and importing the package imports no loader."""
    directory, _ = prepared
    program = f"""
import sys
from pathlib import Path
import jaxrepsim.data
assert not {{"tensorflow_datasets", "sklearn", "PIL", "grain"}} & set(sys.modules)
jaxrepsim.data.load(jaxrepsim.data.DataConfig("blots", directory=Path({str(directory)!r})))
assert "tensorflow" not in sys.modules
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout + result.stderr == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "blobs"}, ["unknown data set 'blobs'", "did you mean 'blots'"]),
        ({"name": "cifar_10"}, ["did you mean 'cifar10'"]),
        ({"name": "stl10"}, ["'stl10' is not prepared in", "tfds build stl10 --file_format=array_record"]),
        ({"name": "fashion_mnist"}, ["not prepared", "`archive`", "train-images-idx3-ubyte.gz"]),
        ({"name": "blots:2.0.0"}, ["not prepared", "there is: 1.0.0"]),
        ({"name": "not a name"}, ["'not a name' is not the name of a data set"]),
        ({"name": "huggingface:mnist"}, ["there is no module 'huggingface'"]),
        ({"train_split": "trian"}, ["unknown split 'trian'", "did you mean 'train'"]),
        ({"train_split": "train[:41]"}, ["outside", "train (40 images)"]),
        ({"train_split": "train[:0]"}, ["no image"]),
        ({"train_split": "train[30:20]"}, ["no image"]),
        ({"train_split": "train["}, ["cannot read 'train['"]),
        ({"train_split": "all[:3]"}, ["cannot read 'all[:3]'"]),
    ],
)
def test_wrong_settings(prepared, settings, words):
    directory, _ = prepared
    with pytest.raises(InputError) as caught:
        load(_config(directory, **settings))
    for word in words:
        assert word in str(caught.value)


def test_missing_folder(tmp_path):
    with pytest.raises(InputError, match="which does not exist"):
        load(_config(tmp_path / "nowhere", name="cifar10"))


def _prepare_one(directory: Path, features: Any, example: dict[str, Any], count: int = 2) -> DataConfig:
    examples = {"train": [example] * count, "test": [example] * count}
    prepare(directory, "odd", features, examples)
    return _config(directory, name="odd")


def test_not_image_classification(tmp_path):
    config = _prepare_one(
        tmp_path, lambda f: {"text": f.Text(), "label": f.ClassLabel(num_classes=2)}, {"text": "a", "label": 1}
    )
    with pytest.raises(InputError, match=r"not an image classification set: .* label: ClassLabel, text: Text"):
        load(config)


def test_images_without_a_label(tmp_path):
    pixels = np.zeros((4, 4, 1), np.uint8)
    config = _prepare_one(
        tmp_path,
        lambda f: {"image": f.Image(shape=(4, 4, 1)), "label": f.ClassLabel(num_classes=2)},
        {"image": encode(pixels).getvalue(), "label": -1},
    )
    with pytest.raises(InputError, match="without a label"):
        load(config)


def test_grey_image_in_a_colour_set(tmp_path):
    """As TensorFlow's decoder does, an image is brought to the set's channels."""
    pixels = np.full((4, 4, 1), 7, np.uint8)
    config = _prepare_one(
        tmp_path,
        lambda f: {"image": f.Image(shape=(None, None, 3)), "label": f.ClassLabel(num_classes=2)},
        {"image": encode(pixels).getvalue(), "label": 1},
    )
    dataset = load(config)
    assert dataset.train.images.shape == (2, 4, 4, 3)
    assert (dataset.train.images == 7).all()
    assert dataset.std == (1.0, 1.0, 1.0)  # a constant channel


def test_images_of_different_sizes(tmp_path):
    examples = [{"image": encode(np.zeros((4, width, 3), np.uint8)), "label": 0} for width in (4, 5)]
    prepare(
        tmp_path,
        "odd",
        lambda f: {"image": f.Image(shape=(None, None, 3)), "label": f.ClassLabel(num_classes=2)},
        {"train": examples},
    )
    with pytest.raises(InputError, match="differ in size"):
        load(_config(tmp_path, name="odd", validation_split="train"))
    with pytest.raises(InputError, match="differ in size"):
        load(_config(tmp_path, name="odd", train_split="train[:1]", validation_split="train[1:]"))


def _copy(prepared: tuple[Path, Any], target: Path) -> Path:
    shutil.copytree(prepared[0] / "blots", target / "blots")
    return target / "blots" / "1.0.0"


def test_tfrecord_format(prepared, tmp_path):
    info = _copy(prepared, tmp_path) / "dataset_info.json"
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    with pytest.raises(InputError, match=r"prepared as tfrecord, .* --file_format=array_record"):
        load(_config(tmp_path))


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "empty", "missing", "description", "features"])
def test_damaged_set(prepared, tmp_path, damage):
    place = _copy(prepared, tmp_path)
    (shard,) = place.glob("*test.array_record*")
    data = shard.read_bytes()
    match damage:
        case "truncated":
            shard.write_bytes(data[: len(data) // 2])
        case "overwritten":
            shard.write_bytes(bytes(len(data)))
        case "empty":
            shard.write_bytes(b"")
        case "missing":
            shard.unlink()
        case "description":
            (place / "dataset_info.json").write_text("{")
        case "features":
            (place / "features.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        load(_config(tmp_path))


def test_damaged_image(tmp_path):
    config = _prepare_one(
        tmp_path,
        lambda f: {"image": f.Image(shape=(4, 4, 1)), "label": f.ClassLabel(num_classes=2)},
        {"image": b"no image", "label": 0},
    )
    with pytest.raises(InputError, match=r"damaged; .*image 0 of 'train'"):
        load(config)
