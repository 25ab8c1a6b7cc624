"""Figure 1 of Wang et al. 2018 in two minutes: a VGG and a ResNet of few units a layer, on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), figure 1, the machinery alone.
Command:   python experiments/figure1.py configs/figure1/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more for each seed; at ε = 0.5 no match in most convolutions.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import MinimalMatches

runs = {
    name: RunConfig(
        title=f"{name} on the digits",
        data=DataConfig("digits"),
        model=recipes.digits_model(name, width),
        training=recipes.digits_training(),
        matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
        minimal_matches=MinimalMatches(units=0),
    )
    for name, width in (("vgg11_bn", 1 / 16), ("resnet20", 1 / 2))
}
