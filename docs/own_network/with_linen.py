"""Two networks of one's own in Flax Linen: where do they have the same representation?

Run it with `python docs/own_network/with_linen.py`.
"""

import jax
import numpy as np
from flax import linen as nn

import jaxrepsim


class Net(nn.Module):
    """A convolution, batch norm and a dense layer."""

    @nn.compact
    def __call__(self, images, train: bool):
        hidden = nn.Conv(8, (3, 3), name="conv")(images)
        hidden = nn.relu(nn.BatchNorm(use_running_average=not train, name="norm")(hidden))
        return nn.Dense(4, name="head")(hidden.mean((1, 2)))


images = np.random.default_rng(0).normal(size=(256, 6, 6, 1)).astype(np.float32)
network = Net()
weights = {seed: network.init(jax.random.key(seed), images[:1], train=True) for seed in (0, 1)}  # train them here

first, second = (jaxrepsim.capture(network, images, variables=variables) for variables in weights.values())
with jax.enable_x64(True):
    for layer in first:  # jaxrepsim.compare takes this place
        profile = jaxrepsim.match_profile(first[layer], second[layer])
        print(f"{layer}: {float(profile.similarity(0.2)):.2f} of the units match within 0.2")
