"""VGG-11, -13, -16 and -19 without batch norm on CIFAR-10, three seeds each, by the paper's recipe.

Paper:     Wang et al. 2018 (arXiv:1810.11750), the further VGGs of its supplement, in the form of figure 1.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/figure1.py configs/figure1/vggs_cifar10.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/vggs_cifar10.py` gives a lower bound.
Expected:  accuracy as published: 92.64 % for a VGG-16 with batch norm (github.com/kuangliu/pytorch-cifar, README).
           The learning rate is the paper's for VGG-16. A network that stays at 10 % has not left its start, N(0, 0.01²)
           in the fully connected layers: for that one `--only vgg19 --model.dense-std None`, another place (`--out`).
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    name: RunConfig(
        title=f"VGG-{name[3:]} on CIFAR-10, three seeds",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
    )
    for name in ("vgg11", "vgg13", "vgg16", "vgg19")
}
