"""The settings of a run."""

from dataclasses import dataclass, field

from jaxrepsim.data.config import DataConfig
from jaxrepsim.errors import InputError
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.pipeline.parts import Parts
from jaxrepsim.pipeline.passes.statistics import Wanted
from jaxrepsim.pipeline.shared_settings import AlignmentConfig, MatchingConfig, SamplingConfig
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
class _Shared:
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)


@dataclass(frozen=True)
class AnalysisConfig(Parts, _Shared):
    """All settings of a comparison: those that parts share, and each part's own."""

    @property
    def wanted(self) -> Wanted:
        """What is gathered of the activations of all images."""
        bins, halves = self.mutual_information.asked, self.sparse_prediction.asked
        return Wanted(self.alignment.rows, halves, bins, self.exciting_images.count)


@dataclass(frozen=True)
class RunConfig(AnalysisConfig, _Trained):
    """All settings of a run: its networks, and their comparison."""

    def __post_init__(self) -> None:
        if self.over_training.on and not self.training.keep:
            raise InputError("over_training needs epochs to look back at: name them in training.keep")
