"""A VGG-11 and a ResNet-18 on Fashion-MNIST, three seeds each, with the paper's protocol for convolutions.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1, on another data set.
Data:      Fashion-MNIST through tensorflow-datasets. Where it is not prepared yet, it is prepared, with no network,
           from the four IDX files in `archive`; Debian's package dataset-fashion-mnist puts them there.
Command:   python experiments/figure1.py configs/figure1/fashion_mnist.py
Time:      not run here, a GPU's size; fashion_mnist_cpu.py beside it is for two CPU cores.
Expected:  accuracy as published: 93.5 % for a VGG-16, 94.9 % for a ResNet-18 (github.com/zalandoresearch/fashion-mnist,
           README, as submitted there).
"""

from dataclasses import replace
from pathlib import Path

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    name: RunConfig(
        title=f"{model} of half the width on Fashion-MNIST, three seeds",
        description="How far do networks, trained from different seeds, learn the same representation?",
        data=DataConfig(name="fashion_mnist", archive=Path("/usr/share/datasets/fashion-mnist")),
        model=ModelConfig(model, width=0.5),
        training=replace(recipes.cifar10_training(model), epochs=30, crop_padding=2),
        matching=recipes.paper_matching(),
    )
    for name, model in (("vgg", "vgg11_bn"), ("resnet", "resnet18"))
}
