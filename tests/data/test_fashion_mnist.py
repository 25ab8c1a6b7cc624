import gzip
from pathlib import Path

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, load
from jaxrepsim.data.preparation import fashion_mnist, writing
from jaxrepsim.errors import InputError

from .conftest import write_idx

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
FILES = [f"{prefix}-{content}-ubyte.gz" for prefix in ("train", "t10k") for content in ("images-idx3", "labels-idx1")]


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """The four files with 30 and 20 images."""
    monkeypatch.setattr(fashion_mnist, "COUNTS", {"train": 30, "test": 20})
    folder = tmp_path / "archive"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for prefix, count in (("train", 30), ("t10k", 20)):
        write_idx(folder / f"{prefix}-images-idx3-ubyte.gz", rng.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        write_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", rng.permutation(np.arange(count) % 10).astype(np.uint8))
    return folder


def _config(archive: Path) -> DataConfig:
    return DataConfig("fashion_mnist", directory=archive.parent / "prepared", archive=archive)


def _pairs(images: np.ndarray, labels: np.ndarray) -> dict[bytes, int]:
    return {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}


def _raw(archive: Path, prefix: str) -> dict[bytes, int]:
    images = gzip.decompress((archive / f"{prefix}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((archive / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())[8:]
    return _pairs(np.frombuffer(images, np.uint8).reshape(-1, 784), np.frombuffer(labels, np.uint8))


def test_prepares_then_loads(archive, capfd):
    dataset = load(_config(archive))
    assert dataset.train.images.shape == (30, 28, 28, 1)
    assert dataset.classes == 10
    assert _pairs(*dataset.train) == _raw(archive, "train")
    assert _pairs(*dataset.validation) == _raw(archive, "t10k")
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in (archive.parent / "prepared").iterdir()) == ["fashion_mnist"]

    # Once prepared, the original files are not needed.
    for name in FILES:
        (archive / name).unlink()
    again = load(_config(archive))
    np.testing.assert_array_equal(again.train.images, dataset.train.images)


def test_is_the_set_of_tensorflow_datasets(archive):
    """Same name, version, features and classes; examples keyed by their index, from which the order follows."""
    import tensorflow_datasets as tfds

    load(_config(archive))
    info = tfds.builder_from_directory(archive.parent / "prepared" / "fashion_mnist" / "3.0.1").info
    official = tfds.builder("fashion_mnist", data_dir=str(archive.parent / "none")).info
    assert info.full_name == official.full_name
    assert info.features is not None
    assert official.features is not None
    assert info.features.to_json() == official.features.to_json()
    assert info.supervised_keys == official.supervised_keys
    assert info.features["label"].names == official.features["label"].names


def test_progress(archive, monkeypatch):
    monkeypatch.setattr(writing, "patient", lambda progress: progress)
    calls = []
    load(_config(archive), lambda *call: calls.append(call))
    assert calls == [("preparing fashion_mnist", 50, 50)]


def test_interrupted_preparation_leaves_nothing(archive, monkeypatch):
    def interrupt(image):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(writing, "png", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load(_config(archive))
    assert list((archive.parent / "prepared" / "fashion_mnist").iterdir()) == []
    # What a killed process leaves is passed over.
    (archive.parent / "prepared" / "fashion_mnist" / "incomplete.ABCDEF_3.0.1").mkdir()
    assert len(load(_config(archive)).train.labels) == 30


def test_another_process_was_faster(archive, monkeypatch):
    """The folder appears while this process prepares it: the one that is there stands."""
    png = writing.png

    def meanwhile(image):
        monkeypatch.setattr(writing, "png", png)
        load(_config(archive))
        return png(image)

    monkeypatch.setattr(writing, "png", meanwhile)
    assert len(load(_config(archive)).train.labels) == 30


def test_folder_that_cannot_be_written(archive):
    (archive.parent / "prepared").write_text("a file")
    with pytest.raises(InputError, match="cannot prepare 'fashion_mnist' in"):
        load(_config(archive))


@pytest.mark.parametrize("name", FILES)
def test_missing_file(archive, name):
    (archive / name).unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        load(_config(archive))
    assert not (archive.parent / "prepared").exists()


@pytest.mark.parametrize("name", FILES)
def test_truncated_file(archive, name):
    data = (archive / name).read_bytes()
    (archive / name).write_bytes(data[:-12])
    with pytest.raises(InputError, match=f"{name} is truncated or not a gzip file"):
        load(_config(archive))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\1" + bytes(24), "not an IDX file"),
        (b"\0\0\x08\3\0\0\0\x14", "not an IDX file"),
        (b"\0\0\x08\1\0\0\0\x14" + bytes(19), "truncated: 19 bytes"),
        (b"\0\0\x08\1\0\0\0\x13" + bytes(19), r"shape \(19,\)"),
        (b"\0\0\x08\1\0\0\0\x14" + bytes(20), "MNIST have the same names"),
    ],
)
def test_wrong_content(archive, content, words):
    (archive / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=words):
        load(_config(archive))


@pytest.mark.long
@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_the_real_set(tmp_path):
    dataset = load(DataConfig("fashion_mnist", directory=tmp_path, archive=DEBIAN))
    assert dataset.train.images.shape == (60000, 28, 28, 1)
    np.testing.assert_allclose((dataset.mean, dataset.std), [[0.2860], [0.3530]], atol=1e-4)
    assert np.bincount(dataset.validation.labels).tolist() == [1000] * 10
