"""Every stage of the main job in seconds: two VGG-11s of a few units a layer, on the digits.

Command:   jaxrepsim run configs/smoke.py
Time:      half a minute on two CPU cores, most of it compilation.
Expected:  validation accuracy above 95 % for both seeds.
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.parts import MinimalMatches

config = RunConfig(
    title="A smoke test",
    data=DataConfig(name="digits"),
    model=ModelConfig(name="vgg11_bn", width=1 / 16, dense_std=None),
    training=TrainingConfig(
        seeds=(0, 1), epochs=4, batch_size=32, learning_rate=0.05, schedule="cosine", warmup_epochs=1
    ),
    matching=MatchingConfig(epsilons=(0.3, 0.5)),
    minimal_matches=MinimalMatches(units=2),
)
