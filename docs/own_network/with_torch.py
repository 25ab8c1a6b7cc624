"""Two networks of one's own in PyTorch: where do they have the same representation?

Run it with `python docs/own_network/with_torch.py`. Networks of torchvision, timm and Hugging Face are captured
likewise.
"""

import jax
import numpy as np
import torch

import jaxrepsim


class Net(torch.nn.Module):
    """A convolution, batch norm and a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.head = torch.nn.Linear(8, 4)

    def forward(self, images):
        return self.head(torch.relu(self.norm(self.conv(images))).mean((2, 3)))


images = np.random.default_rng(0).normal(size=(256, 1, 6, 6)).astype(np.float32)
networks = {}
for seed in (0, 1):
    torch.manual_seed(seed)
    networks[seed] = Net()  # train them here

first, second = (jaxrepsim.capture(network, images) for network in networks.values())
with jax.enable_x64(True):
    for layer in first:  # jaxrepsim.compare takes this place
        profile = jaxrepsim.match_profile(first[layer], second[layer])
        print(f"{layer}: {float(profile.similarity(0.2)):.2f} of the units match within 0.2")
