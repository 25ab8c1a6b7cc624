"""Whether the match is a good measure, on the digits: the study of docs/validity.md.

Paper:     Kornblith et al. 2019 (arXiv:1905.00414), table 2; Klabunde et al. 2025 (arXiv:2408.00531);
           Ding et al. 2021 (arXiv:2108.01661).
Command:   python experiments/validity.py configs/validity/full.py
Time:      hours on two CPU cores: 75 networks of each architecture, of which ten serve most tests. Without positions,
           one_grid and measures of pairs of rows the tests take some 15 minutes of processor time.
Expected:  validation accuracy of 97 % or more for each network on the digits as they are.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, TrainingConfig

MODELS = {
    "vgg": ModelConfig("vgg11_bn", width=1 / 8, dense_std=None),
    "resnet": ModelConfig("resnet20", width=1 / 2, dense_std=None),
}
TRAINING = TrainingConfig(
    seeds=tuple(range(10)),
    epochs=20,
    batch_size=32,
    learning_rate=0.05,
    weight_decay=3e-3,
    schedule="cosine",
    warmup_epochs=1,
)
FIVE = replace(TRAINING, seeds=tuple(range(5)))
COPIES = replace(FIVE, epochs=1, warmup_epochs=0.05)
"""One epoch of noisy copies, of which there are 20."""
VARIANTS = {
    **{f"labels_{share}": FIVE for share in (25, 50, 75, 100)},
    **{f"shortcut_{share}": FIVE for share in (0, 25, 50, 75, 100)},
    **{f"noise_{variance}": COPIES for variance in (1000, 2000, 3000, 4000)},
}
runs = {
    f"{family}_{variant}": RunConfig(
        title=f"Validity: {model.name} on the digits, {variant}",
        data=DataConfig(f"jaxrepsim.data.variants:{variant}" if variant in VARIANTS else "digits"),
        model=model,
        training=training,
    )
    for family, model in MODELS.items()
    for variant, training in {"seeds": TRAINING, **VARIANTS}.items()
}
