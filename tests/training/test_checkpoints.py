"""Checkpoints that cannot be used say why and what to do."""

import dataclasses
import errno
import logging
import shutil
from pathlib import Path

import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.training import train_network
from jaxrepsim.training.checkpoints import Stay, open_checkpoints
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    train_network(TinyNet(), DATA, CONFIG, 0, folder)
    return folder


@pytest.fixture
def folder(finished, tmp_path) -> Path:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def resume(folder, model=None, data=DATA, config=CONFIG):
    return train_network(model or TinyNet(), data, config, 0, folder)


def largest_file(folder: Path) -> Path:
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def truncate(folder: Path) -> None:
    file = largest_file(folder / "seed_0/4/state")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip_a_bit(folder: Path) -> None:
    file = largest_file(folder / "seed_0/4/state")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def empty_the_record(folder: Path) -> None:
    file = next(path for path in (folder / "seed_0/4/record").iterdir() if path.name == "metadata")
    file.write_text("{}")


def lose_the_arrays(folder: Path) -> None:
    shutil.rmtree(folder / "seed_0/4/state")


def lose_the_record(folder: Path) -> None:
    shutil.rmtree(folder / "seed_0/4/record")


def lose_the_checksums_and_the_record(folder: Path) -> None:
    (folder / "seed_0/4/checksums.json").unlink()
    lose_the_record(folder)


def put_something_else(folder: Path) -> None:
    shutil.rmtree(folder / "seed_0/4")
    (folder / "seed_0/4").mkdir()
    (folder / "seed_0/4/notes.txt").write_text("not a checkpoint")


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (truncate, "damaged, in state/"),
        (flip_a_bit, "damaged, in state/"),
        (empty_the_record, "damaged, in record/metadata"),
        (lose_the_arrays, "damaged, in state/"),
        (lose_the_record, "damaged, in record/"),
        (lose_the_checksums_and_the_record, "no checkpoint of jaxrepsim"),
        (put_something_else, "no checkpoint of jaxrepsim"),
    ],
)
def test_damaged(folder, damage, fault):
    damage(folder)
    with pytest.raises(InputError, match=rf"{folder}/seed_0/4 is {fault}.*: remove it to go on") as caught:
        resume(folder)
    assert "\n" not in str(caught.value)
    shutil.rmtree(folder / "seed_0/4")
    assert len(resume(folder).history) == 4


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"model": TinyNet(units=5)}, "model.units 4 there, 5 here"),
        ({"config": dataclasses.replace(CONFIG, epochs=5)}, "training.epochs 4 there, 5 here"),
        ({"data": DATA._replace(train=DATA.validation)}, "data.crc32"),
    ],
)
def test_of_another_training(folder, other, named):
    with pytest.raises(InputError, match=rf"another training \(.*{named}.*\): use the settings"):
        resume(folder, **other)


def test_settings_that_change_no_network(folder):
    resume(folder, config=dataclasses.replace(CONFIG, seeds=(0, 9), checkpoint_every=2, keep=(0, 3)))


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "seed_0").write_text("")
    with pytest.raises(InputError, match="seed_0 cannot hold checkpoints"):
        resume(tmp_path)


def test_killed_before_the_checksums_were_written(folder):
    (folder / "seed_0/4/checksums.json").unlink()
    assert len(resume(folder).history) == 4


def test_orbax_is_silent_as_long_as_any_folder_is_open(tmp_path):
    """Several seeds at once, or an interrupted training: one folder within the other."""
    filters = logging.getLogger("absl").filters
    before = len(filters)
    with open_checkpoints(tmp_path / "a", {}, Stay(1)):
        with open_checkpoints(tmp_path / "b", {}, Stay(1)):
            pass
        assert len(filters) == before + 1
    assert len(filters) == before


def test_a_disk_too_small(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(2**30, 2**30 - 2**10, 2**10))
    with pytest.raises(InputError, match="the disk is full: no checkpoint of epoch 1 "):
        resume(tmp_path)
    assert not [*(tmp_path / "seed_0").iterdir()]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("RESOURCE_EXHAUSTED: Failed to write: No space left on device [os_error_code='28']"),
    ],
)
def test_full_disk(tmp_path, monkeypatch, error):
    import orbax.checkpoint as ocp

    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr(ocp.CheckpointManager, "save", fail)
    with pytest.raises(InputError, match="the disk is full: no checkpoint of epoch 1 "):
        resume(tmp_path)
