"""Precision, dropout, which weights are compared, and what the seeds have in common."""

import dataclasses
from collections import OrderedDict
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxrepsim.errors import InputError
from jaxrepsim.training import load_network, networks_over_training, train_network
from jaxrepsim.training.checkpoint_file import Checkpoint
from jaxrepsim.training.checkpoints import open_for_training
from jaxrepsim.training.epoch import run_epoch
from jaxrepsim.training.keys import keys
from jaxrepsim.training.placement import place
from jaxrepsim.training.progress import Rate
from jaxrepsim.training.records import EpochRecord
from jaxrepsim.training.step import initial_state, make_recipe, train_step
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()
MODEL = TinyNet()
BEST = dataclasses.replace(CONFIG, checkpoint="best", checkpoint_every=3)
BFLOAT16 = dataclasses.replace(CONFIG, precision="bfloat16")


class Watched(TinyNet):
    """A `TinyNet` that shows what it was given."""

    def __call__(self, images, train=False):
        assert images.dtype == (jnp.bfloat16 if train else jnp.float32)
        return super().__call__(images, train)


class Dropping(nn.Module):
    """Nothing but dropout before the logits, whose gradient so tells which pixels stayed."""

    @nn.compact
    def __call__(self, images, train=False):
        x = nn.Dropout(0.5, deterministic=not train)(images.reshape(len(images), -1))
        x = nn.Dense(2, name="logits", kernel_init=nn.initializers.zeros)(x)
        return x, OrderedDict(logits=x)


def step_of(model, config):
    recipe = make_recipe(model, config, 43, DATA.mean, DATA.std)
    state = initial_state(recipe, (6, 6, 1), jax.random.key(0))
    return jax.jit(partial(train_step, recipe)), state, jnp.asarray(DATA.train.images[:8]), DATA.train.labels[:8]


def test_bfloat16_is_in_the_passes_only():
    plain, state, images, labels = step_of(MODEL, CONFIG)
    rough, *_ = step_of(MODEL, BFLOAT16)
    (exact, exact_metrics), (near, near_metrics) = (
        step(state, images, labels, jax.random.key(1)) for step in (plain, rough)
    )
    assert {leaf.dtype for leaf in jax.tree.leaves((near, near_metrics))} == {jnp.dtype("float32"), jnp.dtype("int32")}
    assert abs(near_metrics.loss - exact_metrics.loss) < 0.02
    assert near_metrics.loss != exact_metrics.loss
    # The momentum after one step is the gradient, and the running statistics a tenth of the batch's.
    assert np.allclose(near.batch_stats["bn"]["mean"], exact.batch_stats["bn"]["mean"], atol=2e-3)
    gradients = [np.concatenate([np.ravel(a) for a in jax.tree.leaves(s.optimizer[1][0])]) for s in (exact, near)]
    assert 0 < np.linalg.norm(gradients[1] - gradients[0]) < 0.05 * np.linalg.norm(gradients[0])


def test_bfloat16_learns_and_is_measured_in_float32(tmp_path):
    network = train_network(Watched(), DATA, BFLOAT16, 0, tmp_path)
    assert network.history[-1].train_loss < network.history[0].train_loss
    with pytest.raises(InputError, match=r"another training \(training\.precision bfloat16 there, float32 here\)"):
        train_network(Watched(), DATA, CONFIG, 0, tmp_path)


def test_dropout_is_drawn_from_the_key_of_the_step():
    config = dataclasses.replace(CONFIG, crop_padding=0, flip=False, warmup_epochs=0.0)
    step, state, images, labels = step_of(Dropping(), config)
    images = jnp.full_like(images, 255)
    first, again, other = (
        np.asarray(step(state, images, labels, jax.random.key(key))[0].params["logits"]["kernel"]) for key in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_best_epoch(tmp_path):
    """Against a training that keeps every epoch."""
    whole = dataclasses.replace(CONFIG, epochs=6, keep=(1, 2, 3, 4, 5, 6))
    last = train_network(MODEL, DATA, whole, 0, tmp_path / "whole")
    accuracies = [record.validation_accuracy for record in last.history]
    best = 1 + int(np.argmax(accuracies))
    assert best < 5, "the best epoch is among the last two: this shows nothing"
    expected = networks_over_training(MODEL, DATA, whole, 0, tmp_path / "whole")[best - 1]
    config = dataclasses.replace(whole, keep=(), checkpoint="best", checkpoint_every=2)
    found = [
        train_network(MODEL, DATA, config, 0),
        train_network(MODEL, DATA, config, 0, tmp_path / "best"),
        train_network(MODEL, DATA, config, 0, tmp_path / "best"),
        load_network(MODEL, DATA, config, 0, tmp_path / "best"),
    ]
    for network in found:
        jax.tree.map(np.testing.assert_array_equal, network.variables, expected.variables)
        assert (network.epoch, len(network.history)) == (best, 6)
        assert network.accuracy == max(accuracies)
    assert {path.stem for path in (tmp_path / "best/seed_0").iterdir()} == {f"epoch_{epoch}" for epoch in (best, 4, 6)}
    assert load_network(MODEL, DATA, dataclasses.replace(config, checkpoint="last"), 0, tmp_path / "best").epoch == 6
    (tmp_path / f"best/seed_0/epoch_{best}.safetensors").unlink()
    for use in (train_network, load_network):
        with pytest.raises(InputError, match=rf"checkpoint 'best' asks for epoch {best}, and .*has no checkpoint"):
            use(MODEL, DATA, config, 0, tmp_path / "best")


def test_the_best_but_one_stays_while_training_may_go_back_to_it(tmp_path):
    """The best of epochs 1 to 3 is 1, of all four 4: should that be damaged, training goes on from 3, and 1 is best."""
    recipe = make_recipe(MODEL, CONFIG, 43, DATA.mean, DATA.std)
    state = initial_state(recipe, (6, 6, 1), jax.random.key(0))
    history = tuple(EpochRecord(1.0, 0.5, 1.0, accuracy, 1.0) for accuracy in (0.8, 0.6, 0.7, 0.9, 0.5, 0.4))
    config = dataclasses.replace(BEST, epochs=6)
    checkpoints = open_for_training(tmp_path, config, {})
    for epoch in range(1, 5):
        checkpoints.save(Checkpoint(state, history[:epoch]))
    assert checkpoints.epochs == [1, 3, 4]
    (tmp_path / "epoch_4.safetensors").unlink()
    resumed = checkpoints.resume(state)
    assert resumed is not None
    assert resumed.history == history[:3]
    for epoch in range(4, 7):
        checkpoints.save(Checkpoint(state, history[:epoch]))
    assert checkpoints.epochs == [4, 5, 6]


def test_what_seeds_share():
    def drawn(shared, seed):
        return [jax.random.key_data(key).tolist() for key in keys(dataclasses.replace(CONFIG, shared=shared), seed)]

    zero, five = drawn("nothing", 0), drawn("nothing", 5)
    assert not any(first == second for first, second in zip(zero, five, strict=True))
    assert drawn("initialisation", 5) == [zero[0], *five[1:]]
    assert drawn("order", 5) == [five[0], *zero[1:]]
    assert drawn("order", 0) == drawn("initialisation", 0) == zero


@pytest.mark.parametrize("shared", ["initialisation", "order"])
def test_what_is_shared_is_of_another_training(shared, tmp_path):
    config = dataclasses.replace(CONFIG, shared=shared, keep=(0,))
    network = train_network(MODEL, DATA, config, 5, tmp_path)
    (start,) = networks_over_training(MODEL, DATA, config, 5, tmp_path)
    unshared = [
        networks_over_training(MODEL, DATA, dataclasses.replace(config, shared="nothing"), s, tmp_path)[0]
        for s in (0, 5)
    ]
    kernels = [np.asarray(each.variables["params"]["conv"]["kernel"]) for each in (start, *unshared)]
    assert [np.array_equal(kernels[0], kernel) for kernel in kernels[1:]] == [
        shared == "initialisation",
        shared == "order",
    ]
    assert network.history[-1].train_loss < network.history[0].train_loss
    with pytest.raises(InputError, match=rf"another training \(training\.shared {shared} there, nothing here\)"):
        train_network(MODEL, DATA, CONFIG, 5, tmp_path)


def test_nan_stops_at_once():
    """A loss is looked at while the next step is under way."""
    recipe, placement = make_recipe(MODEL, CONFIG, 43, DATA.mean, DATA.std), place(1, 8)
    images = np.full(DATA.train.images.shape, np.nan, np.float32)
    calls = []
    state = initial_state(recipe, (6, 6, 1), jax.random.key(0))
    split = placement.shared(DATA.train._replace(images=images))
    _, metrics = run_epoch(recipe, placement, state, split, [jax.random.key(0)], [jax.random.key(1)], calls.append)
    assert calls == [1]
    assert np.isnan(metrics.loss).tolist() == [[True, True]]


def test_rate(monkeypatch):
    times = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr("jaxrepsim.training.progress.time.perf_counter", lambda: next(times))
    rate, measured = Rate(8), []
    for steps in (1, 1, 2, 5, 5):
        rate.record(steps)
        measured.append(rate.images_per_second)
    assert measured == [None, None, 16.0, 16.0, 16.0]
