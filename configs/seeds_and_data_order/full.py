"""Seeds against data order: ResNet-18s on CIFAR-10 by the paper's recipe, five networks of each kind.

Paper:     Wang et al. 2018 (arXiv:1810.11750) varies the initialisation; the order of the data is told apart here.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/seeds_and_data_order.py configs/seeds_and_data_order/full.py
Time:      not run here; `python -m benchmarks.expected configs/seeds_and_data_order/full.py` gives a lower bound.
Expected:  accuracy as published: 93.02 % for a ResNet-18 (github.com/kuangliu/pytorch-cifar, README), in each run.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    f"same_{shared}": RunConfig(
        title=f"ResNet-18s on CIFAR-10 that share: {shared}",
        data=DataConfig("cifar10"),
        model=ModelConfig("resnet18"),
        training=replace(recipes.cifar10_training("resnet18", seeds=(0, 1, 2, 3, 4)), shared=shared),
        matching=recipes.paper_matching(),
    )
    for shared in ("nothing", "initialisation", "order")
}
