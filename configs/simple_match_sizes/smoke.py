"""The sizes of simple matches in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, the machinery alone.
Command:   python experiments/simple_match_sizes.py configs/simple_match_sizes/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more; the simple matches of fc1 and fc2 have 2 to about 35 of 64 units, the
           median above 5; so few units leave more of them one to one than the paper saw.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import Decomposition, MinimalMatches

config = RunConfig(
    title="Simple matches of VGG-11s on the digits",
    data=DataConfig("digits"),
    model=recipes.digits_model("vgg11_bn"),
    training=recipes.digits_training(),
    matching=MatchingConfig(epsilons=(0.4, 0.5), layers=("conv1", "conv8", "fc1", "fc2", "logits")),
    minimal_matches=MinimalMatches(units=2),
    decomposition=Decomposition(on=True, simple_matches=40, seconds=2.0),
)
