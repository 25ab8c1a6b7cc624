"""The papers' recipes, as parts of a run's settings, so that a config file states only what is its own.

    config = RunConfig(
        data=DataConfig("cifar10"),
        model=ModelConfig("resnet18"),
        training=recipes.cifar10_training("resnet18"),
        matching=recipes.paper_matching(),
    )

`dataclasses.replace` changes what an experiment varies. Paper is Wang et al. 2018 (arXiv:1810.11750), section 5 and the
authors' published experiments, where nothing else is said.
"""

from jaxrepsim.models.config import ModelConfig
from jaxrepsim.pipeline.shared_settings import MatchingConfig
from jaxrepsim.training.config import TrainingConfig

SEEDS = (0, 1, 2)
"""Three networks, and all their pairs: the paper's."""
EPSILONS = (0.15, 0.2, 0.25, 0.3, 0.5)
"""The paper's values of ε."""


def cifar10_training(model: str, seeds: tuple[int, ...] = SEEDS) -> TrainingConfig:
    """The paper's training on CIFAR-10.

    SGD with momentum 0.9, weight decay 5e-4, batches of 128, 160 epochs, learning rate 0.1 (0.05 for VGG-16, which we
    take for every VGG), a tenth of it from epoch 80 and a hundredth from epoch 120; crops of images padded by 4, and
    flips; the weights that did best on the test set are compared.

    Args:
        model: The model's name in the settings.
        seeds: One network each.

    Returns:
        The settings.

    >>> cifar10_training("vgg16_bn").learning_rate, cifar10_training("resnet18").learning_rate
    (0.05, 0.1)
    """
    return TrainingConfig(
        seeds=seeds,
        epochs=160,
        batch_size=128,
        learning_rate=0.05 if model.startswith("vgg") else 0.1,
        momentum=0.9,
        weight_decay=5e-4,
        schedule="step",
        milestones=(0.5, 0.75),
        crop_padding=4,
        flip=True,
        checkpoint="best",
    )


def imagenet_training(model: str, seeds: tuple[int, ...] = SEEDS) -> TrainingConfig:
    """Training on ImageNet at 224 pixels.

    The paper says of its VGG-16 on ImageNet only that it is one; these are the settings by which torchvision's
    published weights were trained, so that its published accuracies can be expected.

    Args:
        model: The model's name in the settings.
        seeds: One network each.

    Returns:
        The settings.

    Source: torchvision, references/classification/README.md: batch 256 in all, 90 epochs, learning rate 0.1 divided by
        ten every 30, momentum 0.9, weight decay 1e-4; learning rate 0.01 for a VGG. Half precision in the forward and
        backward pass is ours.
    """
    return TrainingConfig(
        seeds=seeds,
        epochs=90,
        batch_size=256,
        learning_rate=0.01 if "vgg" in model else 0.1,
        momentum=0.9,
        weight_decay=1e-4,
        schedule="step",
        milestones=(1 / 3, 2 / 3),
        flip=True,
        precision="bfloat16",
        checkpoint="best",
    )


def paper_matching() -> MatchingConfig:
    """The paper's comparison: 10,000 positions of a convolution, drawn 16 times; dense layers on all images."""
    return MatchingConfig(epsilons=EPSILONS, positions=10_000, redraws=16)


def digits_model(name: str, width: float = 1 / 16) -> ModelConfig:
    """A network of a few units a layer, which starts from Kaiming normal weights throughout.

    Args:
        name: The model's name in the settings.
        width: Multiplies the units of every hidden layer.

    Returns:
        The settings: with the papers' N(0, 0.01²) so narrow a VGG hardly leaves its start.
    """
    return ModelConfig(name, width=width, dense_std=None)


def digits_training(
    epochs: int = 5, seeds: tuple[int, ...] = (0, 1), learning_rate: float = 0.05, keep: tuple[int, ...] = ()
) -> TrainingConfig:
    """Training on the 1,260 digits within seconds, no paper's: for trying an experiment where there is no accelerator.

    Args:
        epochs: Over the images.
        seeds: One network each.
        learning_rate: The largest, after one epoch of warming up.
        keep: Epochs whose networks are kept.

    Returns:
        The settings.
    """
    return TrainingConfig(
        seeds=seeds,
        epochs=epochs,
        batch_size=32,
        learning_rate=learning_rate,
        schedule="cosine",
        warmup_epochs=1,
        keep=keep,
    )
