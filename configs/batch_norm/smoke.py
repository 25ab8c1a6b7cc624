"""With batch norm against without in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750), VGGs of both kinds, the machinery alone.
Command:   python experiments/batch_norm.py configs/batch_norm/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 90 % or more with and without; see the panel of accuracies before the others.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import MinimalMatches

training = recipes.digits_training(seeds=recipes.SEEDS)
runs = {
    name: RunConfig(
        title=f"{name}s on the digits",
        data=DataConfig("digits"),
        model=recipes.digits_model(name),
        training=settings,
        matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
        minimal_matches=MinimalMatches(units=0),
    )
    # Without batch norm the larger steps do not converge, and more of them are needed.
    for name, settings in (("vgg11_bn", training), ("vgg11", replace(training, epochs=8, learning_rate=0.02)))
}
