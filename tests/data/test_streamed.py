import os
import pickle
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jaxrepsim.data import DataConfig, load, open_files, records
from jaxrepsim.data.crops import centre_crop, random_resized_crop
from jaxrepsim.data.records import Records
from jaxrepsim.errors import InputError

from .photographs import COUNTS, config, encoded, originals, photograph, prepare_photographs


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("photographs")
    prepare_photographs(directory)
    return directory


@pytest.fixture
def dataset(place):
    return load(config(place))


def test_is_like_the_array_of_centre_crops(place, dataset):
    for split, name in ((dataset.train, "train"), (dataset.validation, "validation")):
        whole = np.stack([np.asarray(centre_crop(image, 12)) for image, _ in originals(place, name)])
        labels = np.array([label for _, label in originals(place, name)], np.int32)
        images = split.images
        assert (images.shape, images.dtype, images.ndim, len(images)) == (whole.shape, whole.dtype, 4, len(whole))
        assert (split.labels.shape, split.labels.dtype, len(split.labels)) == (labels.shape, np.int32, len(labels))
        some = (slice(None), slice(2, 7), slice(-3, None), slice(8, 1, -3), slice(4, 4))
        for index in (*some, np.array([5, 0, 5, -1]), np.array([], int)):
            for expected, got in zip((whole[index], labels[index]), images.read(index), strict=True):
                assert got.dtype == expected.dtype
                np.testing.assert_array_equal(got, expected)
            np.testing.assert_array_equal(images[index], whole[index])
            np.testing.assert_array_equal(split.labels[index], labels[index])
    assert dataset.classes == 3


def test_indices_that_numpy_would_not_take(dataset):
    count = COUNTS["train"]
    for array in (dataset.train.images, dataset.train.labels):
        for outside in (count, -count - 1):
            with pytest.raises(IndexError, match=f"outside of {count} images"):
                array[np.array([0, outside])]
        for wrong in (np.array([0.5]), np.array([[0]]), np.ones(count, bool), 3):
            with pytest.raises(TypeError, match="a slice or an array"):
                array[wrong]


def test_slices_of_splits(place, dataset):
    """Pieces of several splits, joined in the order in which they are named."""
    joined = load(config(place, train_split="validation[2:4]+train[-3:]+validation[:1]")).train
    train, validation = dataset.train.images[:], dataset.validation.images[:]
    np.testing.assert_array_equal(joined.images[:], np.concatenate([validation[2:4], train[-3:], validation[:1]]))
    np.testing.assert_array_equal(joined.images[np.array([5, 1])], np.stack([validation[0], validation[3]]))


def test_training_batches(place, dataset):
    """What each batch holds, and that an image's crop is its own from place to place and from seed to seed."""
    images, photographs = dataset.train.images, originals(place, "train")
    order = np.random.default_rng(0).integers(0, len(images), 31)
    batches = list(images.batches(order, seed=7, batch_size=4))
    assert len(batches) == 7  # three of the order fill no batch
    for k, (pixels, labels) in enumerate(batches):
        assert (pixels.shape, pixels.dtype, labels.dtype) == ((4, 12, 12, 3), np.uint8, np.int32)
        for i in range(4):
            image, label = photographs[order[4 * k + i]]
            expected = random_resized_crop(image, 12, np.random.default_rng((7, 4 * k + i)))
            np.testing.assert_array_equal(pixels[i], np.asarray(expected))
            assert labels[i] == label
    ((other, _),) = images.batches(order[:4], seed=8, batch_size=4)
    assert (other != batches[0][0]).any(axis=(1, 2, 3)).all()
    same = np.concatenate([pixels for pixels, _ in images.batches(np.full(8, 3), seed=7, batch_size=4)])
    assert len(np.unique(same, axis=0)) == 8


@pytest.mark.parametrize("first", [0, 1, 3, 4, 9])
def test_training_from_any_batch(dataset, monkeypatch, first):
    """The same batches, and nothing before them is read."""
    images, order = dataset.train.images, np.arange(23)[::-1]
    whole = list(images.batches(order, 0, 5))
    read = []
    example = Records.example
    monkeypatch.setattr(Records, "example", lambda self, row: read.append(row) or example(self, row))
    later = list(images.batches(order, 0, 5, first=first))
    assert sorted(read, reverse=True) == order[5 * first : 20].tolist()
    for expected, got in zip(whole[first:], later, strict=True):
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


@pytest.mark.parametrize("shared_memory", [True, pytest.param(False, marks=pytest.mark.long)])
def test_workers_make_the_same_batches_and_end(place, dataset, monkeypatch, shared_memory):
    order = np.arange(23)
    expected = list(dataset.train.images.batches(order, 1, 4))
    if not shared_memory:
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_frsize=1, f_bavail=2 * 4 * 4 * 12 * 12 * 3))
    images = load(config(place, workers=2)).train.images
    before = _shared_memory()
    batches = images.batches(order, 1, 4, first=1)
    for k in range(1, 4):
        pixels, labels = next(batches)
        assert type(pixels) is np.ndarray
        np.testing.assert_array_equal(pixels, expected[k][0])
        np.testing.assert_array_equal(labels, expected[k][1])
    assert len(active_children()) == 2
    assert _shared_memory() - before or not shared_memory
    batches.close()  # before its end
    assert not active_children()
    # A thread of Grain's frees the last of it. What another test beside this one has there goes as its batches come.
    left, deadline = _shared_memory() - before, time.monotonic() + 60
    while left & _shared_memory() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left & _shared_memory()


def _shared_memory() -> set[str]:
    memory = Path("/dev/shm")
    return {file.name for file in memory.glob("psm_*")} if memory.is_dir() else set()


_KILLED = """
import os, signal, sys, time
from multiprocessing import active_children
from pathlib import Path
import numpy as np
from jaxrepsim.data import DataConfig, load

if __name__ == "__main__":
    directory, how = Path(sys.argv[1]), sys.argv[2]
    settings = DataConfig("photographs", directory, validation_split="validation", image_size=12, workers=1)
    batches = load(settings).train.images.batches(np.arange(20), 0, 2)
    next(batches)
    (worker,) = active_children()
    print(worker.pid, flush=True)
    match how:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "forgotten":
            sys.exit()
        case "signalled":  # as a scheduler or Ctrl-C does it, to all of a job's processes
            os.kill(worker.pid, signal.SIGTERM)
            os.kill(worker.pid, signal.SIGINT)
            print(1 + len(list(batches)))
        case "worker":
            os.kill(worker.pid, signal.SIGKILL)
            list(batches)
"""


@pytest.mark.long
@pytest.mark.parametrize("how", ["killed", "forgotten", "signalled", "worker"])
def test_no_worker_stays_behind(place, tmp_path, how):
    script = tmp_path / "script.py"
    script.write_text(_KILLED, encoding="utf-8")
    done = subprocess.run([sys.executable, script, place, how], capture_output=True, text=True, timeout=120)
    worker, *rest = done.stdout.split()
    match how:
        case "killed":
            assert done.returncode == -signal.SIGKILL
        case "forgotten":
            assert done.returncode == 0
            assert "Error" not in done.stderr
            assert "ignored" not in done.stderr
        case "signalled":
            assert (done.returncode, done.stderr, rest) == (0, "", ["10"])
        case "worker":
            assert "InputError: a process that decodes images for training ended" in done.stderr
    deadline = time.monotonic() + 20
    while _alive(int(worker)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(int(worker))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")


def test_labels_are_lazy(place, monkeypatch):
    """Loading reads two examples of a split; a label costs one read, and nothing is decoded for it."""
    read = []
    example = Records.example
    monkeypatch.setattr(Records, "example", lambda self, row: read.append(row) or example(self, row))
    labels = load(config(place, name="photographs"), None).train.labels
    # Beside the checks, what the normalisation is measured on: here, all of the train split.
    assert len(read) == 2 + 2 + COUNTS["train"]
    read.clear()
    monkeypatch.setattr(records, "decoded", None)
    assert len(labels[3:5]) == 2
    assert sorted(read) == [3, 4]


def test_normalisation(place, dataset, monkeypatch):
    pixels = dataset.train.images[:] / 255
    np.testing.assert_allclose(dataset.mean, pixels.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(dataset.std, pixels.std(axis=(0, 1, 2)), rtol=1e-12)
    monkeypatch.setattr("jaxrepsim.data.normalisation._SAMPLE", 3)
    np.testing.assert_allclose(load(config(place)).mean, pixels[[0, 11, 22]].mean(axis=(0, 1, 2)), rtol=1e-12)
    monkeypatch.setattr("jaxrepsim.data.normalisation.PUBLISHED", {"photographs": ((0.1,) * 3, (0.2,) * 3)})
    assert load(config(place)).std == (0.2, 0.2, 0.2)


def test_identity(place, dataset):
    """It tells apart what gives other pixels, and nothing else; and a checkpoint can be compared with it later."""
    train = dataset.train.images
    assert "photographs/1.0.0" in train.identity
    assert "23 images" in train.identity
    same = [load(config(place, workers=3)), load(config(place, train_split="train[:100%]"))]
    assert {each.train.images.identity for each in same} == {train.identity}
    different = [dataset.validation.images]
    different += [load(config(place, **{name: value})).train.images for name, value in
               (("image_size", 13), ("train_split", "train[1:]"), ("train_split", "train[:-1]"))]  # fmt: skip
    assert len({train.identity, *(images.identity for images in different)}) == 5
    again = pickle.loads(pickle.dumps(train))
    assert again.identity == train.identity
    np.testing.assert_array_equal(again[:3], train[:3])


def test_in_memory_images_of_different_sizes_name_the_crop(place):
    with pytest.raises(InputError, match="set image_size to crop them"):
        load(config(place, image_size=None))


@pytest.mark.parametrize(("setting", "value"), [("image_size", 0), ("workers", -1)])
def test_settings(place, setting, value):
    with pytest.raises(InputError, match=setting):
        config(place, **{setting: value})


def test_digits_are_not_streamed(place):
    with pytest.raises(InputError, match="those of 'digits' are in memory"):
        load(config(place, name="digits", validation_split="test"))


def test_without_grain(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "grain", None)
    with pytest.raises(InputError, match=r'needs grain, .*pip install "jaxrepsim\[data\]"'):
        load(config(place))


def test_not_prepared(tmp_path):
    with pytest.raises(InputError, match=r"'imagenette/320px-v2' is not prepared"):
        load(config(tmp_path, name="imagenette/320px-v2"))


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_damaged_file(tmp_path, damage):
    prepare_photographs(tmp_path)
    (shard,) = (tmp_path / "photographs" / "1.0.0").glob("*validation.array_record*")
    shard.unlink() if damage == "missing" else shard.write_bytes(shard.read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged"):
        load(config(tmp_path))


def _outcome(settings: DataConfig) -> str:
    try:
        load(settings)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.long)])
def test_damaged_images_and_labels_are_named_with_their_place(tmp_path, monkeypatch, workers):
    """Those in the middle are met when they are read; the first and the last when the set is loaded."""
    random = np.random.default_rng(0)
    good = [{"image": encoded(photograph(random)), "label": 0} for _ in range(6)]
    half = good[0]["image"]
    prepare_photographs(tmp_path, train=[*good, {"image": half[: len(half) // 2], "label": 0}], test=[
        {**each, "label": -1} for each in good
    ])  # fmt: skip
    parts = [f"train[{i}:{i + 1}]" for i in range(7)]
    monkeypatch.setattr("jaxrepsim.data.normalisation.PUBLISHED", {"photographs": ((0.5,) * 3, (0.5,) * 3)})
    (bad,) = [i for i, part in enumerate(parts) if "damaged" in _outcome(config(tmp_path, train_split=part))]
    order = "+".join([parts[bad - 1], parts[bad], parts[bad - 2]])
    train = load(config(tmp_path, train_split=order, workers=workers)).train
    message = rf"damaged; .*image 1 of '{order}'".replace("[", r"\[").replace("+", r"\+")
    with pytest.raises(InputError, match=message):
        train.images[:]
    with pytest.raises(InputError, match=message):
        list(train.images.batches(np.arange(3), 0, 3))
    assert not active_children()
    assert train.labels[:].tolist() == [0, 0, 0]
    assert "image 0 of 'test' in" in _outcome(config(tmp_path, train_split="test"))
    assert "has no label" in _outcome(config(tmp_path, train_split="test"))


def test_limit_of_open_files(monkeypatch):
    resource = pytest.importorskip("resource")
    set_to = []
    monkeypatch.setattr(resource, "setrlimit", lambda limit, limits: set_to.append(limits))
    for limits, files, expected in (
        ((1024, 4096), 100, []),
        ((1024, 4096), 1088, [(1600, 4096)]),
        ((1024, resource.RLIM_INFINITY), 9000, [(9512, resource.RLIM_INFINITY)]),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 9000, []),
    ):
        monkeypatch.setattr(resource, "getrlimit", lambda limit, limits=limits: limits)
        set_to.clear()
        open_files.allow_open_files(files)
        assert set_to == expected
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (1024, 1500))
    with pytest.raises(InputError, match="allows 1500 open files: raise its limit to 1600"):
        open_files.allow_open_files(1088)
