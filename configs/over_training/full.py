"""Similarity over training of VGG-16s and ResNet-18s on CIFAR-10, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750) looks at trained networks only.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/over_training.py configs/over_training/full.py
Time:      not run here; `python -m benchmarks.expected configs/over_training/full.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % for a VGG-16 with batch norm, 93.02 % for a ResNet-18
           (github.com/kuangliu/pytorch-cifar, README); a step up where the learning rate falls, at epochs 80 and 120.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, SamplingConfig, recipes
from jaxrepsim.pipeline.parts import OverTraining

runs = {
    name: RunConfig(
        title=f"{name}s on CIFAR-10 while they learn",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=replace(recipes.cifar10_training(name), keep=(0, 1, 2, 5, 10, 20, 40, 80, 100, 120, 160)),
        matching=recipes.paper_matching(),
        # Four positions of each map; by the default of 10,000 rows it would be one.
        sampling=SamplingConfig(images=10_000, rows=40_000),
        over_training=OverTraining(on=True),
    )
    for name in ("vgg16_bn", "resnet18")
}
