"""The networks of chosen epochs: they stay through everything, and are what training had at that epoch."""

import dataclasses
import itertools
import shutil
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.training import (
    TrainedNetwork,
    evaluate,
    load_network,
    networks_over_training,
    train_network,
    validation_accuracy,
)
from jaxrepsim.training.fingerprint import fingerprint
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()
MODEL = TinyNet()
LONG = dataclasses.replace(CONFIG, epochs=6, checkpoint_every=4)
KEEP = dataclasses.replace(LONG, keep=(0, 1, 3, 6))


class InterruptedTrainingError(Exception):
    pass


def train(folder=None, config=KEEP, stop_after=None):
    """Trains seed 0, or to the end of an epoch: no further step is taken."""

    def progress(*, epoch, **_):
        if stop_after is not None and epoch > stop_after:
            raise InterruptedTrainingError

    if stop_after is None:
        return train_network(MODEL, DATA, config, 0, folder, progress)
    with pytest.raises(InterruptedTrainingError):
        train_network(MODEL, DATA, config, 0, folder, progress)
    return None


def chosen(folder, config=KEEP, data=DATA):
    return networks_over_training(MODEL, data, config, 0, folder)


def epochs_in(folder: Path) -> set[str]:
    return {path.stem.removeprefix("epoch_") for path in (folder / "seed_0").iterdir()}


def assert_same(first: TrainedNetwork, second: TrainedNetwork) -> None:
    """Equal to the bit, but for the time they took."""
    assert first.seed == second.seed
    jax.tree.map(np.testing.assert_array_equal, first.variables, second.variables)
    assert [record[:4] for record in first.history] == [record[:4] for record in second.history]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    train(folder)
    return folder


@pytest.fixture
def folder(finished, tmp_path) -> Path:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_chosen_epochs_stay_beside_the_last_two(finished):
    assert epochs_in(finished) == {"1", "3", "4", "6"}
    assert [len(network.history) for network in chosen(finished)] == [0, 1, 3, 6]


def test_without_keep_only_the_last_two_stay(tmp_path):
    train(tmp_path, dataclasses.replace(LONG, checkpoint_every=1))
    assert epochs_in(tmp_path) == {"5", "6"}


def test_they_are_what_training_had_then(finished, tmp_path):
    """Against trainings that keep nothing and stop at the epoch, as schedules depend on how many there will be."""
    every = dataclasses.replace(LONG, checkpoint_every=1)
    network_of = dict(zip(KEEP.keep, chosen(finished), strict=True))
    for epoch in (1, 3):
        train(tmp_path / str(epoch), every, stop_after=epoch)
        (stopped,) = chosen(tmp_path / str(epoch), dataclasses.replace(every, keep=(epoch,)))
        assert epochs_in(tmp_path / str(epoch)) == {str(each) for each in range(max(1, epoch - 1), epoch + 1)}
        assert_same(network_of[epoch], stopped)
    assert_same(network_of[6], load_network(MODEL, DATA, LONG, 0, finished))
    assert_same(network_of[6], train(config=LONG))
    kernels = [network.variables["params"]["conv"]["kernel"] for network in network_of.values()]
    assert not any(np.array_equal(first, second) for first, second in itertools.pairwise(kernels))


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5])
def test_interrupted_and_resumed(finished, tmp_path, stop_after):
    train(tmp_path, stop_after=stop_after)
    train(tmp_path)
    assert epochs_in(tmp_path) == epochs_in(finished)
    for first, second in zip(chosen(tmp_path), chosen(finished), strict=True):
        assert_same(first, second)


def test_the_untrained_network_is_that_of_the_seed(tmp_path):
    """Drawn here as Flax draws it, from the first third of the seed's key."""
    key = jax.random.split(jax.random.key(0, impl="threefry2x32"), 3)[0]
    (network,) = chosen(tmp_path / "nothing", dataclasses.replace(LONG, keep=(0,)))
    variables = jax.jit(MODEL.init)(key, np.zeros((1, 6, 6, 1), np.float32))
    jax.tree.map(np.testing.assert_array_equal, network.variables, dict(variables))
    assert not (tmp_path / "nothing").exists()


def test_training_starts_from_the_untrained_network(finished):
    """A learning rate of nearly zero moves no weight, but for biases of zero."""
    still = dataclasses.replace(LONG, epochs=1, warmup_epochs=0.0, learning_rate=1e-30)
    first, last = (network.variables["params"] for network in (chosen(finished)[0], train(config=still)))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=0, atol=1e-25), first, last)


def test_accuracy(finished):
    untrained, first, *_ = chosen(finished)
    measured = evaluate(MODEL, untrained.variables, DATA.validation, DATA.mean, DATA.std, 8)[1]
    assert validation_accuracy(MODEL, untrained, DATA, 8) == measured
    assert validation_accuracy(MODEL, first, DATA) == first.accuracy == first.history[0].validation_accuracy
    with pytest.raises(ValueError, match=r"seed 0 is untrained; see training\.validation_accuracy"):
        _ = untrained.accuracy


def test_no_epoch_asked_for(finished):
    assert chosen(finished, LONG) == ()


def test_keep_is_no_part_of_the_fingerprint(folder):
    assert fingerprint(MODEL, DATA, KEEP, 0) == fingerprint(MODEL, DATA, LONG, 0)
    other = dataclasses.replace(LONG, keep=(0, 4))
    assert_same(train(folder, other), chosen(folder)[-1])
    assert [len(network.history) for network in chosen(folder, other)] == [0, 4]
    assert epochs_in(folder) == {"1", "3", "4", "6"}  # there was nothing to write


def test_an_epoch_that_is_gone(folder):
    other = dataclasses.replace(LONG, keep=(0, 2, 5, 6))
    words = (
        rf"keep asks for epoch 2, 5, and the training in {folder}/seed_0 is past it and has no checkpoint of it any "
        r"more: train again in another folder, or choose among the epochs that are there \(1, 3, 4, 6\) and those still"
    )
    for ask in (chosen, train):
        with pytest.raises(InputError, match=words):
            ask(folder, other)


def test_an_epoch_asked_for_in_time_is_kept(tmp_path):
    train(tmp_path, dataclasses.replace(LONG, checkpoint_every=1), stop_after=3)
    with pytest.raises(InputError, match=r"keep asks for epoch 1, .* epochs that are there \(2, 3\)"):
        train(tmp_path)
    later = dataclasses.replace(LONG, keep=(2, 5))
    with pytest.raises(InputError, match=r"keep asks for epoch 5, .*trained for 3 of 6 epochs: go on training it"):
        chosen(tmp_path, later)
    train(tmp_path, later)
    assert [len(network.history) for network in chosen(tmp_path, later)] == [2, 5]


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match=r"no trained network in .*seed_0: train it first"):
        chosen(tmp_path)
    (tmp_path / "seed_0").mkdir()
    with pytest.raises(InputError, match="trained for 0 of 6 epochs: go on training it"):
        chosen(tmp_path)


@pytest.mark.parametrize("epoch", [3, 6])
def test_damage(folder, epoch):
    file = folder / f"seed_0/epoch_{epoch}.safetensors"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    remedy = {
        3: r"leave its epoch out of keep \(of the best one: set checkpoint to 'last'\), remove",
        6: "remove it to go on from an earlier one",
    }[epoch]
    with pytest.raises(InputError, match=rf"{file} is damaged \(.*: {remedy}"):
        chosen(folder)
    if epoch == 6:
        file.unlink()
    train(folder)
    wanted = KEEP if epoch == 6 else dataclasses.replace(KEEP, keep=(0, 1, 6))
    assert [len(network.history) for network in chosen(folder, wanted)] == list(wanted.keep)


@pytest.mark.parametrize("keep", [(3,), (5,)])
def test_of_another_training(finished, keep):
    other = dataclasses.replace(LONG, keep=keep, learning_rate=0.2)
    with pytest.raises(InputError, match=r"another training \(training\.learning_rate 0\.1 there, 0\.2 here\)"):
        chosen(finished, other)
