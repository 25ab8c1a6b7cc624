"""Asked to stop by SIGTERM: the step under way is finished and saved, and nothing is different in the end."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from jaxrepsim import preemption
from jaxrepsim.errors import InputError
from jaxrepsim.training import load_network, train_network, train_networks
from tests.training.stream import streamed
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

MODEL, DATA = TinyNet(), tiny_dataset()
TWO = dataclasses.replace(CONFIG, seeds_at_once=2)


def assert_same(first, second):
    """Equal to the bit, but for the time they took."""
    jax.tree.map(np.testing.assert_array_equal, first.variables, second.variables)
    assert [record[:4] for record in first.history] == [record[:4] for record in second.history]


def stop_at(*positions):
    """A progress that has a signal sent at each of some (epoch, step)."""

    def progress(*, epoch, step, **_):
        if (epoch, step) in positions:
            os.kill(os.getpid(), signal.SIGTERM)

    return progress


def stopped(train, *positions) -> str:
    with pytest.raises(preemption.Preempted) as caught, preemption.heeded():
        train(progress=stop_at(*positions))
    return str(caught.value)


@pytest.fixture(scope="module")
def uninterrupted():
    return train_network(MODEL, DATA, CONFIG, 0)


def names(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "seed_0").iterdir()}


def test_by_a_real_signal_in_another_process(uninterrupted, tmp_path):
    command = [sys.executable, "-m", "tests.training.tiny", tmp_path, "3", "asked"]
    root = Path(__file__).parents[2]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert process.returncode == 143, process.stderr
    assert process.stdout == "stopped by SIGTERM: seed 0, epoch 3, step 3 of 5\n"
    assert names(tmp_path) == {"epoch_1", "epoch_2", "epoch_3_step_3"}
    with pytest.raises(InputError, match="2 of 4 epochs: go on training it"):
        load_network(MODEL, DATA, CONFIG, 0, tmp_path)
    calls = []
    resumed = train_network(
        MODEL, DATA, CONFIG, 0, tmp_path, lambda **call: calls.append((call["epoch"], call["step"]))
    )
    assert calls[:2] == [(3, 4), (3, 5)]
    assert_same(resumed, uninterrupted)
    assert names(tmp_path) == {"epoch_3", "epoch_4"}


@pytest.mark.parametrize("positions", [[(1, 1)], [(2, 5)], [(4, 5)], [(1, 2), (1, 4), (2, 3)]])
def test_at_any_step_and_again(uninterrupted, tmp_path, positions):
    """After the last step too, with the validation still to come; and twice in one epoch."""
    config = dataclasses.replace(CONFIG, checkpoint_every=3)
    for epoch, step in positions:
        said = stopped(lambda progress: train_network(MODEL, DATA, config, 0, tmp_path, progress), (epoch, step))
        assert said == f"stopped by SIGTERM: seed 0, epoch {epoch}, step {step} of 5"
    assert_same(train_network(MODEL, DATA, config, 0, tmp_path), uninterrupted)


def test_before_the_first_step(uninterrupted, tmp_path, monkeypatch):
    monkeypatch.setattr(preemption, "requested", lambda: True)
    for _ in range(2):
        with pytest.raises(preemption.Preempted, match="seed 0, epoch 1, step 0 of 5"):
            train_network(MODEL, DATA, CONFIG, 0, tmp_path)
    monkeypatch.undo()
    assert_same(train_network(MODEL, DATA, CONFIG, 0, tmp_path), uninterrupted)


def test_two_networks_in_one_program(tmp_path):
    uninterrupted = train_networks(MODEL, DATA, TWO)
    said = stopped(lambda progress: train_networks(MODEL, DATA, TWO, tmp_path, progress), (2, 3))
    assert said == "stopped by SIGTERM: seed 0, 1, epoch 2, step 3 of 5"
    for first, second in zip(train_networks(MODEL, DATA, TWO, tmp_path), uninterrupted, strict=True):
        assert_same(first, second)


def test_networks_at_different_epochs_share_no_program(tmp_path):
    train_network(MODEL, DATA, CONFIG, 1, tmp_path)
    resumed = train_networks(MODEL, DATA, TWO, tmp_path)
    one_by_one = train_networks(MODEL, DATA, CONFIG)
    assert [network.seed for network in resumed] == [0, 1]
    for first, second in zip(resumed, one_by_one, strict=True):
        assert_same(first, second)


def test_streamed_images_resume_at_the_same_batch(uninterrupted, tmp_path):
    data = streamed(DATA)
    whole = train_network(MODEL, data, CONFIG, 0)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), whole.variables, uninterrupted.variables
    )
    seeds = [seed for seed, _ in data.train.images.asked]
    assert len(set(seeds)) == CONFIG.epochs
    stopped(lambda progress: train_network(MODEL, data, CONFIG, 0, tmp_path, progress), (2, 3))
    data.train.images.asked.clear()
    assert_same(train_network(MODEL, data, CONFIG, 0, tmp_path), whole)
    assert data.train.images.asked == [(seeds[1], 3), (seeds[2], 0), (seeds[3], 0)]
    other = streamed(DATA)
    other.validation.images.identity = "another"
    with pytest.raises(InputError, match=r"another training \(data\.identity"):
        train_network(MODEL, other, CONFIG, 0, tmp_path)


def test_signal_that_ends_a_decoding_process_too(tmp_path, monkeypatch):
    """A process that decodes ignores it only after a while; a scheduler sends it to all at once."""
    data = streamed(DATA)
    whole = train_network(MODEL, data, CONFIG, 0)
    batches = type(data.train.images).batches

    def ended(images, order, seed, batch_size, first=0):
        yield from batches(images, order[: 2 * batch_size], seed, batch_size, first)
        if asked:
            os.kill(os.getpid(), signal.SIGTERM)
        raise InputError("a process that decodes images for training ended")

    with monkeypatch.context() as context:
        context.setattr(type(data.train.images), "batches", ended)
        asked = True
        said = stopped(lambda progress: train_network(MODEL, data, CONFIG, 0, tmp_path, progress))
        assert said == "stopped by SIGTERM: seed 0, epoch 1, step 2 of 5"
        asked = False
        with pytest.raises(InputError, match="a process that decodes"):
            train_network(MODEL, data, CONFIG, 1)
    assert_same(train_network(MODEL, data, CONFIG, 0, tmp_path), whole)


def test_a_step_before_the_last_epoch_is_not_gone_back_to(uninterrupted, tmp_path):
    """Killed after the checkpoint of an epoch was written, and before that of a step before it was removed."""
    step = tmp_path / "seed_0/epoch_3_step_2.safetensors"
    stopped(lambda progress: train_network(MODEL, DATA, CONFIG, 0, tmp_path, progress), (3, 2))
    shutil.copy(step, tmp_path / "copy")
    stopped(lambda progress: train_network(MODEL, DATA, CONFIG, 0, tmp_path, progress), (4, 1))
    (tmp_path / "seed_0/epoch_4_step_1.safetensors").unlink()
    shutil.copy(tmp_path / "copy", step)
    epochs = []
    resumed = train_network(MODEL, DATA, CONFIG, 0, tmp_path, lambda **call: epochs.append(call["epoch"]))
    assert min(epochs) == 4
    assert_same(resumed, uninterrupted)
    assert names(tmp_path) == {"epoch_3", "epoch_4"}


def test_an_epoch_to_keep_that_only_an_interrupted_training_is_past(tmp_path):
    """Refused when training resumes, and not only when the network of that epoch is loaded."""
    config = dataclasses.replace(CONFIG, checkpoint_every=3)
    stopped(lambda progress: train_network(MODEL, DATA, config, 0, tmp_path, progress), (2, 3))
    with pytest.raises(InputError, match=r"keep asks for epoch 1, and .* is past it.* that are there \(none\)"):
        train_network(MODEL, DATA, dataclasses.replace(config, keep=(1, 2)), 0, tmp_path)
    train_network(MODEL, DATA, dataclasses.replace(config, keep=(2,)), 0, tmp_path)
    assert names(tmp_path) == {"epoch_2", "epoch_3", "epoch_4"}


def test_damage(tmp_path):
    stopped(lambda progress: train_network(MODEL, DATA, CONFIG, 0, tmp_path, progress), (3, 2))
    file = tmp_path / "seed_0/epoch_3_step_2.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match=rf"{file} is damaged \(.*: remove it to go on from an earlier"):
        train_network(MODEL, DATA, CONFIG, 0, tmp_path)
    file.unlink()
    assert len(train_network(MODEL, DATA, CONFIG, 0, tmp_path).history) == 4


def test_without_a_folder_and_unheeded(uninterrupted):
    stopped(lambda progress: train_network(MODEL, DATA, CONFIG, 0, None, progress), (1, 2))
    assert not preemption.requested()
    preemption.check()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
