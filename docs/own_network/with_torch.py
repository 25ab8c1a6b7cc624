"""Two networks of one's own in PyTorch: where do they have the same representation?

Run it with `python docs/own_network/with_torch.py`. Networks of torchvision, timm and Hugging Face are captured
likewise.
"""

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

activations = {f"seed {seed}": jaxrepsim.capture(network, images) for seed, network in networks.items()}
comparison = jaxrepsim.compare(activations, epsilons=[0.1, 0.2, 0.3])
print(comparison.to_dataframe().to_string(index=False))
comparison.report("report.html")
