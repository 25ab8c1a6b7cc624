"""Whether the match is a good measure, on Fashion-MNIST at the size of two CPU cores: the study of docs/validity.md.

Paper:     Kornblith et al. 2019 (arXiv:1905.00414), table 2, with the network of table E.1; Klabunde et al. 2025
           (arXiv:2408.00531).
Data:      Fashion-MNIST through tensorflow-datasets. Where it is not prepared yet, it is prepared, with no network,
           from the four IDX files in `archive`; Debian's package dataset-fashion-mnist puts them there.
Command:   python experiments/validity.py configs/validity/fashion_mnist.py --tests pooled labels shortcut noise
Time:      half an hour on two CPU cores: 45 networks on 10,000 images of half the size, 14 × 14.
Expected:  validation accuracy of 80 % or more for the networks that differ in their seed alone.
"""

from dataclasses import replace

from jaxrepsim.data import variants
from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, TrainingConfig

TRAINING = TrainingConfig(
    seeds=tuple(range(10)),
    epochs=variants.FASHION.copies,
    batch_size=64,
    learning_rate=0.05,
    weight_decay=3e-3,
    schedule="cosine",
    warmup_epochs=0.25,
)
FIVE = replace(TRAINING, seeds=tuple(range(5)))
COPIES = replace(FIVE, epochs=1, warmup_epochs=TRAINING.warmup_epochs / TRAINING.epochs)
"""One epoch of noisy copies, of which there are as many as epochs of the others."""
VARIANTS = {
    **{f"labels_{share}": FIVE for share in (50, 100)},
    **{f"shortcut_{share}": FIVE for share in (0, 50, 100)},
    **{f"noise_{variance}": COPIES for variance in (2000, 4000)},
}
runs = {
    f"tiny_{variant}": RunConfig(
        title=f"Validity: Tiny-10 on Fashion-MNIST, {variant}",
        data=DataConfig(f"jaxrepsim.data.variants:fashion_{'clean' if variant == 'seeds' else variant}"),
        model=ModelConfig("tiny10", dense_std=None),
        training=training,
    )
    for variant, training in {"seeds": TRAINING, **VARIANTS}.items()
}
