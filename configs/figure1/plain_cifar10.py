"""Networks without shortcuts on CIFAR-10, three seeds each, by the paper's recipe: 42 layers, and 44.

Paper:     Wang et al. 2018 (arXiv:1810.11750), the plain networks of its experiments, in the form of figure 1.
Data:      jaxrepsim data prepare cifar10 --archive cifar-10-binary.tar.gz
Command:   python experiments/figure1.py configs/figure1/plain_cifar10.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/plain_cifar10.py` gives a lower bound.
Expected:  accuracy: none is published for this form. He et al. 2015 (arXiv:1512.03385), figure 6, shows errors of plain
           networks that grow with depth, from about 9 % at 20 layers to about 13 % at 56 (read off the figure).
"""

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

runs = {
    name: RunConfig(
        title=f"A plain network of {name[5:]} layers on CIFAR-10, three seeds",
        data=DataConfig("cifar10"),
        model=ModelConfig(name),
        training=recipes.cifar10_training(name),
        matching=recipes.paper_matching(),
    )
    for name in ("plain42", "plain44")
}
