"""Convolutional against fully connected layers in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, the machinery alone.
Command:   python experiments/dense_and_convolutional.py configs/dense_and_convolutional/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more; at ε = 0.5 most units of fc2 match, and hardly any of a convolution.
           With 16 samples a unit, shuffled inputs give fully connected layers nothing at that ε.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import Chance, MinimalMatches

config = RunConfig(
    title="Layers of VGG-11s on the digits, by kind",
    data=DataConfig("digits"),
    model=recipes.digits_model("vgg11_bn"),
    training=recipes.digits_training(seeds=recipes.SEEDS),
    matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
    minimal_matches=MinimalMatches(units=0),
    chance=Chance(draws=9),
)
