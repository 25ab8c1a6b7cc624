"""Whole trainings: repeatable to the bit, resumable at any step, and never silent about what went wrong."""

import dataclasses
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.training import TrainedNetwork, evaluate, load_network, train_network, train_networks
from jaxrepsim.training.epoch import _jitted_step
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()
MODEL = TinyNet()


def train(seed=0, config=CONFIG, **keywords):
    return train_network(MODEL, DATA, config, seed, **keywords)


@pytest.fixture(scope="module")
def uninterrupted() -> TrainedNetwork:
    return train()


def assert_same(first: TrainedNetwork, second: TrainedNetwork) -> None:
    """Equal to the bit, but for the time they took."""
    jax.tree.map(np.testing.assert_array_equal, first.variables, second.variables)
    assert [record[:4] for record in first.history] == [record[:4] for record in second.history]


def test_one_seed_and_two_seeds_give_the_same_network(uninterrupted):
    compiled = _jitted_step._cache_size()
    both = train_networks(MODEL, DATA, dataclasses.replace(CONFIG, seeds=(1, 0)))
    assert [network.seed for network in both] == [1, 0]
    assert_same(both[1], uninterrupted)
    kernels = [network.variables["params"]["conv"]["kernel"] for network in both]
    assert not np.allclose(*kernels)
    assert _jitted_step._cache_size() == compiled


def test_history(uninterrupted):
    assert len(uninterrupted.history) == CONFIG.epochs
    assert uninterrupted.history[-1].train_loss < uninterrupted.history[0].train_loss
    measured = evaluate(MODEL, uninterrupted.variables, DATA.validation, DATA.mean, DATA.std, CONFIG.batch_size)
    assert measured == (uninterrupted.history[-1].validation_loss, uninterrupted.accuracy)
    assert all(0 <= record.train_accuracy <= 1 and record.seconds > 0 for record in uninterrupted.history)


def test_x64_changes_nothing(uninterrupted):
    with jax.enable_x64(True):
        assert_same(train(), uninterrupted)


def test_progress():
    calls = []
    train(config=dataclasses.replace(CONFIG, epochs=2), progress=lambda **call: calls.append(call))
    assert [(call["epoch"], call["step"]) for call in calls] == [
        *((1, step) for step in range(1, 6)),
        *((2, step) for step in range(1, 6)),
        (2, 5),
    ]
    assert {(call["seed"], call["epochs"], call["steps"]) for call in calls} == {(0, 2, 5)}
    assert [call["loss"] is None for call in calls] == [True] * 5 + [False] * 6
    assert calls[-1]["accuracy"] is not None
    assert [call["images_per_second"] is None for call in calls] == [True] + [False] * 10


@pytest.mark.parametrize("kills", [("save",), pytest.param(("step", "save"), marks=pytest.mark.long)])
def test_killed_and_resumed(kills, uninterrupted, tmp_path):
    """While a checkpoint is written, or in a step before; then whole, without doing finished epochs again."""
    root = Path(__file__).parents[2]
    for during in kills:
        command = [sys.executable, "-m", "tests.training.tiny", tmp_path, "3", during]
        assert subprocess.run(command, cwd=root, check=False).returncode == -signal.SIGKILL
    names = {path.stem for path in (tmp_path / "seed_0").iterdir()}
    assert {"epoch_1", "epoch_2"} < names  # and the remains of the third
    with pytest.raises(InputError, match="2 of 4 epochs: go on training it"):
        load_network(MODEL, DATA, CONFIG, 0, tmp_path)
    epochs = []
    resumed = train(folder=tmp_path, progress=lambda **call: epochs.append(call["epoch"]))
    assert min(epochs) == 3
    assert_same(resumed, uninterrupted)
    assert {path.stem for path in (tmp_path / "seed_0").iterdir()} == {"epoch_3", "epoch_4"}


def test_finished_networks_are_not_trained_again(uninterrupted, tmp_path):
    first = train(folder=tmp_path)
    assert_same(first, uninterrupted)
    calls = []
    again = train(folder=tmp_path, progress=lambda **call: calls.append(call))
    assert [(call["epoch"], call["step"]) for call in calls] == [(4, 5)]
    assert_same(again, first)
    assert again.history == first.history
    assert_same(load_network(MODEL, DATA, CONFIG, 0, tmp_path), first)


def test_checkpoints_are_as_rare_as_asked(tmp_path):
    train(config=dataclasses.replace(CONFIG, epochs=3, checkpoint_every=2), folder=tmp_path)
    assert {path.stem for path in (tmp_path / "seed_0").iterdir()} == {"epoch_2", "epoch_3"}


def test_divergence_names_its_place(tmp_path):
    config = dataclasses.replace(CONFIG, learning_rate=1e30)
    with pytest.raises(InputError, match=r"seed 0, epoch 1, .*There is no checkpoint before it\. Lower learning_rate"):
        train(config=config, folder=tmp_path)
    poisoned = Split(DATA.train.images.astype(np.float32) / 255, DATA.train.labels)
    poisoned.images[7] = np.nan
    with pytest.raises(InputError, match=r"seed 0, epoch 1, step [1-5], where the loss is nan"):
        train_network(MODEL, DATA._replace(train=poisoned), CONFIG, 0)


def test_divergence_names_the_last_good_checkpoint(tmp_path, monkeypatch):
    config = dataclasses.replace(CONFIG, epochs=3)
    losses = iter([1.0, float("nan")])
    monkeypatch.setattr("jaxrepsim.training.loop.evaluate_all", lambda *arguments: [(next(losses), 0.5)])
    with pytest.raises(
        InputError,
        match=rf"epoch 2, its validation\. The last good checkpoint is {tmp_path}/seed_0/epoch_1\.safetensors\.",
    ):
        train(config=config, folder=tmp_path)


def test_nothing_to_load(tmp_path):
    with pytest.raises(InputError, match=r"no trained network in .*seed_3: train it first"):
        load_network(MODEL, DATA, CONFIG, 3, tmp_path)
    assert not [*tmp_path.iterdir()]
