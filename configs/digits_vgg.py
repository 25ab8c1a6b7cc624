"""The main job: how alike are three VGG-11s, trained from different seeds on scikit-learn's digits?

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1, at a size that a laptop trains in two minutes.
Command:   jaxrepsim run configs/digits_vgg.py
Time:      about two minutes on two CPU cores.
Expected:  validation accuracy 97 % or more for each seed (98.7 to 99.1 % by two code generators of XLA on one type of
           processor); at ε = 0.5 no match in conv2 to conv6, nearly all units of conv7 and conv8 matched, and 0.8 to
           0.9 of the fully connected layers.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import MinimalMatches

config = RunConfig(
    title="VGG-11 on the digits, three seeds",
    description="How far do small VGG networks, trained from different seeds, learn the same representation?",
    data=DataConfig(name="digits"),
    model=ModelConfig(name="vgg11_bn", width=0.25),
    training=TrainingConfig(
        seeds=(0, 1, 2),
        epochs=20,
        batch_size=32,
        learning_rate=0.05,
        weight_decay=3e-3,
        schedule="cosine",
        warmup_epochs=1,
    ),
    matching=MatchingConfig(epsilons=(0.15, 0.2, 0.25, 0.3, 0.5)),
    minimal_matches=MinimalMatches(units=4),
)
