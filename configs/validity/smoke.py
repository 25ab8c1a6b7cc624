"""Whether the match is a good measure: all tests of docs/validity.md on few small networks. It decides nothing.

Paper:     Kornblith et al. 2019 (arXiv:1905.00414), table 2; Klabunde et al. 2025 (arXiv:2408.00531).
Command:   python experiments/validity.py configs/validity/smoke.py
Time:      within six minutes on two CPU cores, most of it compilation.
Expected:  validation accuracy of 90 % or more for the networks that differ in their seed alone; random labels are told
           apart by most measures.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, RunConfig, recipes

TRAINING = recipes.digits_training(seeds=(0, 1, 2))
PAIR = replace(TRAINING, seeds=(0, 1))
VARIANTS = {
    "seeds": TRAINING,
    "labels_100": PAIR,
    "shortcut_0": PAIR,
    "shortcut_100": PAIR,
    "noise_4000": replace(PAIR, epochs=1, warmup_epochs=0.05),
}
runs = {
    f"vgg_{variant}": RunConfig(
        title=f"Validity, in short: VGG-11 on the digits, {variant}",
        data=DataConfig(
            "digits" if variant == "seeds" else f"jaxrepsim.data.variants:{variant}", validation_split="test[:64]"
        ),
        model=recipes.digits_model("vgg11_bn"),
        training=training,
    )
    for variant, training in VARIANTS.items()
}
