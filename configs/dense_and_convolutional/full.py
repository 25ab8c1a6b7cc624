"""Convolutional against fully connected layers of VGG-16s on CIFAR-10, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/dense_and_convolutional.py configs/dense_and_convolutional/full.py
Time:      not run here; `python -m benchmarks.expected configs/dense_and_convolutional/full.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % with batch norm (github.com/kuangliu/pytorch-cifar, README). As in the paper,
           convolutional layers hardly match at ε up to 0.3.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, SamplingConfig, recipes
from jaxrepsim.pipeline.parts import Chance

runs = {
    name: RunConfig(
        title=f"Layers of {name}s on CIFAR-10, by kind",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
        # As many rows of every layer as are compared, so that shuffled inputs show the chance there is: one position of
        # a map on each image, the same on all.
        sampling=SamplingConfig(images=10_000),
        chance=Chance(draws=39),
    )
    for name in ("vgg16", "vgg16_bn")
}
