"""The sizes of simple matches of VGG-16s and ResNet-18s on CIFAR-10, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5: sizes of simple matches.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/simple_match_sizes.py configs/simple_match_sizes/full.py
Time:      not run here; `python -m benchmarks.expected configs/simple_match_sizes/full.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % for a VGG-16 with batch norm, 93.02 % for a ResNet-18
           (github.com/kuangliu/pytorch-cifar, README). As in the paper, few simple matches are small.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import Decomposition

runs = {
    name: RunConfig(
        title=f"Simple matches of {name}s on CIFAR-10",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
        decomposition=Decomposition(on=True, simple_matches=200),
    )
    for name in ("vgg16_bn", "resnet18")
}
