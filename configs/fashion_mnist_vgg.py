"""VGG-11 on Fashion-MNIST, three seeds, with the paper's protocol for convolutions.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1, on another data set.
Data:      Fashion-MNIST through tensorflow-datasets. Where it is not prepared yet, it is prepared, with no network,
           from the four IDX files in `archive`; Debian's package dataset-fashion-mnist puts them there.
Command:   jaxrepsim run configs/fashion_mnist_vgg.py
Time:      on a GPU minutes (not measured); on two CPU cores try first --data.train-split 'train[:5000]'
           --data.validation-split 'test[:500]' --training.epochs 2 --matching.redraws 2
"""

from pathlib import Path

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig

config = RunConfig(
    title="VGG-11 on Fashion-MNIST, three seeds",
    description="How far do VGG networks, trained from different seeds, learn the same representation?",
    data=DataConfig(name="fashion_mnist", archive=Path("/usr/share/datasets/fashion-mnist")),
    model=ModelConfig(name="vgg11_bn", width=0.5),
    training=TrainingConfig(seeds=(0, 1, 2), epochs=30, learning_rate=0.05, crop_padding=2, flip=True),
    matching=MatchingConfig(positions=10_000, redraws=16),
)
