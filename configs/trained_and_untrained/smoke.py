"""Trained against untrained networks in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, asks it of trained networks only.
Command:   python experiments/trained_and_untrained.py configs/trained_and_untrained/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more; at ε = 0.5 untrained networks match better than trained ones in conv7
           and conv8, and shuffled inputs give nothing.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import Chance, MinimalMatches

config = RunConfig(
    title="VGG-11s on the digits, trained and untrained",
    data=DataConfig("digits"),
    model=recipes.digits_model("vgg11_bn"),
    training=recipes.digits_training(),
    matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
    minimal_matches=MinimalMatches(units=0),
    chance=Chance(draws=19),
)
