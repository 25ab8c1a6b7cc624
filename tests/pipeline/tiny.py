"""A network of three layers that learns the digits in a second, and the command with it among its models.

`python -m tests.pipeline.tiny run CONFIG` is `jaxrepsim run CONFIG`; with KILL_AFTER=NAME it ends by SIGKILL once a
file whose path holds that name is written.
"""

import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
from flax import linen as nn

from jaxrepsim import cli
from jaxrepsim.models.families import FAMILIES
from jaxrepsim.models.layers import dense, normalised, relu
from jaxrepsim.pipeline import analysis

LAYERS = ("stem", "fc1", "logits")
"""In forward order, which is not that of the alphabet."""
CONFIG = """
from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import MinimalMatches

config = RunConfig(
    title="A tiny run",
    data=DataConfig(name="digits"),
    model=ModelConfig(name="tiny"),
    training=TrainingConfig(
        seeds=(0, 1, 2), epochs=4, batch_size=32, learning_rate=0.1, schedule="cosine", warmup_epochs=1, keep=(0, 1)
    ),
    matching=MatchingConfig(epsilons=(0.01, 0.4, 0.6)),
    minimal_matches=MinimalMatches(units=2),
)
"""


class Tiny(nn.Module):
    """A convolution with batch norm, a hidden layer, the logits."""

    classes: int

    @nn.compact
    def __call__(self, images, train=False, before=False):
        activations = OrderedDict()
        activations["stem"], x = relu(normalised(images, 10, "stem", "stem_bn", train, stride=2), before)
        activations["fc1"], x = relu(dense(10, None, "fc1")(jnp.reshape(x, (len(x), -1))), before)
        activations["logits"] = x = dense(self.classes, None, "logits")(x)
        return x, activations


FAMILIES["tiny"] = lambda config, input_size, classes: Tiny(classes)


def stop_after(name: str, number: int, setattr: Callable[..., None] = setattr) -> None:
    """Has this process sent a signal as soon as a file whose path holds `name` is written."""
    replace = Path.replace

    def replaced(self, target):
        done = replace(self, target)
        if name in str(target):
            os.kill(os.getpid(), number)
        return done

    setattr(Path, "replace", replaced)
    setattr(analysis, "SECONDS", 0.0)  # a results file for each layer


if __name__ == "__main__":
    if "KILL_AFTER" in os.environ:
        stop_after(os.environ["KILL_AFTER"], signal.SIGKILL)
    sys.exit(cli.main())
