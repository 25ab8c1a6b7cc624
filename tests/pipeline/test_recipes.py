"""The recipes that no config of CIFAR-10 uses; those of the paper are checked on the configs, tests/test_configs.py."""

import pytest

from jaxrepsim.pipeline import recipes
from jaxrepsim.training.schedule import learning_rate


def test_imagenet_falls_every_thirty_epochs():
    config = recipes.imagenet_training("imagenet_vgg16")
    rate = learning_rate(config, steps_per_epoch=7)
    expected = [(0, 0.01), (30 * 7 - 1, 0.01), (30 * 7, 1e-3), (60 * 7 - 1, 1e-3), (60 * 7, 1e-4), (90 * 7 - 1, 1e-4)]
    for step, value in expected:
        assert float(rate(step)) == pytest.approx(value)
    assert (config.batch_size, config.weight_decay, config.epochs) == (256, 1e-4, 90)
    assert recipes.imagenet_training("imagenet_resnet50").learning_rate == 0.1


def test_digits_leave_their_start():
    assert recipes.digits_model("vgg11").dense_std is None
    assert recipes.digits_training(keep=(0, 5)).keep == (0, 5)
