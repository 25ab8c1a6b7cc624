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

activations = {
    f"seed {seed}": jaxrepsim.capture(network, images, variables=variables) for seed, variables in weights.items()
}
comparison = jaxrepsim.compare(activations, epsilons=[0.1, 0.2, 0.3])
print(comparison.to_dataframe().to_string(index=False))
comparison.report("report.html")
