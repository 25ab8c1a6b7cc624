"""Whether layer identification works where it ought to: the control of docs/validity.md.

Paper:     Kornblith et al. 2019 (arXiv:1905.00414), table 2, with the network of table E.1.
Data:      The digits, each pixel as 2 × 2; Fashion-MNIST as for configs/validity/fashion_mnist.py.
Command:   python experiments/validity.py configs/validity/control.py --tests pooled flattened
Time:      three quarters of an hour on two CPU cores, nearly all of it training: ten networks for each data set, on
           images of 16 × 16 and of 14 × 14, for many epochs.
Expected:  validation accuracy of 99 % or more on the digits, of 86 % or more on Fashion-MNIST; linear CKA identifies
           more than 90 % of layers.
"""

from dataclasses import replace

from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, TrainingConfig

FASHION = TrainingConfig(
    seeds=tuple(range(10)),
    epochs=40,
    batch_size=64,
    learning_rate=0.3,
    weight_decay=5e-4,
    schedule="cosine",
    warmup_epochs=1,
    crop_padding=2,
    flip=True,
)
DIGITS = replace(FASHION, epochs=300, flip=False)
"""A digit in the mirror is another digit, or none."""
runs = {
    f"{family}_seeds": RunConfig(
        title=f"Validity, the control: Tiny-10 on {title}, trained for long on shifted images",
        data=DataConfig(f"jaxrepsim.data.variants:{data}"),
        model=ModelConfig("tiny10", dense_std=None),
        training=training,
    )
    for family, title, data, training in (
        ("digits", "the digits", "enlarged", DIGITS),
        ("fashion", "Fashion-MNIST", "fashion_clean", FASHION),
    )
}
