"""Two networks of one's own in Flax NNX: where do they have the same representation?

Run it with `python docs/own_network/with_nnx.py`.
"""

import numpy as np
from flax import nnx

import jaxrepsim


class Net(nnx.Module):
    """A convolution, batch norm and a dense layer."""

    def __init__(self, rngs: nnx.Rngs):
        self.conv = nnx.Conv(1, 8, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.head = nnx.Linear(8, 4, rngs=rngs)

    def __call__(self, images):
        return self.head(nnx.relu(self.norm(self.conv(images))).mean((1, 2)))


images = np.random.default_rng(0).normal(size=(256, 6, 6, 1)).astype(np.float32)
networks = {seed: Net(nnx.Rngs(seed)) for seed in (0, 1)}  # train them here

activations = {f"seed {seed}": jaxrepsim.capture(network, images) for seed, network in networks.items()}
comparison = jaxrepsim.compare(activations, epsilons=[0.1, 0.2, 0.3])
print(comparison.to_dataframe().to_string(index=False))
comparison.report("report.html")
