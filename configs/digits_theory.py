"""The whole theory on the digits: what matches are made of, what chance gives, and what recurs in all three seeds.

Paper:     Wang et al. 2018 (arXiv:1810.11750), sections 3 and 5, at a size that a laptop trains in two minutes.
Command:   jaxrepsim run configs/digits_theory.py
Time:      about five minutes on two CPU cores.
Expected:  every matched unit of conv7, conv8, fc1 and fc2 has several v-minimal matches, none a minimum match; their
           similarity is above every shuffled draw (p = 0.025); at ε = 0.5 conv7 and conv8 recur whole in all
           three networks, at ε = 0.3 four fifths of conv8 or more.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import AcrossLayers, Chance, Decomposition, Joint, MinimalMatches, OverTraining, Stability

LAYERS = ("conv7", "conv8", "fc1", "fc2")

config = RunConfig(
    title="VGG-11 on the digits: decomposition, stability and chance",
    description="What are the matches of small VGG networks made of, and how much of them would chance give?",
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
        keep=(0, 1, 2, 4, 8, 20),
    ),
    matching=MatchingConfig(epsilons=(0.15, 0.3, 0.5)),
    minimal_matches=MinimalMatches(units=2),
    decomposition=Decomposition(on=True, layers=LAYERS, simple_matches=60),
    stability=Stability(on=True, layers=LAYERS, simple_matches=60),
    chance=Chance(draws=39, layers=LAYERS),
    joint=Joint(on=True),
    across_layers=AcrossLayers(on=True),
    over_training=OverTraining(on=True),
)
