"""Checkpoints hold every bit of a training's state; those that cannot be used say why and what to do."""

import dataclasses
import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from jaxrepsim.errors import InputError
from jaxrepsim.training import checkpoint_file, train_network
from jaxrepsim.training.checkpoint_file import Checkpoint
from jaxrepsim.training.checkpoints import open_for_training, positions
from jaxrepsim.training.records import EpochRecord, PartialEpoch
from jaxrepsim.training.step import TrainState
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()
LAST = "seed_0/epoch_4.safetensors"


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


def test_every_type_and_shape_comes_back_to_the_bit(tmp_path):
    random = np.random.default_rng(0)
    leaves = {
        str(dtype): jnp.asarray(random.integers(0, 2**16, 6, np.uint16).view(np.uint8)).view(dtype).reshape(-1, 1)
        for dtype in (jnp.bfloat16, jnp.float16, jnp.uint8, jnp.int8, jnp.int32, jnp.uint32)
    }
    params = {**leaves, "float32": jnp.asarray([np.nan, -0.0, 1e-45, np.inf], jnp.float32), "flag": jnp.array(True)}
    transposed = np.asarray(random.normal(size=(3, 4)), np.float32).T
    state = TrainState(params, {"empty": jnp.zeros((0, 2))}, (jnp.int32(7), {"trace/of": transposed}), {})
    history = (EpochRecord(0.1, 0.2, 1 / 3, 0.4, 1e-300),)
    checkpoint = Checkpoint(state, history, PartialEpoch((0.1, 2 / 3), (3, 4), 0.7))
    checkpoint_file.write(tmp_path / "a.safetensors", checkpoint, {"seed": 0})
    like = jax.eval_shape(lambda: state)
    found = checkpoint_file.read(tmp_path / "a.safetensors", like, {"seed": 0})
    assert found[1:] == checkpoint[1:]
    assert jax.tree.structure(found.state) == jax.tree.structure(state)
    for there, here in zip(jax.tree.leaves(found.state), jax.tree.leaves(state), strict=True):
        assert (there.dtype, there.shape) == (here.dtype, here.shape)
        assert np.asarray(there).tobytes() == np.asarray(here).tobytes()


def test_the_arrays_are_named_for_any_reader(finished):
    with safetensors.safe_open(finished / LAST, framework="np") as file:
        names, header = set(file.keys()), file.metadata()
    assert {"params/conv/kernel", "batch_stats/bn/mean", "optimizer/1/0/trace/conv/kernel"} < names
    record = json.loads(header["record"])
    assert record["fingerprint"]["seed"] == 0
    assert len(record["history"]) == 4


def test_the_positions_are_in_the_order_of_training(tmp_path):
    for name in ("epoch_10", "epoch_9", "epoch_10_step_2", "epoch_10_step_11", "notes", "epoch_x"):
        (tmp_path / f"{name}.safetensors").touch()
    (tmp_path / "epoch_3.txt").touch()
    assert positions(tmp_path) == [(9, 0), (9, 2), (9, 11), (10, 0)]
    assert positions(tmp_path / "nothing") == []


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip_a_bit_of_the_arrays(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)


def rewrite(change: Callable[[dict, dict], None]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with safetensors.safe_open(file, framework="np") as opened:
            header, arrays = opened.metadata(), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        change(header, arrays)
        safetensors.numpy.save_file(arrays, file, metadata=header)

    return damage


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (truncate, "damaged \\(SafetensorError: "),
        (flip_a_bit_of_the_arrays, "damaged \\(its checksum"),
        (
            rewrite(lambda header, arrays: header.update(record=header["record"].replace("0.", "1.", 1))),
            "damaged \\(its",
        ),
        (rewrite(lambda header, arrays: header.pop("record")), "damaged \\(its checksum"),
        (rewrite(lambda header, arrays: header.pop("crc32")), "damaged \\(its checksum"),
        (rewrite(lambda header, arrays: arrays.pop("params/conv/kernel")), "damaged \\(its checksum"),
        (lambda file: file.write_text("not a checkpoint"), "damaged \\(SafetensorError: "),
        (lambda file: file.write_bytes(b""), "damaged \\(SafetensorError: "),
        (rewrite(lambda header, arrays: header.update(format="pt")), "no checkpoint of jaxrepsim"),
    ],
)
def test_damaged(folder, damage, fault):
    damage(folder / LAST)
    with pytest.raises(InputError, match=rf"{folder}/{LAST} is {fault}.*: remove it to go on") as caught:
        resume(folder)
    assert "\n" not in str(caught.value)
    (folder / LAST).unlink()
    assert len(resume(folder).history) == 4


def test_of_another_version(folder):
    rewrite(lambda header, arrays: header.update(format="jaxrepsim checkpoint 99"))(folder / LAST)
    with pytest.raises(InputError, match=r"is a checkpoint of format 99, .* reads format 2: use the version that made"):
        resume(folder)


def test_of_another_optax(folder, monkeypatch):
    monkeypatch.setattr(checkpoint_file, "_crc32", lambda record, arrays: "")
    rewrite(lambda header, arrays: header.update(crc32=""))(folder / LAST)
    rewrite(lambda header, arrays: arrays.update(count=arrays.pop("optimizer/1/1/count")))(folder / LAST)
    words = r"other versions of Flax or Optax \(optimizer/1/1/count: None there, int32 \(\) here\): use those, or train"
    with pytest.raises(InputError, match=words):
        resume(folder)


@pytest.mark.parametrize("name", ["4", "interrupted"])
def test_a_folder_of_orbax(tmp_path, name):
    (tmp_path / "seed_0" / name).mkdir(parents=True)
    with pytest.raises(InputError, match=rf"{tmp_path}/seed_0/{name} is a checkpoint of Orbax.*: train anew in"):
        resume(tmp_path)


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


def test_what_is_not_ours_is_left_as_it_is(tmp_path):
    """What a killed process left half written is ours, and goes."""
    (tmp_path / "seed_0").mkdir()
    for name in (".epoch_3.abcd.part.safetensors", "notes.txt", ".notes.part.txt"):
        (tmp_path / "seed_0" / name).write_text("")
    open_for_training(tmp_path / "seed_0", CONFIG, {})
    assert {path.name for path in (tmp_path / "seed_0").iterdir()} == {"notes.txt", ".notes.part.txt"}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        safetensors.SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_full_disk(tmp_path, monkeypatch, error):
    def fail(arrays, path, metadata):
        Path(path).write_text("half")
        raise error

    monkeypatch.setattr(safetensors.numpy, "save_file", fail)
    with pytest.raises(InputError, match=rf"the disk is full: {tmp_path}/seed_0/epoch_1.safetensors could not be writ"):
        resume(tmp_path)
    assert not [*(tmp_path / "seed_0").iterdir()]
