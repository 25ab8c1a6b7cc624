import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, load, lookup
from jaxrepsim.data.preparation import PREPARERS, archives, prepare, writing
from jaxrepsim.errors import InputError

from .tiny_archives import add, order, publish, write_cifar, write_svhn


def check_official(name: str, directory: Path, classes: dict[str, list[str]] | None = None) -> None:
    """Name, version, features, keys and class names are those of tensorflow-datasets' own builder."""
    import tensorflow_datasets as tfds

    found: Any = lookup.find(name, directory)
    official: Any = tfds.builder(name, data_dir=str(directory / "none"))
    for feature, names in (classes or {}).items():
        official.info.features[feature].names = names
    assert found.info.full_name == official.info.full_name
    assert found.info.features.to_json() == official.info.features.to_json()
    assert found.info.supervised_keys == official.info.supervised_keys
    for key, feature in official.info.features.items():
        if hasattr(feature, "num_classes"):
            assert found.info.features[key].names == feature.names


def examples(name: str, directory: Path, split: str) -> list[Any]:
    """The features of each example, as tensorflow-datasets reads them, images still encoded."""
    import tensorflow_datasets as tfds

    builder: Any = lookup.find(name, directory)
    decoders = {"image": tfds.decode.SkipDecoding()}
    return list(builder.as_data_source(split, decoders=decoders))


def check_loaded(images: np.ndarray, labels: np.ndarray, truth: list[tuple[bytes, int]], split: str) -> None:
    expected = [truth[row] for row in order(split, [str(index) for index in range(len(truth))])]
    assert [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)] == expected


@pytest.mark.parametrize("classes", [10, 100])
def test_cifar(tmp_path, monkeypatch, classes, capfd):
    path, truth = write_cifar(tmp_path, classes)
    publish(monkeypatch, f"cifar{classes}", path)
    said: list[str] = []
    directory = tmp_path / "prepared"
    place = prepare(f"cifar{classes}", path, directory, say=said.append)
    assert place == directory / f"cifar{classes}" / "3.0.2"
    total = len(truth["train"]) + len(truth["test"])
    assert said[0].startswith(f"cifar{classes}: {total} images, at most 0.")
    assert f"free in {directory}" in said[0]
    assert said[1:] == [f"cifar{classes} is prepared in {place}"]
    assert sum(file.stat().st_size for file in place.glob("*array_record*")) < 1e6

    dataset = load(DataConfig(f"cifar{classes}", directory=directory))
    assert dataset.classes == classes
    check_loaded(*dataset.train, truth["train"], "train")
    check_loaded(*dataset.validation, truth["test"], "test")
    names = {"label": "batches.meta.txt"}
    if classes == 100:
        names = {"label": "fine_label_names.txt", "coarse_label": "coarse_label_names.txt"}
    counts = {"label": classes, "coarse_label": 20}
    listed = {label: [f"{file} {i}" for i in range(counts[label])] for label, file in names.items()}
    check_official(f"cifar{classes}", directory, listed)
    for row, example in zip(order("test", list("012")), examples(f"cifar{classes}", directory, "test"), strict=True):
        assert example["id"] == f"test_{row:05d}".encode()
        if classes == 100:
            assert example["coarse_label"] == example["label"] // 5

    # Once prepared, nothing more is done, and the archive is not needed.
    path.unlink()
    said.clear()
    assert prepare(f"cifar{classes}", path, directory, say=said.append) == place
    assert said == [f"cifar{classes} is already prepared in {place}"]
    assert capfd.readouterr() == ("", "")


def test_svhn(tmp_path, monkeypatch):
    paths, truth = write_svhn(tmp_path)
    publish(monkeypatch, "svhn_cropped", *paths)
    dataset = load(DataConfig("svhn_cropped", tmp_path / "all", tmp_path, train_split="train+extra"))
    check_loaded(dataset.train.images[:12], dataset.train.labels[:12], truth["train"], "train")
    check_loaded(dataset.train.images[12:], dataset.train.labels[12:], truth["extra"], "extra")
    check_loaded(*dataset.validation, truth["test"], "test")
    check_official("svhn_cropped", tmp_path / "all")
    for row, example in zip(
        order("test", list("01234")), examples("svhn_cropped", tmp_path / "all", "test"), strict=True
    ):
        assert example["id"] == f"test_{row:06d}".encode()

    # The large third file is not asked for; one of the files stands for the folder.
    paths[2].unlink()
    said: list[str] = []
    prepare("svhn_cropped", paths[0], tmp_path / "two", say=said.append)
    assert said[0] == "svhn_cropped: there is no extra_32x32.mat; the set is prepared without the split 'extra'"
    dataset = load(DataConfig("svhn_cropped", directory=tmp_path / "two"))
    check_loaded(*dataset.train, truth["train"], "train")


def test_more_than_tensorflow_datasets_sorts_in_memory(tmp_path, monkeypatch):
    """Beyond its limit it would sort in files, which takes TensorFlow; the limit is as it was afterwards."""
    from tensorflow_datasets.core import shuffle

    monkeypatch.setattr(shuffle, "MAX_MEM_BUFFER_SIZE", 10_000)
    path, truth = write_cifar(tmp_path, 10)
    publish(monkeypatch, "cifar10", path)
    dataset = load(DataConfig("cifar10", tmp_path / "prepared", path))
    check_loaded(*dataset.train, truth["train"], "train")
    assert shuffle.MAX_MEM_BUFFER_SIZE == 10_000


def test_checksums(tmp_path, monkeypatch):
    path, _ = write_cifar(tmp_path, 10)
    known = publish(monkeypatch, "cifar10", path)[path.name]
    content = path.read_bytes()
    for damaged, words in (
        (content[:-1] + bytes([content[-1] ^ 1]), f"damaged, or not cifar-10-binary.tar.gz: .* not {known.sha256}"),
        (content[:-1], f"truncated, .*: it has {len(content) - 1:,} bytes, not {len(content):,}"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=words) as caught:
            prepare("cifar10", tmp_path, tmp_path / "prepared")
        assert "get it again from https://there/cifar-10-binary.tar.gz" in " ".join(str(caught.value).split())
        assert not (tmp_path / "prepared").exists()
    # A file under another name is taken for what it is.
    other = tmp_path / "downloaded.tgz"
    other.write_bytes(content)
    assert prepare("cifar10", other, tmp_path / "prepared").is_dir()


def test_published_files():
    """The real sizes and checksums are those of tensorflow-datasets, and there for every file that is asked for."""
    from jaxrepsim.data.preparation import cifar, imagenet, svhn

    for name, files in {
        "cifar10": ["cifar-10-binary.tar.gz"],
        "cifar100": [cifar._LAYOUTS["cifar100"].file],
        "svhn_cropped": svhn.FILES.values(),
        "imagenet2012": imagenet.FILES.values(),
        "imagenette": ["imagenette2-160.tgz", "imagenette2-320.tgz", "imagenette2.tgz"],
    }.items():
        known = archives.published(name)
        assert set(files) <= set(known)
        assert all(len(known[file].sha256) == 64 for file in files)
    assert archives.published("imagenet2012")["ILSVRC2012_img_train.tar"].size == 147_897_477_120


@pytest.mark.parametrize("name", PREPARERS)
def test_archive_not_given(tmp_path, name):
    with pytest.raises(InputError, match=rf"not prepared in {tmp_path}.* Set `archive` to the .*, from https?://"):
        prepare(name, None, tmp_path)
    with pytest.raises(InputError, match=r"nowhere does not exist; .* needs the .*, from http"):
        prepare(name, tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mnist", r"unknown set to prepare 'mnist'; .*Known: cifar10, cifar100, svhn_cropped"),
        ("cifar10:3.0.1", r"prepared in version 3\.0\.2, not 3\.0\.1; write cifar10:3\.0\.2"),
        (
            "cifar10",
            r"missing; get cifar-10-binary\.tar\.gz \(170,052,171 bytes\) from http",
        ),
        ("svhn_cropped", r"train_32x32\.mat is missing"),
        ("imagenet2012", r"ILSVRC2012_img_train\.tar is missing"),
        ("imagenette/320px-v2", r"imagenette2-320\.tgz is missing"),
        ("imagenette", r"several configurations, .* write one of imagenette/full-size-v2, .*imagenette/160px-v2"),
        ("imagenette/64px", "'64px' is none of them"),
        ("no name", "is not the name of a data set"),
    ],
)
def test_wrong_requests(tmp_path, name, words):
    with pytest.raises(InputError, match=words):
        prepare(name, tmp_path, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_version_may_be_named(tmp_path, monkeypatch):
    path, _ = write_cifar(tmp_path, 10)
    publish(monkeypatch, "cifar10", path)
    assert prepare("cifar10:3.0.2", path, tmp_path / "prepared").name == "3.0.2"


def test_too_little_space(tmp_path, monkeypatch):
    path, _ = write_cifar(tmp_path, 10)
    publish(monkeypatch, "cifar10", path)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda place: SimpleNamespace(free=50_000))
    with pytest.raises(InputError, match=r"too little space: 0\.06 MB on disk, 0\.05 MB free in .*prepared; choose"):
        prepare("cifar10", path, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_full_disk(tmp_path, monkeypatch):
    """What array_record raises in the middle is reported, and nothing is left."""
    from tensorflow_datasets.core import file_adapters

    def full(path, examples):
        raise RuntimeError("write() failed: No space left on device")

    path, _ = write_cifar(tmp_path, 10)
    publish(monkeypatch, "cifar10", path)
    adapter = file_adapters.ADAPTER_FOR_FORMAT[file_adapters.FileFormat.ARRAY_RECORD]
    monkeypatch.setattr(adapter, "write_examples", full)
    with pytest.raises(InputError, match=r"cannot prepare 'cifar10' in .*: write\(\) failed: No space left on device"):
        prepare("cifar10", path, tmp_path / "prepared")
    assert list((tmp_path / "prepared" / "cifar10").iterdir()) == []


def opened(handle: Any) -> bytes:
    return handle.read()


@pytest.mark.parametrize("damage", ["no tar", "no file", "half an image", "label"])
def test_wrong_content(tmp_path, monkeypatch, damage):
    """Archives with the right checksum never are like this; those with a checksum of their own might."""
    path = tmp_path / "cifar-10-binary.tar.gz"
    write_cifar(tmp_path, 10)
    with tarfile.open(path) as archive:
        content: dict[str, bytes] = {member.name: opened(archive.extractfile(member)) for member in archive}
    words = {
        "no tar": "cannot be unpacked",
        "no file": "lacks test_batch.bin",
        "half an image": "whole images",
        "label": "has no name",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, data in content.items():
            if name.endswith("test_batch.bin"):
                if damage == "no file":
                    continue
                data = data[:-5] if damage == "half an image" else bytes([10]) + data[1:]
            add(archive, name, data)
    if damage == "no tar":
        path.write_bytes(b"no tar")
    publish(monkeypatch, "cifar10", path)
    with pytest.raises(InputError, match=words[damage]):
        prepare("cifar10", path, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read as SVHN's"),
        ({"X": np.zeros((32, 32, 3, 2), np.uint8)}, "cannot be read as SVHN's"),
        ({"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.ones((3, 1))}, r"\(32, 32, 3, 2\) and 3 labels"),
        ({"X": np.zeros((32, 32, 3, 2)), "y": np.ones((2, 1))}, "float64 images"),
        ({"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.array([[1], [11]])}, "labels from 1 to 11"),
    ],
)
def test_wrong_mat(tmp_path, monkeypatch, content, words):
    from scipy.io import savemat

    paths, _ = write_svhn(tmp_path)
    paths[1].write_bytes(b"no .mat file" * 20)
    if content is not None:
        savemat(paths[1], content)
    publish(monkeypatch, "svhn_cropped", *paths)
    with pytest.raises(InputError, match=words):
        prepare("svhn_cropped", tmp_path, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_progress(tmp_path, monkeypatch):
    for module in (writing, archives):
        monkeypatch.setattr(module, "patient", lambda progress: progress)
    path, _ = write_cifar(tmp_path, 10)
    publish(monkeypatch, "cifar10", path)
    calls: list[Any] = []
    prepare("cifar10", path, tmp_path / "prepared", lambda *call: calls.append(call))
    assert calls == [("checking cifar-10-binary.tar.gz (MB)", 0, 0), ("preparing cifar10", 18, 18)]
