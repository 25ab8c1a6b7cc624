"""Similarity over training in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750) looks at trained networks only.
Command:   python experiments/over_training.py configs/over_training/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more after the last epoch; at ε = 0.5 the similarity of conv7 and
           conv8 falls from 0.7 to nothing, that of fc2 rises to 0.8.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import MinimalMatches, OverTraining

config = RunConfig(
    title="VGG-11s on the digits while they learn",
    data=DataConfig("digits"),
    model=recipes.digits_model("vgg11_bn"),
    training=recipes.digits_training(seeds=recipes.SEEDS, keep=(0, 1, 2, 3, 5)),
    matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
    minimal_matches=MinimalMatches(units=0),
    over_training=OverTraining(on=True),
)
