"""VGG-16s and ResNet-18s on CIFAR-10, trained by the paper's recipe and untrained, and against chance.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, asks it of trained networks only.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/trained_and_untrained.py configs/trained_and_untrained/full.py
Time:      not run here; `python -m benchmarks.expected configs/trained_and_untrained/full.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % for a VGG-16 with batch norm, 93.02 % for a ResNet-18
           (github.com/kuangliu/pytorch-cifar, README).
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, SamplingConfig, recipes
from jaxrepsim.pipeline.parts import Chance

runs = {
    name: RunConfig(
        title=f"{name}s on CIFAR-10, trained and untrained",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
        # Four positions of each map; by the default of 10,000 rows it would be one.
        sampling=SamplingConfig(images=10_000, rows=40_000),
        chance=Chance(draws=39),
    )
    for name in ("vgg16_bn", "resnet18")
}
