"""Every stage of the main job in seconds: two tiny networks, too small to mean anything.

Command:   jaxrepsim run configs/smoke.py
"""

from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig

config = RunConfig(
    title="A smoke test",
    data=DataConfig(name="digits", train_split="train[:256]", validation_split="test[:128]"),
    model=ModelConfig(name="vgg11", width=1 / 32),
    training=TrainingConfig(seeds=(0, 1), epochs=2, batch_size=64, learning_rate=0.02),
    matching=MatchingConfig(epsilons=(0.3, 0.5), minimal_units=2),
)
