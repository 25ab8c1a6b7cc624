"""Similarity against width in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), section 5, compares networks of one width.
Command:   python experiments/width.py configs/width/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more at every width; similarity rises with width in conv7, conv8 and the fully
           connected layers, whose samples are too few from width 1/8 on (hollow points).
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import MinimalMatches

LAYERS = ("conv1", "conv4", "conv7", "conv8", "fc1", "fc2", "logits")
runs = {
    f"width_{width:g}": RunConfig(
        title=f"VGG-11s of {width:g} of the width on the digits",
        data=DataConfig("digits"),
        model=recipes.digits_model("vgg11_bn", width),
        training=recipes.digits_training(),
        matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7), layers=LAYERS),
        minimal_matches=MinimalMatches(units=0),
    )
    for width in (1 / 16, 1 / 8, 3 / 16)
}
