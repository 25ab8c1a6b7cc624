"""Similarity against width: VGG-11s with batch norm on CIFAR-10, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, compares networks of one width.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/width.py configs/width/full.py
Time:      not run here; `python -m benchmarks.expected configs/width/full.py` gives a lower bound.
Expected:  no accuracy of a VGG-11 is published for this recipe; 92.64 % for a VGG-16 with batch norm
           (github.com/kuangliu/pytorch-cifar, README). At width 2 the hidden fully connected layers have fewer than ten
           of the 10,000 test images a unit.
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    f"width_{width:g}": RunConfig(
        title=f"VGG-11s of {width:g} times the width on CIFAR-10",
        data=DataConfig("cifar10"),
        model=ModelConfig("vgg11_bn", width=width),
        training=recipes.cifar10_training("vgg11_bn"),
        matching=recipes.paper_matching(),
    )
    for width in (0.125, 0.25, 0.5, 1.0, 2.0)
}
