"""ResNet-34 on CIFAR-10, three seeds, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1 (c), the deeper ResNet.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/figure1.py configs/figure1/resnet34_cifar10.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/resnet34_cifar10.py` gives a lower bound.
Expected:  accuracy as published: none is published for this form; that of a ResNet-18 or a little more.
           Similarity as in the paper: near zero in most convolutions at ε up to 0.3, and lower in deep ones.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

config = RunConfig(
    title="ResNet-34 on CIFAR-10, three seeds",
    data=DataConfig("cifar10"),
    model=ModelConfig("resnet34"),
    training=recipes.cifar10_training("resnet34"),
    matching=recipes.paper_matching(),
)
