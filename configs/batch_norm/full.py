"""With batch norm against without: VGG-16s on CIFAR-10, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), VGGs of both kinds.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/batch_norm.py configs/batch_norm/full.py
Time:      not run here; `python -m benchmarks.expected configs/batch_norm/full.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % with batch norm (github.com/kuangliu/pytorch-cifar, README); without, less.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    name: RunConfig(
        title=f"{name}s on CIFAR-10",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
    )
    for name in ("vgg16_bn", "vgg16")
}
