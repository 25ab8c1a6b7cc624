"""Figure 1 on Fashion-MNIST at the size of two CPU cores: a VGG-11 and a ResNet-18, narrow, on all 60,000 images.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1, on another data set, with the paper's protocol for
           convolutions: 10,000 positions, drawn 16 times.
Data:      Fashion-MNIST through tensorflow-datasets. Where it is not prepared yet, it is prepared, with no network,
           from the four IDX files in `archive`; Debian's package dataset-fashion-mnist puts them there.
Command:   python experiments/figure1.py configs/figure1/fashion_mnist_cpu.py
           and python experiments/over_training.py runs/figure1/fashion_mnist_cpu
Time:      about an hour on two CPU cores.
Expected:  see docs/reproducing.md. Published for networks of full width: 93.5 % for a VGG-16, 94.9 % for a ResNet-18
           (github.com/zalandoresearch/fashion-mnist, README, as submitted there).
"""

from pathlib import Path

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import OverTraining

runs = {
    "vgg": RunConfig(
        title="VGG-11 of an eighth of the width on Fashion-MNIST, three seeds",
        description="All 60,000 images, four epochs: what two CPU cores train within an hour, a ResNet-18 included.",
        data=DataConfig(name="fashion_mnist", archive=Path("/usr/share/datasets/fashion-mnist")),
        model=ModelConfig(name="vgg11_bn", width=0.125, dense_std=None),
        training=TrainingConfig(
            seeds=(0, 1, 2),
            epochs=4,
            learning_rate=0.05,
            schedule="cosine",
            warmup_epochs=0.25,
            crop_padding=2,
            flip=True,
            keep=(0, 1, 2, 4),
        ),
        matching=MatchingConfig(positions=10_000, redraws=16),
        over_training=OverTraining(on=True),
    ),
    "resnet": RunConfig(
        title="ResNet-18 of an eighth of the width on Fashion-MNIST, three seeds",
        description="All 60,000 images, four epochs: what two CPU cores train within an hour, a VGG-11 included.",
        data=DataConfig(name="fashion_mnist", archive=Path("/usr/share/datasets/fashion-mnist")),
        model=ModelConfig(name="resnet18", width=0.125),
        training=TrainingConfig(
            seeds=(0, 1, 2),
            epochs=4,
            learning_rate=0.1,
            schedule="cosine",
            warmup_epochs=0.25,
            crop_padding=2,
            flip=True,
            keep=(0, 1, 2, 4),
        ),
        matching=MatchingConfig(positions=10_000, redraws=16),
        over_training=OverTraining(on=True),
    ),
}
