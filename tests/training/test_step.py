"""One step against the formulas, and an epoch against one step."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.training import TrainingConfig, evaluate, normalise
from jaxrepsim.training.epoch import run_epoch
from jaxrepsim.training.placement import place
from jaxrepsim.training.step import initial_state, make_recipe, train_step
from tests.training.tiny import CONFIG, TinyNet, tiny_dataset

DATA = tiny_dataset()
MODEL = TinyNet()
ALONE = place(1, CONFIG.batch_size)


def recipe_of(config):
    return make_recipe(MODEL, config, len(DATA.train.labels), DATA.mean, DATA.std)


def start(recipe):
    return initial_state(recipe, (6, 6, 1), jax.random.key(0))


def test_updates_are_those_of_coupled_weight_decay_and_momentum():
    config = TrainingConfig(epochs=2, batch_size=8, learning_rate=0.05, weight_decay=0.1, milestones=())
    recipe = recipe_of(config)
    state = start(recipe)
    images, labels = jnp.asarray(DATA.train.images[:8]), jnp.asarray(DATA.train.labels[:8])

    def loss_of(params):
        (logits, _), _ = MODEL.apply(
            {**state.variables, "params": params},
            normalise(images, DATA.mean, DATA.std),
            train=True,
            mutable=["batch_stats"],
        )
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(8), labels])

    step, differentiated = jax.jit(partial(train_step, recipe)), jax.jit(jax.value_and_grad(loss_of))
    params, momentum = state.params, jax.tree.map(jnp.zeros_like, state.params)
    for _ in range(2):
        expected_loss, gradient = differentiated(params)
        momentum = jax.tree.map(lambda m, g, p: 0.9 * m + g + 0.1 * p, momentum, gradient, params)
        params = jax.tree.map(lambda p, m: p - 0.05 * m, params, momentum)
        state, metrics = step(state, images, labels, jax.random.key(1))
        np.testing.assert_allclose(metrics.loss, expected_loss, rtol=1e-5)
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), state.params, params)


def test_scan_and_loop_run_the_same_steps():
    recipe = recipe_of(CONFIG)
    results, calls = [], {False: [], True: []}
    for scan in (False, True):
        result = run_epoch(
            recipe,
            ALONE,
            start(recipe),
            jax.device_put(DATA.train),
            [jax.random.key(1)],
            [jax.random.key(2)],
            calls[scan].append,
            scan=scan,
        )
        results.append(result)
    assert calls == {False: [1, 2, 3, 4, 5], True: [5]}
    assert results[0][1].loss.shape == results[1][1].correct.shape == (1, 5)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5), *results)


def test_an_epoch_takes_each_example_at_most_once_and_in_a_new_order():
    """The classes of the examples are all different, so the losses at a learning rate of nearly zero tell the order."""
    config = dataclasses.replace(CONFIG, learning_rate=1e-30, batch_size=1, crop_padding=0, flip=False)
    images = DATA.train.images[:7].astype(np.float32) / 255
    split = jax.device_put(Split(images, np.zeros(7, np.int32)))
    recipe = make_recipe(MODEL, config, 7, DATA.mean, DATA.std)
    orders = []
    for key in (1, 2):
        order_keys, augment_keys = [jax.random.key(key)], [jax.random.key(0)]
        _, metrics = run_epoch(
            recipe, place(1, 1), start(recipe), split, order_keys, augment_keys, after_step=lambda step: None
        )
        assert len(set(metrics.loss[0].tolist())) == 7
        orders.append(np.argsort(metrics.loss[0]))
    assert orders[0].tolist() != orders[1].tolist()


@pytest.mark.parametrize("batch_size", [3, 11, 16])
def test_evaluation_counts_every_example_once(batch_size):
    variables = start(recipe_of(CONFIG)).variables
    logits, _ = MODEL.apply(variables, normalise(jnp.asarray(DATA.validation.images), DATA.mean, DATA.std), train=False)
    losses = -jax.nn.log_softmax(logits)[jnp.arange(11), DATA.validation.labels]
    loss, accuracy = evaluate(MODEL, variables, DATA.validation, DATA.mean, DATA.std, batch_size)
    assert loss == pytest.approx(float(losses.mean()), rel=1e-5)
    assert accuracy == pytest.approx(float((logits.argmax(1) == DATA.validation.labels).mean()))


def test_a_batch_larger_than_the_split():
    with pytest.raises(InputError, match="batch_size 44 is more than the 43 examples"):
        recipe_of(dataclasses.replace(CONFIG, batch_size=44))


def test_equal_settings_compile_once():
    config = dataclasses.replace(CONFIG, seeds=(5, 6, 7), checkpoint_every=3, keep=(0, 2))
    assert recipe_of(config) == recipe_of(CONFIG)
    assert hash(recipe_of(config)) == hash(recipe_of(CONFIG))
