"""Seeds against data order in two minutes: small VGGs on the digits.

Paper:     Wang et al. 2018 (arXiv:1810.11750) varies the initialisation; the order of the data is told apart here.
Command:   python experiments/seeds_and_data_order.py configs/seeds_and_data_order/smoke.py
Time:      within two minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 95 % or more in all three runs; networks that share their first weights are more
           alike (similarity about 0.4, the mean over layers, pairs and ε) than those that share nothing, or the order
           of their data (about 0.2).
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, recipes
from jaxrepsim.pipeline.parts import MinimalMatches

runs = {
    f"same_{shared}": RunConfig(
        title=f"VGG-11s on the digits that share: {shared}",
        data=DataConfig("digits"),
        model=recipes.digits_model("vgg11_bn"),
        training=replace(recipes.digits_training(seeds=recipes.SEEDS), shared=shared),
        matching=MatchingConfig(epsilons=(0.3, 0.5, 0.7)),
        minimal_matches=MinimalMatches(units=0),
    )
    for shared in ("nothing", "initialisation", "order")
}
