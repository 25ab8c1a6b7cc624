"""Two networks of one's own in Equinox: where do they have the same representation?

Run it with `python docs/own_network/with_equinox.py`.
"""

import equinox as eqx
import jax
import numpy as np

import jaxrepsim


class Net(eqx.Module):
    """A convolution, group norm and a dense layer, of one image (1, 6, 6)."""

    conv: eqx.nn.Conv2d
    norm: eqx.nn.GroupNorm
    head: eqx.nn.Linear

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.conv = eqx.nn.Conv2d(1, 8, 3, padding=1, key=first)
        self.norm = eqx.nn.GroupNorm(4, 8)
        self.head = eqx.nn.Linear(8, 4, key=second)

    def __call__(self, image):
        return self.head(jax.nn.relu(self.norm(self.conv(image))).mean((1, 2)))


images = np.random.default_rng(0).normal(size=(256, 1, 6, 6)).astype(np.float32)
networks = {seed: Net(jax.random.key(seed)) for seed in (0, 1)}  # train them here

activations = {f"seed {seed}": jaxrepsim.capture(network, images) for seed, network in networks.items()}
comparison = jaxrepsim.compare(activations, epsilons=[0.1, 0.2, 0.3])
print(comparison.to_dataframe().to_string(index=False))
comparison.report("report.html")
