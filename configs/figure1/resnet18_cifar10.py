"""ResNet-18 on CIFAR-10, three seeds, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1 (a).
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/figure1.py configs/figure1/resnet18_cifar10.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/resnet18_cifar10.py` gives a lower bound.
Expected:  accuracy as published: 93.02 % for a ResNet-18 by a recipe of 350 epochs (github.com/kuangliu/pytorch-cifar,
           README).
           Similarity as in the paper: near zero in most convolutions at ε up to 0.3, and lower in deep ones.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

config = RunConfig(
    title="ResNet-18 on CIFAR-10, three seeds",
    data=DataConfig("cifar10"),
    model=ModelConfig("resnet18"),
    training=recipes.cifar10_training("resnet18"),
    matching=recipes.paper_matching(),
)
