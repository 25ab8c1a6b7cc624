"""The settings of a run."""

from dataclasses import dataclass, field

from jaxrepsim.data.config import DataConfig
from jaxrepsim.errors import InputError
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.training.config import TrainingConfig


@dataclass(frozen=True)
class _Trained:
    title: str = ""
    """Heads the report."""
    description: str = ""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


@dataclass(frozen=True)
class RunConfig(AnalysisConfig, _Trained):
    """All settings of a run: its networks, and their comparison."""

    def __post_init__(self) -> None:
        if self.over_training.on and not self.training.keep:
            raise InputError("over_training needs epochs to look back at: name them in training.keep")
