"""ImageNet and Imagenette: what is written, and what an interruption leaves."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from jaxrepsim.data import DataConfig, load, lookup
from jaxrepsim.data.preparation import archives, imagenet, prepare, shard_plan, shards, writing
from jaxrepsim.errors import InputError

from .test_prepare import check_official, examples
from .tiny_archives import CMYK, PNG, order, publish, write_imagenet, write_imagenette

SHARDS = 4


@pytest.fixture
def several_shards(monkeypatch):
    """Sets of a few kilobytes go into several shards too."""
    monkeypatch.setattr(shard_plan, "number_of_shards", lambda size, examples: min(examples, SHARDS))


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """The folder with ImageNet's two files, and what is in them."""
    paths, truth = write_imagenet(tmp_path, odd=True)
    publish(monkeypatch, "imagenet2012", *paths)
    return tmp_path, truth


def contents(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


@pytest.mark.usefixtures("several_shards")
def test_imagenet(archive, tmp_path):
    folder, truth = archive
    said: list[str] = []
    place = prepare("imagenet2012", folder, tmp_path / "prepared", say=said.append)
    assert place == tmp_path / "prepared" / "imagenet2012" / "5.1.0"
    assert said[0].startswith("imagenet2012/5.1.0: 20 images in 8 shards, 1.")
    assert said[1:] == [f"imagenet2012 is prepared in {place}"]
    assert list(place.parent.iterdir()) == [place]
    names = {path.name for path in place.iterdir() if "array_record" in path.name}
    assert names == {
        f"imagenet2012-{split}.array_record-{number:05d}-of-00004" for split in truth for number in range(SHARDS)
    }
    check_official("imagenet2012", tmp_path / "prepared")
    builder: Any = lookup.find("imagenet2012", tmp_path / "prepared")
    synsets = builder.info.features["label"].names
    for split, images in truth.items():
        found = examples("imagenet2012", tmp_path / "prepared", split)
        keys = list(images)
        assert [example["file_name"].decode() for example in found] == [keys[row] for row in order(split, keys)]
        for example in found:
            encoded, synset = images[example["file_name"].decode()]
            assert synsets[example["label"]] == synset
            if example["file_name"].decode() not in (CMYK, PNG):
                assert example["image"] == encoded

    # The set is one like any other: the images are of one size here, and can be loaded whole.
    dataset = load(DataConfig("imagenet2012", tmp_path / "prepared", validation_split="validation"))
    assert dataset.train.images.shape == (14, 8, 8, 3)
    assert dataset.classes == 1000


def test_images_that_are_not_rgb_jpeg(archive, tmp_path):
    """They become so, and look the same."""
    from PIL import Image

    folder, truth = archive
    prepare("imagenet2012", folder, tmp_path / "prepared")
    found = {example["file_name"].decode(): example["image"] for example in examples_of_train(tmp_path)}
    for name, before in ((CMYK, "CMYK"), (PNG, "PNG")):
        original = Image.open(io.BytesIO(truth["train"][name][0]))
        assert before in (original.mode, original.format)
        written = Image.open(io.BytesIO(found[name]))
        assert (written.mode, written.format) == ("RGB", "JPEG")
        difference = np.asarray(written, float) - np.asarray(original.convert("RGB"), float)
        # Noise is the worst that JPEG can be given: its colours are kept at half the resolution.
        assert abs(difference.mean()) < 3
        grey = [np.asarray(image.convert("L"), float) for image in (written, original.convert("RGB"))]
        assert np.abs(grey[0] - grey[1]).mean() < 12


def examples_of_train(tmp_path: Path) -> list[Any]:
    return examples("imagenet2012", tmp_path / "prepared", "train")


def test_is_what_tensorflow_datasets_writes(tmp_path, monkeypatch):
    """Its own builder, fed the same archives through its own writer: the same records, shards, sizes, description."""
    import tensorflow_datasets as tfds

    paths, _ = write_imagenet(tmp_path)
    publish(monkeypatch, "imagenet2012", *paths)
    prepare("imagenet2012", tmp_path, tmp_path / "prepared")
    names = [f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 7)]
    labels = dict(zip(names, imagenet.validation_labels()[:6], strict=True))

    def members(path: Path) -> Any:
        return tfds.download.iter_archive(io.BytesIO(path.read_bytes()), tfds.download.ExtractMethod.TAR_STREAM)

    parent: Any = tfds.builder_cls("imagenet2012")
    with writing.unregistered():

        class Official(parent):
            name = "imagenet2012"

            def _split_generators(self, dl_manager: Any) -> Any:
                validation = self._generate_examples(members(paths[1]), validation_labels=labels)
                return {"train": self._generate_examples(members(paths[0])), "validation": validation}

    writing._write(Official, tmp_path / "official")
    compare("imagenet2012", tmp_path, ("train", "validation"))


def compare(name: str, tmp_path: Path, splits: tuple[str, ...]) -> None:
    ours: Any = lookup.find(name, tmp_path / "prepared")
    theirs: Any = lookup.find(name, tmp_path / "official")
    for split in splits:
        assert ours.info.splits[split].shard_lengths == theirs.info.splits[split].shard_lengths
        assert ours.info.splits[split].num_bytes == theirs.info.splits[split].num_bytes
        assert [path.name for path in ours.info.splits[split].filepaths] == [
            path.name for path in theirs.info.splits[split].filepaths
        ]
        assert examples(name, tmp_path / "prepared", split) == examples(name, tmp_path / "official", split)
    folders = [Path(os.fspath(builder.data_path)) for builder in (ours, theirs)]
    described = [json.loads((folder / "dataset_info.json").read_text()) for folder in folders]
    for description in described:
        description.pop("moduleName")  # where the builder's class is
        description.pop("downloadSize", None)
    assert described[0] == described[1]
    assert {path.name for path in folders[0].iterdir()} == {path.name for path in folders[1].iterdir()}


def test_imagenette(tmp_path, monkeypatch):
    """As written by tensorflow-datasets' own writer; the archive is unpacked for a while only."""
    import tensorflow_datasets as tfds

    path, truth = write_imagenette(tmp_path)
    publish(monkeypatch, "imagenette", path)
    place = prepare("imagenette/160px-v2", path, tmp_path / "prepared")
    assert place == tmp_path / "prepared" / "imagenette" / "160px-v2" / "1.0.0"
    assert list(place.parent.iterdir()) == [place]
    check_official("imagenette/160px-v2", tmp_path / "prepared")

    parent: Any = tfds.builder_cls("imagenette")
    with writing.unregistered():

        class Official(parent):
            name = "imagenette"

            def _split_generators(self, dl_manager: Any) -> Any:
                return {split: self._generate_examples(images) for split, images in truth.items()}

            def _generate_examples(self, images: Any) -> Iterator[Any]:
                for name, (encoded, synset) in images.items():
                    yield name, {"image": io.BytesIO(encoded), "label": synset}

    builder: Any = Official(config="160px-v2", data_dir=str(tmp_path / "official"), file_format="array_record")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    builder.download_and_prepare(download_dir=str(tmp_path / "downloads"), download_config=config)
    compare("imagenette/160px-v2", tmp_path, ("train", "validation"))
    config = DataConfig("imagenette/160px-v2", tmp_path / "loaded", path, validation_split="validation")
    assert load(config).train.images.shape == (12, 8, 8, 3)


KILLED = """
import sys, time, json
from pathlib import Path
from jaxrepsim.data.preparation import archives, shard_plan, shards
from jaxrepsim.data.preparation import prepare
name, folder, directory, table = sys.argv[1:]
table = {file: archives.Published(*known) for file, known in json.loads(table).items()}
archives.published = lambda name: table
shard_plan.number_of_shards = lambda size, examples: min(examples, 4)
records, calls = shards._records, []
def slow(*arguments):
    calls.append(1)
    for record in records(*arguments):
        yield record
        if len(calls) == 3:
            print("in the middle", flush=True)
            time.sleep(600)
shards._records = slow
prepare(name, Path(folder), Path(directory))
"""


@pytest.mark.usefixtures("several_shards")
@pytest.mark.parametrize("name", ["imagenet2012", "imagenette/160px-v2"])
def test_killed_in_the_middle(tmp_path, monkeypatch, name):
    """SIGKILL in the third shard: the next preparation keeps the two that are whole, and ends with the same bytes."""
    base = name.split("/")[0]
    if base == "imagenet2012":
        paths, _ = write_imagenet(tmp_path, odd=True)
    else:
        paths = [write_imagenette(tmp_path)[0]]
    table = publish(monkeypatch, base, *paths)
    directory = tmp_path / "prepared"
    command = [sys.executable, "-c", KILLED, name, str(tmp_path), str(directory), json.dumps(table)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    assert process.returncode == -9
    assert lookup.find(name, directory) is None
    (place,) = (path for path in (directory / name).iterdir() if path.is_dir())
    whole = {path.name: path.stat().st_mtime_ns for path in place.iterdir() if path.name.startswith(base)}
    assert len(whole) == 2
    assert any(path.name.startswith(f".{base}") for path in place.iterdir())  # what it was writing

    # The archives are not read through again, and the two shards are not written again.
    said: list[str] = []
    with monkeypatch.context() as context:
        context.setattr(archives, "Hashed", None)
        final = prepare(name, tmp_path, directory, say=said.append)
    assert said[1] == f"{name}/{final.name}: goes on after 2 finished shards"
    assert whole == {file: (final / file).stat().st_mtime_ns for file in whole}
    assert contents(final) == contents(prepare(name, tmp_path, tmp_path / "at_once"))
    assert list(final.parent.iterdir()) == [final]


@pytest.mark.usefixtures("several_shards")
def test_archive_replaced_between_two_attempts(archive, tmp_path, monkeypatch):
    """What was found in it is not used again, and the archive is checked anew."""
    folder, _ = archive

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("preparing") and done:
            raise KeyboardInterrupt

    for module in (shards, archives):
        monkeypatch.setattr(module, "patient", lambda progress: progress or (lambda *call: None))
    with pytest.raises(KeyboardInterrupt):
        prepare("imagenet2012", folder, tmp_path / "prepared", stop)
    path = folder / "ILSVRC2012_img_train.tar"
    content = path.read_bytes()
    path.write_bytes(content[:600] + b"?" + content[601:])
    with pytest.raises(InputError, match=r"damaged, or not ILSVRC2012_img_train\.tar"):
        prepare("imagenet2012", folder, tmp_path / "prepared")
    path.write_bytes(content)
    prepare("imagenet2012", folder, tmp_path / "prepared")
    assert len(examples_of_train(tmp_path)) == 14


@pytest.mark.parametrize("damage", ["a byte", "no tar", "a strange class", "no image"])
def test_wrong_archive(tmp_path, monkeypatch, damage):
    strange = damage == "a strange class"
    paths, _ = write_imagenet(tmp_path, synsets=("n01739381", "n15075142") if strange else ("n01739381",))
    if damage == "a byte":
        publish(monkeypatch, "imagenet2012", *paths)
        content = paths[0].read_bytes()
        paths[0].write_bytes(content[:700] + b"?" + content[701:])
    else:
        if not strange:
            paths[0].write_bytes(b"no tar" * 1000 if damage == "no tar" else bytes(10240))
        publish(monkeypatch, "imagenet2012", *paths)
    words = {
        "a byte": "its SHA-256 is",
        "no tar": "cannot be unpacked",
        "a strange class": "classes that ImageNet does not have: n15075142",
        "no image": "holds no image",
    }
    with pytest.raises(InputError, match=words[damage]):
        prepare("imagenet2012", tmp_path, tmp_path / "prepared")
    assert lookup.find("imagenet2012", tmp_path / "prepared") is None
    assert not list((tmp_path / "prepared").rglob("*array_record*"))


def test_archive_cut_off_while_it_is_read(archive, tmp_path, monkeypatch):
    folder, _ = archive
    scan = imagenet._scan

    def and_cut(original: Any, *arguments: Any) -> Any:
        images = scan(original, *arguments)
        with original.path.open("rb+") as handle:
            handle.truncate(1500)
        return images

    monkeypatch.setattr(imagenet, "_scan", and_cut)
    with pytest.raises(InputError, match=r"was changed while it was read: image .* is cut off"):
        prepare("imagenet2012", folder, tmp_path / "prepared")


def test_too_little_space(archive, tmp_path, monkeypatch):
    """Told before the archives are read through."""
    folder, _ = archive
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda place: SimpleNamespace(free=10_000))
    monkeypatch.setattr(archives, "Hashed", None)
    with pytest.raises(InputError, match=r"too little space: .* 0\.01 MB free"):
        prepare("imagenet2012", folder, tmp_path / "prepared")


def test_full_disk(archive, tmp_path, monkeypatch):
    from tensorflow_datasets.core import file_adapters

    def full(path: Any, examples: Any) -> None:
        raise RuntimeError("write() failed: No space left on device")

    folder, _ = archive
    adapter = file_adapters.ADAPTER_FOR_FORMAT[file_adapters.FileFormat.ARRAY_RECORD]
    with monkeypatch.context() as context:
        context.setattr(adapter, "write_examples", full)
        with pytest.raises(InputError, match=r"No space left on device; what is there is kept, and the next prep"):
            prepare("imagenet2012", folder, tmp_path / "prepared")
    prepare("imagenet2012", folder, tmp_path / "prepared")
    assert len(examples_of_train(tmp_path)) == 14


def test_two_at_once(archive, tmp_path):
    """The second says that it waits, and then finds the set."""
    folder, _ = archive
    directory = tmp_path / "prepared"
    waits = threading.Event()
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if "waiting" in words:
            waits.set()

    (directory / "imagenet2012").mkdir(parents=True)
    second = threading.Thread(target=prepare, args=("imagenet2012", folder, directory, None, say))
    with FileLock(directory / "imagenet2012" / "incomplete.5.1.0.lock"):
        second.start()
        assert waits.wait(60)
        prepare("imagenet2012", folder, tmp_path / "other")
        (tmp_path / "other" / "imagenet2012" / "5.1.0").rename(directory / "imagenet2012" / "5.1.0")
    second.join(60)
    assert said == [
        f"another process prepares the set in {directory / 'imagenet2012'}; waiting for it",
        f"imagenet2012 is prepared in {directory / 'imagenet2012' / '5.1.0'}",
    ]


def test_progress(archive, tmp_path, monkeypatch):
    for module in (shards, archives):
        monkeypatch.setattr(module, "patient", lambda progress: progress)
    folder, _ = archive
    calls: list[Any] = []
    prepare("imagenet2012", folder, tmp_path / "prepared", lambda *call: calls.append(call))
    assert [call[0].split()[0] for call in calls] == ["checking", "checking", "preparing", "preparing"]
    assert calls[0][0] == "checking ILSVRC2012_img_val.tar (MB)"
    assert calls[-2:] == [("preparing imagenet2012/5.1.0", 14, 20), ("preparing imagenet2012/5.1.0", 20, 20)]


def test_serialised_sizes():
    """Against the messages themselves, around the sizes at which a length takes a byte more."""
    from tensorflow_datasets import proto

    message: Any = proto.tf_example_pb2
    sizes = np.array([0, 100, 111, 112, 113, 127, 128, 16_360, 16_370, 16_384, 2_097_120, 2_097_152, 5_000_000])
    names = np.resize([1, 30, 126, 127, 200], len(sizes))
    labels = np.resize([0, 1, 127, 128, 999, 20_000], len(sizes))
    columns = {"image": sizes, "label": labels, "file_name": names}
    for chosen in (columns, {key: columns[key] for key in ("image", "label")}):
        expected = []
        for row in range(len(sizes)):
            example = message.Example()
            for key, values in chosen.items():
                feature = example.features.feature[key]
                if key == "label":
                    feature.int64_list.value.append(int(values[row]))
                else:
                    feature.bytes_list.value.append(bytes(int(values[row])))
            expected.append(example.ByteSize())
        np.testing.assert_array_equal(shard_plan.serialised_sizes(chosen), expected)


def test_number_of_shards():
    """ImageNet's are published as 1024 and 64."""
    assert shard_plan.number_of_shards(147_000_000_000, 1_281_167) == 1024
    assert shard_plan.number_of_shards(6_700_000_000, 50_000) == 64
