import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.training import TrainingConfig
from jaxrepsim.training.schedule import learning_rate


def rates(config, steps_per_epoch):
    total = config.epochs * steps_per_epoch
    return np.asarray(jax.vmap(learning_rate(config, steps_per_epoch))(jnp.arange(total + 1)))


def test_step_falls_to_tenths_at_the_papers_epochs():
    values = rates(TrainingConfig(), steps_per_epoch=5)
    assert TrainingConfig().epochs == 160
    np.testing.assert_allclose(values[[0, 399, 400, 599, 600, 800]], [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rtol=1e-6)


def test_warmup_is_linear_from_zero():
    values = rates(TrainingConfig(epochs=10, warmup_epochs=0.5, milestones=()), steps_per_epoch=8)
    np.testing.assert_allclose(values[:6], [0.0, 0.025, 0.05, 0.075, 0.1, 0.1], rtol=1e-6)


@pytest.mark.parametrize("warmup", [0.0, 2.0])
def test_cosine_is_that_of_optax(warmup):
    config = TrainingConfig(epochs=10, schedule="cosine", warmup_epochs=warmup)
    values = rates(config, steps_per_epoch=7)
    with_warmup, without = optax.warmup_cosine_decay_schedule(0.0, 0.1, 14, 70), optax.cosine_decay_schedule(0.1, 70)
    reference = with_warmup if warmup else without
    np.testing.assert_allclose(values, jax.vmap(reference)(jnp.arange(71)), atol=1e-8)
    assert values[-1] == 0


@pytest.mark.parametrize("schedule", ["step", "cosine"])
def test_bits_do_not_depend_on_x64(schedule):
    config = TrainingConfig(epochs=9, schedule=schedule, warmup_epochs=1.3, milestones=(0.4, 0.7))
    plain = rates(config, 11)
    with jax.enable_x64(True):
        wide = rates(config, 11)
    assert plain.dtype == wide.dtype == np.float32
    np.testing.assert_array_equal(plain, wide)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seeds", ()),
        ("seeds", (1, 1)),
        ("seeds", (-1,)),
        ("seeds", (2**31,)),
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("momentum", 1.0),
        ("weight_decay", -1e-4),
        ("milestones", (80.0,)),
        ("warmup_epochs", 160.0),
        ("crop_padding", -1),
        ("checkpoint_every", 0),
        ("seeds_at_once", 0),
        ("keep", (-1, 2)),
        ("keep", (0, 161)),
        ("keep", (2, 1)),
        ("keep", (1, 1)),
    ],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(InputError, match=f"{name} must be"):
        dataclasses.replace(TrainingConfig(), **{name: value})


def test_every_epoch_may_be_kept():
    assert TrainingConfig(epochs=3, keep=(0, 1, 2, 3)).keep == (0, 1, 2, 3)


@pytest.mark.parametrize("name", ["schedule", "checkpoint", "shared", "precision"])
def test_unknown_choice(name):
    """A TypeError where types are checked at run time, which the message of ours then does not reach."""
    with pytest.raises((InputError, TypeError), match=name):
        dataclasses.replace(TrainingConfig(), **{name: "linear"})
