"""A VGG-16 of ImageNet's form on Imagenette, ten of its classes, at 160 pixels: ImageNet's path at a small size.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1 (b), on a hundredth of the images.
Data:      jaxrepsim data prepare imagenette/320px-v2 --archive imagenette2-320.tgz
Command:   python experiments/figure1.py configs/figure1/imagenette.py
Time:      not run here; `python -m benchmarks.expected configs/figure1/imagenette.py` gives a lower bound.
Expected:  no accuracy of a VGG-16 is published (github.com/fastai/imagenette lists other networks alone: 90 to 95 % at
           this size). The 3,925 images of the validation split are fewer than ten a unit of the fully connected layers,
           even at a quarter of the width: part of their similarity is chance, and their points are hollow.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, recipes

config = RunConfig(
    title="VGG-16 with batch norm, a quarter of the width, on Imagenette, three seeds",
    data=DataConfig(
        "imagenette/320px-v2", train_split="train", validation_split="validation", image_size=160, workers=8
    ),
    model=ModelConfig("imagenet_vgg16_bn", width=0.25),
    training=replace(
        recipes.imagenet_training("imagenet_vgg16_bn"),
        epochs=80,
        batch_size=64,
        learning_rate=0.02,
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=2,
    ),
    matching=recipes.paper_matching(),
)
