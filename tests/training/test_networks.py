"""Whole trainings: repeatable to the bit, resumable at any moment, and never silent about what went wrong."""

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
def unbroken() -> TrainedNetwork:
    return train()


def assert_same(first: TrainedNetwork, second: TrainedNetwork) -> None:
    """Equal to the bit, but for the time they took."""
    jax.tree.map(np.testing.assert_array_equal, first.variables, second.variables)
    assert [record[:4] for record in first.history] == [record[:4] for record in second.history]


def test_alone_and_beside_others(unbroken):
    compiled = _jitted_step._cache_size()
    several = train_networks(MODEL, DATA, dataclasses.replace(CONFIG, seeds=(1, 0)))
    assert [network.seed for network in several] == [1, 0]
    assert_same(several[1], unbroken)
    kernels = [network.variables["params"]["conv"]["kernel"] for network in several]
    assert not np.allclose(*kernels)
    assert _jitted_step._cache_size() == compiled


def test_history(unbroken):
    assert len(unbroken.history) == CONFIG.epochs
    assert unbroken.history[-1].train_loss < unbroken.history[0].train_loss
    measured = evaluate(MODEL, unbroken.variables, DATA.validation, DATA.mean, DATA.std, CONFIG.batch_size)
    assert measured == (unbroken.history[-1].validation_loss, unbroken.accuracy)
    assert all(0 <= record.train_accuracy <= 1 and record.seconds > 0 for record in unbroken.history)


def test_x64_changes_nothing(unbroken):
    with jax.enable_x64(True):
        assert_same(train(), unbroken)


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


def test_killed_and_resumed(unbroken, tmp_path):
    """Killed in a step, then while a checkpoint is written; then whole, without doing finished epochs again."""
    root = Path(__file__).parents[2]
    for epoch, moment in ((3, "step"), (3, "save")):
        command = [sys.executable, "-m", "tests.training.tiny", tmp_path, str(epoch), moment]
        assert subprocess.run(command, cwd=root, check=False).returncode == -signal.SIGKILL
    names = {path.name for path in (tmp_path / "seed_0").iterdir()}
    assert {"1", "2"} < names  # and the remains of the third
    with pytest.raises(InputError, match="2 of 4 epochs: go on training it"):
        load_network(MODEL, DATA, CONFIG, 0, tmp_path)
    epochs = []
    resumed = train(folder=tmp_path, progress=lambda **call: epochs.append(call["epoch"]))
    assert min(epochs) == 3
    assert_same(resumed, unbroken)
    assert {path.name for path in (tmp_path / "seed_0").iterdir()} == {"3", "4"}


def test_finished_networks_are_not_trained_again(unbroken, tmp_path):
    first = train(folder=tmp_path)
    assert_same(first, unbroken)
    calls = []
    again = train(folder=tmp_path, progress=lambda **call: calls.append(call))
    assert [(call["epoch"], call["step"]) for call in calls] == [(4, 5)]
    assert_same(again, first)
    assert again.history == first.history
    assert_same(load_network(MODEL, DATA, CONFIG, 0, tmp_path), first)


def test_checkpoints_are_as_rare_as_asked(tmp_path):
    train(config=dataclasses.replace(CONFIG, epochs=3, checkpoint_every=2), folder=tmp_path)
    assert {path.name for path in (tmp_path / "seed_0").iterdir()} == {"2", "3"}


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
    monkeypatch.setattr("jaxrepsim.training.together.evaluate_all", lambda *arguments: [(next(losses), 0.5)])
    with pytest.raises(
        InputError, match=rf"epoch 2, its validation\. The last good checkpoint is {tmp_path}/seed_0/1\."
    ):
        train(config=config, folder=tmp_path)


def test_nothing_to_load(tmp_path):
    with pytest.raises(InputError, match=r"no trained network in .*seed_3: train it first"):
        load_network(MODEL, DATA, CONFIG, 3, tmp_path)
    assert not [*tmp_path.iterdir()]
